"""Who may do what over HTTP: rules of collections and of fields, and that no query sees past them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, anyone, fields, nobody
from headless.testing import TestClient
from tests.rest.watching import watched


def is_boss(context: Any) -> bool:
    return context.user is not None and context.user["email"] == "boss@example.com"


SECRETS: list[Any] = [
    fields.Text("bossOnly", access={"read": is_boss}),
    fields.Text("hiddenText", hidden=True),
    fields.Text("ownRows", access={"read": {"title": {"equals": "mine"}}}),
    fields.Group("vault", access={"read": nobody}, fields=[fields.Text("pin")]),
    fields.Group("cellar", hidden=True, fields=[fields.Text("wine")]),
    fields.Group("open", fields=[fields.Text("word"), fields.Text("pin", access={"read": is_boss})]),
    fields.Array("rows", fields=[fields.Text("word"), fields.Text("pin", hidden=True)]),
    fields.Array("closed", access={"read": nobody}, fields=[fields.Text("word")]),
]
UNREADABLE = [
    "bossOnly", "hiddenText", "ownRows", "vault.pin", "cellar.wine", "open.pin", "rows.pin", "closed.word",
    "locked.name", "to.bossOnly", "to.vault.pin", "to.to.bossOnly", "many.hiddenText", "links.to.bossOnly",
    "lockeds.id.name",
]  # fmt: skip
THINGS = Collection(
    "things",
    access=anyone,
    fields=[
        fields.Text("title"), *SECRETS, fields.Relationship("to", relation_to="things"),
        fields.Relationship("many", relation_to="things", has_many=True),
        fields.Relationship("locked", relation_to="locked"),
        fields.Array("links", fields=[fields.Relationship("to", relation_to="things")]),
        fields.Relationship("some", relation_to="tasks"),
    ],
)  # fmt: skip
TASKS = Collection(
    "tasks",
    access={
        "create": anyone,
        "read": [is_boss, {"owner": {"equals": "$user.id"}}, {"open": {"equals": True}}],
        "update": {"owner": {"equals": "$user.id"}},
        "delete": {"owner": {"equals": "$user.id"}},
    },
    fields=[fields.Text("title"), fields.Relationship("owner", relation_to="users"), fields.Checkbox("open")],
)
LOCKED = Collection("locked", access=nobody, fields=[fields.Text("name")])
GUARDED = Collection("guarded", access=anyone, fields=[
    fields.Text("title"),
    fields.Text("once", default_value="first", access={"update": nobody}),
    fields.Text("later", default_value="none", access={"create": nobody}),
    fields.Group("in", fields=[fields.Text("a"), fields.Text("b", access={"update": is_boss, "create": is_boss})]),
    fields.Array("rows", fields=[fields.Text("a"), fields.Text("b", default_value="d", access={"update": nobody})]),
])  # fmt: skip
CONFIG = Config(collections=[THINGS, TASKS, LOCKED, GUARDED])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(CONFIG) as client:
        yield client


def filled(client: TestClient) -> None:
    locked = client.create("locked", {"name": "secret"})
    client.create("things", {
        "title": "x", "bossOnly": "secret", "hiddenText": "secret", "ownRows": "secret", "vault": {"pin": "secret"},
        "cellar": {"wine": "secret"}, "open": {"word": "w", "pin": "secret"}, "rows": [{"word": "w", "pin": "secret"}],
        "closed": [{"word": "secret"}], "locked": locked["id"],
    })  # fmt: skip
    client.create("things", {"title": "y", "to": 1, "many": [1], "links": [{"to": 1}]})
    client.create("things", {"title": "z", "to": 2})


def query_error(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0].get("name", "")


def test_what_may_not_be_read_is_in_no_answer(client: TestClient) -> None:
    """Hidden fields are nobody's, others only theirs whom the rule lets in; in groups, rows and populated documents."""
    filled(client)
    boss = client.user("boss@example.com")
    urls = [
        "/api/things",
        "/api/things/1",
        "/api/things/3?depth=3",
        "/api/things?depth=3&select[bossOnly]=true&select[vault]=true",
    ]
    for url in urls:
        assert "secret" not in client.get(url).text
    for method, url in (
        ("PATCH", "/api/things/1"),
        ("PATCH", "/api/things?where[id][equals]=1"),
        ("DELETE", "/api/things/1"),
    ):
        seen = client.request(method, url, as_=boss, json={"title": "x2"}).json()
        document = seen["doc"] if "doc" in seen else seen["docs"][0]
        assert (document["bossOnly"], document["open"]["pin"]) == ("secret", "secret")
        assert document["rows"][0].keys() == {"id", "word"}
        assert {"hiddenText", "vault", "cellar", "closed", "ownRows"}.isdisjoint(document)


