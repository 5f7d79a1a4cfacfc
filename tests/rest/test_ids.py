"""Ids in URLs: any text that is one, encoded as URLs are; what is none is an answer, never a failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from headless import Collection, Headless, fields
from headless.testing import TestClient
from headless.testing.exchange import Exchange, ask

OPEN = {"read": "anyone", "create": "anyone", "update": "anyone", "delete": "anyone"}
OWN = {"owner": {"equals": "$user.id"}}
app = Headless(collections=[
    Collection("named", access=OPEN, fields=[fields.Text("id"), fields.Text("title")]),
    Collection("numbered", access=OPEN, fields=[fields.Number("id"), fields.Text("title")]),
    Collection("by-uuid", access=OPEN, id_type="uuid", fields=[fields.Text("title")]),
    Collection("counted", access=OPEN, fields=[fields.Text("title")]),
])  # fmt: skip


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture(autouse=True)
def failures(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No request of these tests may be a failure of the server."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


TEXTS = [
    "alpha", "two words", " edges ", "ä ö/ü", "日本語", "a.b", "..a", "...", "a/b", "/", "a/../b", "//", "a?b#c&d=e",
    "100%", "%2F", "%252f", "a+b", "a:b", "a;b", "'\"<b>", "stream", "access", "a/stream", "5", "None",
    "x" * 255, "e\u0301", "🦆",
]  # fmt: skip


@pytest.mark.parametrize("id", TEXTS)
def test_a_document_is_at_its_encoded_id(client: TestClient, id: str) -> None:
    """Read, changed, watched, asked for rights, and deleted there; a slash is written `%2F`."""
    url = f"/api/named/{quote(id, safe='')}"
    assert client.post("/api/named", json={"id": id, "title": "A"}).status_code == 201
    if id not in ("access", "stream"):
        assert client.get(url).json()["id"] == id
    assert client.get("/api/named", params={"where[id][equals]": id}).json()["docs"][0]["id"] == id
    assert client.post(f"/api/named/access/{quote(id, safe='')}", json={}).json()["update"] is True
    with client.stream(f"{url}/stream") as stream:
        changed = client.patch(url, json={"title": "B", "id": "other"})
        assert (changed.status_code, changed.json()["doc"]["id"]) == (200, id)
        event = stream.next()
        assert event.json()["doc"]["title"] == "B"
    assert client.delete(url).json()["doc"]["id"] == id
    assert client.get("/api/named", params={"where[id][equals]": id}).json()["totalDocs"] == 0


def test_an_id_that_is_a_word_of_a_route_is_found_by_a_query(client: TestClient) -> None:
    """GET answers the route; everything else reaches the document."""
    client.post("/api/named", json={"id": "count", "title": "A"})
    assert client.get("/api/named/count").json() == {"totalDocs": 1}
    assert client.patch("/api/named/count", json={"title": "B"}).json()["doc"]["title"] == "B"
    assert client.delete("/api/named/count").status_code == 200


WRONG = [
    "abc",
    "1.5",
    "1e3",
    "0x1",
    "7x",
    "-",
    "９",
    "1" * 400,
    "null",
    "undefined",
    "a/b",
    "%00",
    "NaN",
    "Infinity",
    "-0",
]


@pytest.mark.parametrize("slug", ["numbered", "by-uuid", "counted"])
@pytest.mark.parametrize("id", WRONG)
def test_what_is_no_id_names_no_document(client: TestClient, slug: str, id: str) -> None:
    """404 to readers, 400 to a change; a query finds nothing, and a rule on it grants nothing."""
    url = f"/api/{slug}/{quote(id, safe='')}"
    assert client.get(url).status_code == 404
    assert client.patch(url, json={"title": "x"}).json() == {
        "errors": [{"message": "Missing ID of document to update."}]
    }  # fmt: skip
    assert client.delete(url).status_code == 404
    assert client.get(f"/api/{slug}", params={"where[id][equals]": id}).json()["docs"] == []
    assert client.get(f"/api/{slug}", params={"where[id][in]": id}).json()["docs"] == []


@pytest.mark.parametrize("slug", ["named", "numbered", "by-uuid", "counted"])
@pytest.mark.parametrize("operator", ["equals", "not_equals", "in", "not_in", "greater_than", "like", "contains"])
def test_odd_values_in_queries_are_answered_or_refused(client: TestClient, slug: str, operator: str) -> None:
    """Lists, mappings, numbers that are too large and text that no database holds."""
    for value in ("[1]", '{"a":1}', "9" * 40, '"\\ud800"', '"\\u0000"', "true", "null", "1e400", '[["a"]]', '""'):
        where = f'{{"id":{{"{operator}":{value}}}}}'
        assert client.get(f"/api/{slug}", params={"where": where}).status_code in (200, 400), where


def test_a_missing_or_a_taken_id_is_a_validation_error(client: TestClient) -> None:
    """As of any field that is required and unique."""
    missing = client.post("/api/named", json={"title": "no id"})
    assert missing.status_code == 400
    assert missing.json()["errors"][0]["data"]["errors"] == [
        {"label": "Id", "message": "This field is required.", "path": "id"}
    ]
    assert client.post("/api/numbered", json={"id": 5}).status_code == 201
    taken = client.post("/api/numbered", json={"id": "5"})
    assert taken.status_code == 400
    assert taken.json()["errors"][0]["message"] == "The following field is invalid: id"
    assert taken.json()["errors"][0]["data"] == {
        "collection": "numbered",
        "errors": [{"message": "Value must be unique", "path": "id", "tableName": "numbered"}],
    }


def test_many_are_changed_and_deleted_by_their_ids(client: TestClient) -> None:
    """A comma list, or one with brackets where the ids have commas themselves."""
    for id in ("m1", "m2", "m,3"):
        client.post("/api/named", json={"id": id})
    changed = client.patch("/api/named", params={"where[id][in]": "m1,m2"}, json={"id": "m9", "title": "x"})
    assert {doc["id"] for doc in changed.json()["docs"]} == {"m1", "m2"}
    assert client.delete("/api/named", params={"where[id][in][0]": "m,3"}).json()["docs"][0]["id"] == "m,3"
    assert client.delete("/api/named", params={"where[id][contains]": "m"}).json()["docs"] != []


@pytest.mark.parametrize("kind", ["integer", "uuid", "text", "number"])
def test_users_log_in_whatever_their_ids(kind: str) -> None:
    """Token, session, the first user, rules on `$user.id`, and logging out."""
    own: dict[str, list[Any]] = {"text": [fields.Text("id")], "number": [fields.Number("id")]}
    declared = own.get(kind, [])
    options: dict[str, Any] = {} if declared else {"id_type": kind}
    users = Collection(
        "users",
        auth=True,
        access={"read": {"id": {"equals": "$user.id"}}, "create": "anyone"},
        fields=declared,
        **options,
    )
    notes = Collection(
        "notes", access={"read": OWN, "create": "authenticated"},
        fields=[fields.Relationship("owner", relation_to="users", required=True)],
    )  # fmt: skip
    ids: dict[str, list[Any]] = {"text": ["ada /1", "bob"], "number": [7, 8]}
    bodies = [
        {"email": f"{name}@example.com", "password": "correct horse", **({} if id is None else {"id": id})}
        for name, id in zip(("ada", "bob"), ids.get(kind, [None, None]), strict=True)
    ]
    with TestClient(Headless(collections=[users, notes])) as client:
        first = client.post("/api/users/first-register", json=bodies[0]).json()
        assert client.post("/api/users", json=bodies[1]).status_code == 201
        opened = client.post("/api/users/login", json=bodies[0]).json()
        assert opened["user"]["id"] == first["user"]["id"]
        headers = {"authorization": f"JWT {opened['token']}"}
        id = client.get("/api/users/me", headers=headers).json()["user"]["id"]
        assert [doc["id"] for doc in client.get("/api/users", headers=headers).json()["docs"]] == [id]
        assert len(client.get(f"/api/users/{quote(str(id), safe='')}", headers=headers).json()["sessions"]) == 2
        made = client.post("/api/notes", headers=headers, json={"owner": id})
        assert made.status_code == 201, made.text
        assert client.get("/api/notes", headers=headers).json()["totalDocs"] == 1
        bob = client.post("/api/users/login", json=bodies[1]).json()["token"]
        assert client.get("/api/notes", headers={"authorization": f"JWT {bob}"}).json()["totalDocs"] == 0
        client.post("/api/users/logout", headers=headers)
        assert client.get("/api/users/me", headers=headers).json()["user"] is None


def test_an_encoded_slash_is_part_of_its_segment_in_a_mounted_application() -> None:
    """And never one of the path: it leads to no other route."""
    with TestClient(app) as client:
        outer = Starlette(routes=[Mount("/cms", client.app)])
        client.create("named", {"id": "a/b"})
        client.create("named", {"id": "a"})

        async def answer(path: str) -> Any:
            exchange = Exchange(outer, ask("GET", path, {}))
            await exchange.begin()
            return await exchange.response()

        assert client.run(answer("/cms/api/named/a%2Fb")).json()["id"] == "a/b"
        assert client.run(answer("/cms/api/named%2Fa")).status_code == 404
        assert client.run(answer("/cms/api/named/a%2Fstream")).status_code == 404
        assert client.run(answer("/cms/api%2Fnamed")).status_code == 404
