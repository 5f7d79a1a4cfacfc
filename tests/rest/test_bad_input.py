"""Bad input: whatever is sent, the answer is a clear 4xx with a JSON body, and the server logs no failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless import Collection, Config, Endpoint, Request, fields
from headless.testing import TestClient
from tests.rest.watching import watched

KINDS: list[Any] = [
    fields.Text("title"), fields.Textarea("body"), fields.Number("num", min=-5, max=10**6), fields.Email("mail"),
    fields.Checkbox("flag"), fields.Date("day"), fields.Select("pick", options=["a", "b"]),
    fields.Select("picks", has_many=True, options=["a", "b"]), fields.Radio("one", options=["x", "y"]),
    fields.Relationship("ref", relation_to="things"), fields.Relationship("refs", relation_to="things", has_many=True),
    fields.Relationship("poly", relation_to=["things", "users"]),
    fields.Relationship("polys", relation_to=["things", "users"], has_many=True), fields.Json("data"),
    fields.Array("rows", fields=[fields.Text("word"), fields.Number("n"),
        fields.Array("sub", fields=[fields.Text("leaf")])]),
    fields.Group("grp", fields=[fields.Text("inner"), fields.Group("deep", fields=[fields.Checkbox("flag")])]),
    fields.Row(fields=[fields.Text("side")]), fields.Collapsible("More", fields=[fields.Text("folded")]),
    fields.Tabs(tabs=[fields.Tab("tab", fields=[fields.Text("tabbed")]),
        fields.Tab(label="Loose", fields=[fields.Text("loose")])]),
]  # fmt: skip


@Endpoint.get("/query")
async def query(request: Request) -> Any:
    """The query string as it was understood."""
    return request.query


CONFIG = Config(
    collections=[Collection("things", access="anyone", fields=KINDS, timestamps=True)],
    endpoints=[query],
    body_limit=100_000,
)
JSON_TYPE = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with watched(CONFIG) as client:
        client.create("things", {"title": "one", "rows": [{"word": "w"}]})
        yield client


def refused(answer: Any, *statuses: int) -> dict[str, Any]:
    """The JSON body of an answer that refuses."""
    assert answer.status_code in (statuses or (400,)), f"{answer.status_code}: {answer.text[:300]}"
    assert answer.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = answer.json()
    assert "Something went wrong" not in answer.text
    assert body.get("message") or body["errors"][0]["message"]
    return body


BODIES: dict[str, str | bytes] = {
    "malformed": '{"title": ', "not JSON": "title=x", "trailing": '{"title":"x"} extra',
    "single quotes": "{'title':'x'}",
    "NaN": '{"num": NaN}', "Infinity": '{"num": -Infinity}', "array": "[]", "array of documents": '[{"title":"x"}]',
    "text": '"title"', "number": "5", "null": "null", "true": "true", "bytes": b"\xff\xfe{}",
    "half a character": b'{"title":"\xc3"}',
    "byte order mark": b"\xef\xbb\xbf[]", "5,000-digit number": '{"num": ' + "9" * 5000 + "}",
    "5,000-digit exponent": '{"num": 1e' + "9" * 5000 + "}",
    "NUL": '{"title": "a\\u0000b"}', "NUL in a key": '{"a\\u0000b": 1}', "NUL deep": '{"data": [{"x": "\\u0000"}]}',
    "lone surrogate": '{"title": "\\ud800"}', "lone low surrogate": '{"data": ["\\udfff"]}',
    "deep array": '{"data": ' + "[" * 5000 + "]" * 5000 + "}",
    "deep object": '{"data": ' + '{"a":' * 300 + "1" + "}" * 301,
    "a little too deep": '{"data": ' + "[" * 100 + "]" * 100 + "}", "unclosed deep": '{"data": ' + "[" * 50_000,
    "comment": '{"title": 1} // x', "control characters": '{"title": "a\tb"}',
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("method", "url"), [
    ("POST", "/api/things"), ("PATCH", "/api/things/1"), ("PATCH", "/api/things?where[id][equals]=1"),
    ("POST", "/api/things/access"), ("POST", "/api/users/login"), ("POST", "/api/users/first-register"),
])  # fmt: skip
def test_a_body_that_cannot_be_understood(client: TestClient, method: str, url: str, body: str | bytes) -> None:
    """Every route that reads one says what is wrong with it."""
    refused(client.request(method, url, content=body, headers=JSON_TYPE))


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("text/xml", "<a/>", 415), ("application/octet-stream", "{}", 415), ("multipart/form-data", "x", 400),
    ("multipart/form-data; boundary=x", "--x\r\nnonsense", 400),
    ("application/x-www-form-urlencoded", "a=1&a[b]=2", 400),
    ("application/x-www-form-urlencoded", "title=%00", 400), ("application/x-www-form-urlencoded", "_payload={", 400),
    ("application/json; charset=latin-1", "[", 400), ("multipart/form-data; boundary=" + "x" * 300, "x", 400),
])  # fmt: skip
def test_a_body_of_another_kind(client: TestClient, kind: str, body: str, status: int) -> None:
    """Forms are read or refused; what is never read is 415."""
    refused(client.request("POST", "/api/things", content=body, headers={"content-type": kind}), status)


def test_a_body_that_is_too_large(client: TestClient) -> None:
    """413, for JSON and for forms; one that just fits is read."""
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        content = json.dumps({"title": "x" * 100_001})
        refused(client.request("POST", "/api/things", content=content, headers={"content-type": content_type}), 413)
    fits = json.dumps({"data": ["x" * 10] * 7_000})[:99_000].rpartition(",")[0] + "]}"
    assert client.request("POST", "/api/things", content=fits, headers=JSON_TYPE).status_code == 201


def test_the_last_of_duplicate_keys_counts(client: TestClient) -> None:
    """As JSON.parse has it."""
    answer = client.request("POST", "/api/things", content='{"title":"a","title":"b"}', headers=JSON_TYPE)
    assert answer.json()["doc"]["title"] == "b"


WRONG: dict[str, list[Any]] = {
    "title": [True, [], {}, ["a"], {"a": 1}, "x" * 40_001],
    "num": [True, [], {}, "x", "1_000", "0x10", 1e300, 11**6, -6, "9" * 5000],
    "mail": [1, [], {}, "no", "a@b", "a b@c.de", "a@b..de"], "flag": [2, "yes", [], {}, 0.5],
    "day": [5, True, [], {}, "yesterday", "2026-13-01", "2026-02-30", "99999-01-01"],
    "pick": [1, True, [], {}, "c", ["a"]],
    "picks": [1, True, {}, ["c"], [1], [["a"]], ["a", "a"]], "one": [1, [], {}, "z"],
    "ref": [99, "x", True, [], [1], {}, {"a": 1}, 1.5, -1, 10**30, {"id": []}],
    "refs": [99, "x", [99], [None], [[1]], [{}], [True]],
    "poly": [1, "x", [], {}, {"relationTo": "nope", "value": 1}, {"relationTo": "things"},
        {"relationTo": [], "value": 1},
             {"relationTo": "things", "value": {}}, {"relationTo": "things", "value": 1, "x": 1}],
    "polys": [1, [1], [{}], [{"relationTo": "nope", "value": 1}], [[{}]], {"relationTo": {}, "value": {}}],
    "rows": [1, "x", True, {}, [1], [None], [[]], ["x"], [{"n": "x"}], [{"sub": 1}], [{"sub": [{"leaf": {}}]}],
             [{"id": "a"}, {"id": "a"}], [{"id": 1}, {"id": "1"}]],
    "grp": [1, "x", True, [], [{}], {"deep": 1}, {"inner": {}}, {"deep": {"flag": "perhaps"}}], "tab": [1, [], "x"],
    "data": ["{", "x", ""], "createdAt": [5, "x", {}, []], "updatedAt": [True, "x"],
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values],
                         ids=lambda item: repr(item)[:40])  # fmt: skip
def test_a_value_of_the_wrong_kind(client: TestClient, key: str, value: Any) -> None:
    """Refused on its field, by create and by update."""
    for method, url in (("POST", "/api/things"), ("PATCH", "/api/things/1")):
        body = refused(client.request(method, url, json={key: value}))
        assert all(error["path"].split(".")[0] == key for error in body["errors"][0]["data"]["errors"])


QUERIES = [
    "where=x", "where=[1]", "where={", "where[title]=x", "where[title][nope]=x", "where[nope][equals]=x",
    "where[][equals]=1",
    "where[title][$ne]=1", "where[title.x][equals]=1", "where[rows.nope][equals]=1", "where[ref.nope][equals]=1",
    "where[and]=1", "where[or][0]=1", "where[or][title][equals]=1", "where[title][equals][x]=1",
    "where[title][in][0][a]=1",
    "where[day][equals]=x", "where[day][greater_than]=2026-99-99", "where[title][exists]=maybe",
    "where[flag][greater_than]=1",
    "where[data][equals]=1", "where[data.k][nearly]=1", "where[rows][exists]=true", "where[grp][exists]=true",
    "where[poly][in]=1", "where[poly][equals][value]=1", "where[title][near]=1,2,3",
    "where[title%27%20OR%201=1][equals]=1",
    "where[title][like]=" + "+".join(["a"] * 51), "where[title][like]=" + "x" * 10_001,
    "where[num][in]=" + ",".join(["1"] * 1001),
    "where=" + quote('{"and":' * 20 + "[]" + "}" * 20), "where" + "[or][0]" * 9 + "[title][equals]=1",
    "&".join(f"where[or][{n}][title][equals]=1" for n in range(70)), "sort[a]=1", "sort[0][a]=1",
    "sort=" + ",".join(["title"] * 9),
    "limit=x", "limit=-1", "limit=1.5", "limit=1e3", "limit=999999", "limit=" + "9" * 5000, "limit[a]=1",
    "limit=%C2%B2",
    "page=x", "page=999999999999999&limit=10000", "page=" + "9" * 5000, "page[]=1", "depth=x", "depth[0]=1",
    "depth=" + "9" * 400,
    "select=title", "select[title]=maybe", "select[0][a]=1", "select[title][]=1", "populate=things",
    "populate[things][x]=maybe",
    "populate[things][0][a]=true", "a[b=1", "where[title][equals", "a=1&a[b]=2", "a[0]=1&a[b]=2&a[]=3", "x=%00",
    "x=%FF",
    "a" + "[a]" * 13 + "=1", "&".join(f"p{n}=1" for n in range(1001)),
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:50])
def test_a_query_that_cannot_be_understood(client: TestClient, query: str) -> None:
    """Lists say what is wrong with it; so do counts, changes and deletes where they read the same parameter."""
    refused(client.get(f"/api/things?{query}"))
    if query.startswith("where"):
        for method, route in (("GET", "/count"), ("PATCH", ""), ("DELETE", ""), ("GET", "/stream")):
            refused(client.request(method, f"/api/things{route}?{query}", json={"title": "x"}))
    assert client.system.count("things") >= 1


FINE = [
    "limit=0", "page=-3", "page=0", "depth=-1", "depth=99999", "where=", "where[title][in]=", "where[id][equals]=x",
    "where[num][equals]=" + "9" * 5000, "where[id][in]=1,x,999999999999999999999", "where[ref][equals]=x",
    "sort=nope", "sort=",
    "where[flag][equals]=x", "where[num][contains]=1", "where[poly.value][equals]=x",
    "where[polys.relationTo][in]=nope,things",
    "where[title][equals]=%F0%9F%98%80%27%22%5C%25_", "where[title][like]=%25_%5C",
    "&".join(f"p{n}=1" for n in range(1000)),
    "select[nope]=true", "populate[nope][x]=true", "where[title][greater_than]=null", "where[title][equals]=null",
    "unknown=1",
]  # fmt: skip


@pytest.mark.parametrize("query", FINE, ids=lambda query: query[:50])
def test_a_query_that_is_only_odd(client: TestClient, query: str) -> None:
    """What is without effect, or matches nothing, is no error."""
    assert client.get(f"/api/things?{query}").status_code == 200


@pytest.mark.parametrize("query", ["snapshot=x", "snapshot=%C2%B2", "snapshot=-1", "snapshot[a]=1", "since=x",
    "events=nope",
                                   "events[0][a]=1", "events[a]=1", "depth=x", "select[0][a]=1", "sort[a]=1&snapshot=5",
                                   "where[ref.title][equals]=x"])  # fmt: skip
def test_a_stream_that_cannot_be_opened(client: TestClient, query: str) -> None:
    """Its mistake is told before it begins."""
    refused(client.get(f"/api/things/stream?{query}"))


@pytest.mark.parametrize("id", ["abc", "1.5", "-1", "0x1", "%00", "1%00", "%F0%9F%98%80", "9" * 50, "9" * 5000, "01",
    "+1", "1e3", "null",
                                "%2e%2e", "1%20", "%D9%A3"])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_is_none(client: TestClient, method: str, id: str) -> None:
    """Not found, or refused."""
    refused(client.request(method, f"/api/things/{id}", json={"title": "x"}), 400, 404)


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/api/nope"), ("GET", "/api"), ("GET", "/api/"), ("POST", "/api/things/1"), ("PUT", "/api/things/1"),
    ("PUT", "/api/things"),
    ("GET", "/api/things/1/2/3"), ("TRACE", "/api/things"), ("BREW", "/api/things"), ("POST", "/api/things/login"),
    ("GET", "/nope"),
    ("GET", "/api/%00"), ("GET", "/api/" + "x" * 8000), ("GET", "/api/globals/x"),
])  # fmt: skip
def test_a_route_or_method_that_does_not_exist(client: TestClient, method: str, path: str) -> None:
    """404 with a body, whatever the path holds."""
    refused(client.request(method, path), 404, 405)


@pytest.mark.parametrize("headers", [
    {"authorization": "JWT " + "x" * 10_000}, {"authorization": "JWT a.b.c"}, {"cookie": "payload-token=;;;=\"\\"},
    {"cookie": "payload-token=" + "x" * 9_000}, {"origin": "::::"}, {"origin": "http://[::1"}, {"content-type": ";;;"},
    {"authorization": "JWT eyJhbGciOiJub25lIn0.eyJpZCI6MSwiY29sbGVjdGlvbiI6InVzZXJzIn0."}, {"last-event-id": "x" * 100},
], ids=lambda headers: next(iter(headers.items()))[1][:30])  # fmt: skip
def test_headers_that_make_no_sense(client: TestClient, headers: dict[str, str]) -> None:
    """They are nobody's, and nothing else."""
    assert client.get("/api/things", headers=headers).status_code == 200
    assert client.get("/api/users", headers=headers).status_code == 403