@pytest.mark.parametrize("path", UNREADABLE)
@pytest.mark.parametrize("operator", ["equals", "not_equals", "in", "exists", "like", "greater_than"])
def test_a_filter_on_what_may_not_be_read_is_one_on_nothing(client: TestClient, path: str, operator: str) -> None:
    """Refused with the very answer of a path that does not exist: to lists, counts, changes and deletes alike."""
    filled(client)
    names = path.split(".")
    first = next(place for place, name in enumerate(names) if name not in ("to", "many", "links", "locked"))
    unknown = ".".join([*names[:first], "nope", *names[first + 1 :]])
    for method, route in (("GET", ""), ("GET", "/count"), ("PATCH", ""), ("DELETE", "")):
        for shape in ("where[{}][{}]=true", "where[or][0][title][equals]=x&where[or][1][{}][{}]=true"):
            asked = client.request(
                method, f"/api/things{route}?{shape.format(path, operator)}", json={"title": "changed"}
            )
            missing = client.request(
                method, f"/api/things{route}?{shape.format(unknown, operator)}", json={"title": "changed"}
            )
            assert query_error(asked) == query_error(missing) == (400, "QueryError")
            assert asked.text == missing.text.replace("nope", names[first])
    assert [doc["title"] for doc in client.find("things", sort="id").docs] == ["x", "y", "z"]


@pytest.mark.parametrize("path", UNREADABLE)
@pytest.mark.parametrize("sign", ["", "-"])
def test_nothing_is_sorted_by_what_may_not_be_read(client: TestClient, path: str, sign: str) -> None:
    """The order would tell the values. It is left out like a name that does not exist, of which it cannot be told."""
    filled(client)
    for number in range(4):
        client.create("things", {"title": f"t{number}", "bossOnly": "badc"[number], "hiddenText": "badc"[number]})
    for asked in ("sort={}", "sort=title,{}", "limit=1&page=3&sort={}"):
        seen = client.get(f"/api/things?depth=0&{asked.format(sign + path)}")
        missing = client.get(f"/api/things?depth=0&{asked.format(sign + 'nope')}")
        assert (seen.status_code, seen.json()) == (200, missing.json())
    for route in ("PATCH", "DELETE"):
        answer = client.request(route, f"/api/things?where[title][equals]=none&sort={sign}{path}", json={})
        assert (answer.status_code, answer.json()["docs"]) == (200, [])


def test_a_sort_that_one_may_ask_for_does_not_become_anothers(client: TestClient) -> None:
    """Nor the other way round: what is remembered of a sort is the same for everybody."""
    boss = client.user("boss@example.com")
    for number in range(4):
        client.create("things", {"title": "same", "bossOnly": "badc"[number]})
    for _ in range(2):
        for as_, ids in ((None, [4, 3, 2, 1]), (boss, [2, 1, 4, 3])):
            docs = client.get("/api/things?depth=0&sort=title,bossOnly", as_=as_).json()["docs"]
            assert [doc["id"] for doc in docs] == ids


@pytest.mark.parametrize(
    "path", [path for path in UNREADABLE if path.split(".")[0] not in ("to", "many", "links", "locked", "lockeds")]
)
def test_no_distinct_values_of_what_may_not_be_read(client: TestClient, path: str) -> None:
    """Refused as for a field that does not exist, also to nobody's local API."""
    filled(client)
    with pytest.raises(Exception, match=f"The following path cannot be queried: {path}$"):
        client.api(None).distinct("things", path)


def test_who_may_read_a_field_may_query_it(client: TestClient) -> None:
    """The rule is asked without a document."""
    filled(client)
    boss = client.user("boss@example.com")
    for url in (
        "where[bossOnly][equals]=secret",
        "where[open.pin][like]=sec",
        "where[to.bossOnly][exists]=true",
        "sort=bossOnly",
    ):
        assert client.get(f"/api/things?{url}", as_=boss).status_code == 200


def test_a_stream_shows_and_filters_by_no_more_than_a_list(client: TestClient) -> None:
    """Hidden fields are in no event, and a filter on one is refused."""
    assert query_error(client.get("/api/things/stream?where[bossOnly][equals]=x")) == (400, "QueryError")
    with client.stream("/api/things/stream") as stream:
        filled(client)
        assert "secret" not in "".join(event.data for event in stream.take(3))


def test_population_obeys_the_targets_rule(client: TestClient) -> None:
    """What may not be read stays an id; a rule that is a where lets some through; nothing is asked of a closed one."""
    filled(client)
    ada, boss = client.user("ada@example.com"), client.user("boss@example.com")
    mine, other = (client.create("tasks", {"title": "t", "owner": owner.id})["id"] for owner in (ada, boss))
    for task in (mine, other):
        client.create("things", {"title": "with task", "some": task, "locked": 1})
    docs = client.get("/api/things?where[title][equals]=with task&sort=id&depth=2", as_=ada).json()["docs"]
    assert docs[0]["some"]["title"] == "t"
    assert docs[1]["some"] == other
    assert [doc["locked"] for doc in docs] == [1, 1]


def test_a_filter_through_a_relation_finds_only_what_its_target_lets_see(client: TestClient) -> None:
    """A task of somebody else matches nothing, whatever is asked of it."""
    ada, boss = client.user("ada@example.com"), client.user("boss@example.com")
    task = client.create("tasks", {"title": "t", "owner": boss.id})["id"]
    client.create("things", {"title": "points", "some": task})
    for where in ("some.title][equals]=t", "some.title][like]=t", "some.id][exists]=true"):
        assert client.get(f"/api/things/count?where[{where}", as_=boss).json() == {"totalDocs": 1}
        assert client.get(f"/api/things/count?where[{where}", as_=ada).json() == {"totalDocs": 0}