def raw(client: TestClient, query: bytes, *headers: tuple[bytes, bytes]) -> int:
    """The status of the answer to a list asked with any bytes, as a server hands them on."""
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "GET", "path": "/api/things", "query_string": query, "scheme": "http",
        "root_path": "",
        "headers": list(headers), "http_version": "1.1", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        await client.app(scope, receive, send)

    client.run(ask())
    status: int = sent[0]["status"]
    return status


def test_bytes_that_are_no_text(client: TestClient) -> None:
    """In headers they are nobody's; in a query string they are refused, as is one of 70,000 bytes."""
    headers = ((b"authorization", b"JWT \xff"), (b"cookie", b"payload-token=\xff"), (b"origin", b"\xff"))
    assert raw(client, b"", *headers) == 200
    assert raw(client, b"x=\xff\xfe", *headers) == 400
    assert raw(client, b"x=" + b"y" * 70_000) == 400


NAMES = ["title", "body", "num", "mail", "flag", "day", "pick", "picks", "one", "ref", "refs", "poly", "polys",
    "data", "rows", "grp",
         "side", "folded", "tab", "loose", "id", "createdAt", "nope"]  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["a", "x", "1", "things", "2026-01-01", "a@b.de", "", "null", "true", "%", "\x00", "9" * 30]),
)  # fmt: skip
keys = st.one_of(
    st.sampled_from(["id", "value", "relationTo", "word", "n", "sub", "leaf", "inner", "deep", "flag", "tabbed"]),
    st.text(max_size=3),
)
values = st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)), max_leaves=6
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
fuzz = settings(max_examples=150, deadline=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip


@fuzz
@given(body=bodies, rest=st.sampled_from(["", "/1", "?where[id][equals]=1", "/access"]))
def test_any_json_is_stored_or_refused(client: TestClient, body: dict[str, Any], rest: str) -> None:
    """Whatever a body holds, no route fails on it; what was stored can be read again."""
    method = "POST" if rest in ("", "/access") else "PATCH"
    answer = client.request(method, f"/api/things{rest}", json=body)
    assert answer.status_code < 500, answer.text
    if method == "POST" and answer.status_code == 201:
        made = answer.json()["doc"]
        assert client.get(f"/api/things/{made['id']}").json() == made


OPERATORS = ["equals", "not_equals", "in", "not_in", "exists", "greater_than", "greater_than_equal", "less_than",
    "less_than_equal",
             "like", "not_like", "contains", "all", "near", "nope", ""]  # fmt: skip
paths = st.one_of(
    st.sampled_from([*NAMES, "rows.word", "rows.n", "rows.sub.leaf", "rows.id", "grp.inner", "grp.deep.flag",
        "ref.title", "ref.ref.num",
                     "refs.rows.word", "refs.title", "poly.value", "polys.relationTo", "poly.title", "tab.tabbed",
                     "grp", "a b", "."]),
    st.text(max_size=4),
)  # fmt: skip
asked = st.recursive(
    st.dictionaries(paths, st.dictionaries(st.sampled_from(OPERATORS), values, min_size=1, max_size=2), min_size=1,
        max_size=2),
    lambda inner: st.one_of(st.builds(lambda parts: {"and": parts}, st.lists(inner, max_size=3)),
                            st.builds(lambda parts: {"or": parts}, st.lists(inner, max_size=3))),
    max_leaves=4,
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=6),
    st.integers(-20, 10**20).map(str),
    st.sampled_from(["title", "-num", "true", "ref.title", "rows.n"]),
)
parameters = st.lists(
    st.tuples(st.sampled_from(["limit", "page", "depth", "sort", "select", "populate", "pagination", "where",
        "locale", "draft"]),
              st.sampled_from(["", "[title]", "[0]", "[things][title]", "[]", "[or][0][title][equals]",
                  "[title][equals]"]), texts),
    max_size=4,
)  # fmt: skip


@fuzz
@given(where=asked, rest=st.sampled_from(["", "/count", "/1"]), more=parameters)
def test_any_query_is_answered_or_refused(client: TestClient, where: dict[str, Any], rest: str, more: Any) -> None:
    """Whatever is asked, no list, count or document fails on it."""
    pairs = [f"{quote(name + shape, safe='[]')}={quote(value, errors='replace')}" for name, shape, value in more]
    encoded = quote(json.dumps(where, ensure_ascii=False).encode("utf-8", "replace"))
    for query in ("&".join(pairs), f"where={encoded}"):
        answer = client.get(f"/api/things{rest}?{query}")
        assert answer.status_code < 500, answer.text