def test_a_where_rule_on_reading(client: TestClient) -> None:
    """Lists and counts hold what matches; another's document is not found; one of any rules is enough."""
    ada, bea = client.users("ada@example.com", "bea@example.com")
    boss = client.user("boss@example.com")
    mine = client.create("tasks", {"title": "a", "owner": ada.id})["id"]
    client.create("tasks", {"title": "b", "owner": bea.id})
    client.create("tasks", {"title": "open", "owner": bea.id, "open": True})
    titles = {who: sorted(doc["title"] for doc in client.get("/api/tasks", as_=user).json()["docs"])
              for who, user in (("ada", ada), ("bea", bea), ("boss", boss), ("nobody", None))}  # fmt: skip
    assert titles == {"ada": ["a", "open"], "bea": ["b", "open"], "boss": ["a", "b", "open"], "nobody": ["open"]}
    assert client.get("/api/tasks/count", as_=ada).json() == {"totalDocs": 2}
    assert client.get(f"/api/tasks/{mine}", as_=ada).status_code == 200
    assert client.get(f"/api/tasks/{mine}", as_=bea).status_code == 404
    assert client.get("/api/tasks?where[owner][equals]=1&where[title][equals]=a", as_=bea).json()["totalDocs"] == 0
    assert client.get("/api/tasks?where[or][0][id][exists]=true", as_=ada).json()["totalDocs"] == 2
    assert client.api(ada).distinct("tasks", "title") == ["a", "open"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_where_rule_on_changing(client: TestClient, method: str) -> None:
    """Another's document is forbidden, as is one that is not there; many at once are those that are one's own."""
    ada, bea = client.users("ada@example.com", "bea@example.com")
    mine, theirs = (client.create("tasks", {"title": "t", "owner": user.id, "open": True})["id"] for user in (ada, bea))

    def ask(url: str) -> httpx2.Response:
        return client.request(method, url, as_=ada, json={"title": "changed"})

    assert ask(f"/api/tasks/{theirs}").status_code == 403
    assert ask("/api/tasks/9999").status_code == 403
    assert client.request(method, f"/api/tasks/{mine}", json={}).status_code == 403
    assert [doc["id"] for doc in ask("/api/tasks?where[id][exists]=true").json()["docs"]] == [mine]
    assert client.get_document("tasks", theirs)["title"] == "t"
    if method == "PATCH":
        assert client.patch(f"/api/tasks/{mine}", as_=ada, json={"owner": bea.id}).status_code == 200
        assert client.patch(f"/api/tasks/{mine}", as_=ada, json={"owner": ada.id}).status_code == 403


@pytest.mark.parametrize(("method", "url", "status"), [
    ("GET", "/api/locked", 403), ("GET", "/api/locked/1", 403), ("GET", "/api/locked/999", 403),
    ("GET", "/api/locked/count", 403), ("POST", "/api/locked", 403), ("PATCH", "/api/locked/1", 403),
    ("PATCH", "/api/locked?where[id][exists]=true", 403), ("DELETE", "/api/locked/1", 403),
    ("DELETE", "/api/locked?where[id][exists]=true", 403), ("GET", "/api/locked/stream", 403),
    ("GET", "/api/users", 403),
    ("GET", "/api/things/999", 404), ("PATCH", "/api/things/999", 404), ("DELETE", "/api/things/999", 404),
    ("GET", "/api/things/abc", 404), ("PATCH", "/api/things/abc", 400), ("DELETE", "/api/things/abc", 404),
])  # fmt: skip
def test_forbidden_and_not_found(client: TestClient, method: str, url: str, status: int) -> None:
    """A closed collection forbids everything; an open one finds nothing where there is nothing."""
    client.create("locked", {"name": "x"})
    answer = client.request(method, url, json={"name": "x"})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]


def test_field_rules_on_writing(client: TestClient) -> None:
    """What may not be written is dropped without a word: a default stands in its place, or what was stored."""
    boss = client.user("boss@example.com")
    made = client.post("/api/guarded", json={"once": "given", "later": "given", "in": {"a": "1", "b": "2"}}).json()[
        "doc"
    ]
    assert (made["once"], made["later"], made["in"]) == ("given", "none", {"a": "1", "b": None})
    url = f"/api/guarded/{made['id']}"
    changed = client.patch(url, json={"once": "again", "later": "now", "in": {"a": "3", "b": "4"}}).json()["doc"]
    assert (changed["once"], changed["later"], changed["in"]) == ("given", "now", {"a": "3", "b": None})
    assert client.patch(url, as_=boss, json={"in": {"b": "5"}}).json()["doc"]["in"] == {"a": "3", "b": "5"}
    assert client.patch(url, json={"in": None}).json()["doc"]["in"] == {"a": "3", "b": "5"}


def test_field_rules_on_writing_in_rows(client: TestClient) -> None:
    """A row keeps what may not be changed of it; the system may change everything."""
    made = client.post("/api/guarded", json={"rows": [{"a": "1", "b": "2"}]}).json()["doc"]
    row = made["rows"][0]["id"]
    changed = client.patch(
        f"/api/guarded/{made['id']}", json={"rows": [{"a": "new", "b": "x"}, {"id": row, "b": "x"}]}
    ).json()["doc"]
    assert [(item["a"], item["b"]) for item in changed["rows"]] == [("new", "d"), ("1", "2")]
    again = client.update_document("guarded", made["id"], {"rows": [{"id": row, "b": "x"}], "once": "system"})
    assert (again["rows"][0]["b"], again["once"]) == ("x", "system")


def test_what_may_not_be_read_is_not_lost_by_who_writes(client: TestClient) -> None:
    """A client sends back what it was shown: what it was not shown stays."""
    filled(client)
    shown = client.get("/api/things/1?depth=0").json()
    assert client.patch("/api/things/1", json=shown).status_code == 200
    stored = client.get_document("things", 1, depth=0)
    assert (stored["bossOnly"], stored["vault"], stored["cellar"]) == ("secret", {"pin": "secret"}, {"wine": "secret"})
    assert (stored["open"]["pin"], stored["rows"][0]["pin"], stored["closed"][0]["word"]) == ("secret",) * 3


def test_permissions_of_everything(client: TestClient) -> None:
    """What may be done with which collection, down to the fields; closed ones are not there."""
    boss, ada = client.user("boss@example.com"), client.user("ada@example.com")
    nobodys, bosses = client.get("/api/access").json(), client.get("/api/access", as_=boss).json()
    assert (nobodys["canAccessAdmin"], bosses["canAccessAdmin"]) == (False, True)
    assert "locked" not in nobodys["collections"]
    assert "users" not in nobodys["collections"]
    assert nobodys["collections"]["tasks"]["create"] is True
    assert bosses["collections"]["tasks"]["read"] is True
    adas = client.get("/api/access", as_=ada).json()["collections"]
    assert adas["tasks"]["update"] == {"permission": True, "where": {"owner": {"equals": ada.id}}}
    assert "read" not in nobodys["collections"]["things"]["fields"]["bossOnly"]
    assert bosses["collections"]["things"]["fields"]["bossOnly"] is True
    assert nobodys["collections"]["guarded"]["fields"]["in"]["fields"]["b"] == {"read": True}


def test_permissions_of_one_document(client: TestClient) -> None:
    """A rule that is a where is asked of the document itself."""
    ada, bea = client.users("ada@example.com", "bea@example.com")
    task = client.create("tasks", {"title": "t", "owner": ada.id})["id"]
    mine = client.post(f"/api/tasks/access/{task}", json={}, as_=ada).json()
    theirs = client.post(f"/api/tasks/access/{task}", json={}, as_=bea).json()
    assert {"read", "update", "delete", "create"} <= set(mine)
    assert {"read", "update", "delete"}.isdisjoint(theirs)
    assert client.post("/api/tasks/access", json={}, as_=bea).json()["update"]["permission"] is True


def test_a_rule_that_cannot_be_asked_in_advance_is_a_no(caplog: pytest.LogCaptureFixture) -> None:
    """It wants a document and there is none: what it guards is not granted, the rest is told, and the log says why."""

    def of_the_author(ctx: Any) -> bool:
        return bool(ctx.doc["author"] == "ada")

    def large(ctx: Any) -> bool:
        return bool(ctx.data["size"] > 3)

    notes = Collection(
        "notes",
        access={"read": anyone, "create": large},
        fields=[fields.Text("author"), fields.Text("secret", access={"read": of_the_author})],
    )
    with TestClient(Config(collections=[notes])) as client:
        made = client.create("notes", {"author": "ada"})
        for path in ("/api/notes/access", "/api/access"):
            answer = client.post(path, json={}) if path.startswith("/api/notes") else client.get(path)
            assert answer.status_code == 200
            told = answer.json().get("collections", {}).get("notes", answer.json())
            assert told["read"] is True
            assert "create" not in told
            assert told["fields"]["author"] == {"read": True}
            assert "secret" not in told["fields"]
        document = client.post(f"/api/notes/access/{made['id']}", json={}).json()
        assert document["fields"]["secret"] == {"read": True}
    assert "could not be asked in advance" in caplog.text
