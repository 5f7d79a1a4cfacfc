"""Virtual fields with a path: the value of another document, read, asked and sorted by where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from headless import Collection, Config, ConfigError, HookContext, anyone, authenticated, fields
from headless.testing import TestClient
from tests.operations.watching import columns, statements
from tests.rest.watching import watched

USERS = Collection("users", auth=True, access=anyone, fields=[])


def shout(ctx: HookContext) -> Any:
    return ctx.value and f"{ctx.value}!"


TOWNS = Collection("towns", access=anyone, fields=[
    fields.Group("facts", fields=[fields.Text("name"), fields.Text("mayor", access={"read": authenticated})]),
    fields.Text("cry", hooks={"after_read": shout}),
])  # fmt: skip
AUTHORS = Collection(
    "authors",
    access=anyone,
    fields=[
        fields.Text("name"),
        fields.Text("mail", access={"read": authenticated}),
        fields.Text("secret", hidden=True),
        fields.Relationship("town", relation_to="towns"),
        fields.Text("townName", virtual="town.facts.name"),
    ],
)
DIARIES = Collection("diaries", access={"read": authenticated}, fields=[fields.Text("title")])
BOOKS = Collection(
    "books",
    access=anyone,
    fields=[
        fields.Text("title"),
        fields.Group("made", fields=[fields.Relationship("author", relation_to="authors")]),
        fields.Relationship("editors", relation_to="authors", has_many=True),
        fields.Relationship("diary", relation_to="diaries"),
        fields.Relationship("closed", relation_to="authors", access={"read": authenticated}),
        fields.Array("notes", fields=[fields.Relationship("by", relation_to="authors")]),
        fields.Text("authorName", virtual="made.author.name"),
        fields.Text("townName", virtual="made.author.town.facts.name"),
        fields.Text("cry", virtual="made.author.town.cry"),
        fields.Text("mayor", virtual="made.author.town.facts.mayor"),
        fields.Text("editorNames", virtual="editors.name"),
        fields.Text("noteNames", virtual="notes.by.name"),
        fields.Text("diaryTitle", virtual="diary.title"),
        fields.Text("mail", virtual="made.author.mail"),
        fields.Text("secret", virtual="made.author.secret"),
        fields.Text("closedName", virtual="closed.name"),
    ],
)
CONFIG = Config(collections=[USERS, TOWNS, AUTHORS, DIARIES, BOOKS])


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Two towns, two authors and three books, one of them by nobody."""
    with watched(CONFIG) as client:
        for name in ("Ulm", "Bern"):
            client.create("towns", {"facts": {"name": name, "mayor": "m"}, "cry": name})
        for town, name in ((1, "Ada"), (2, "Bob")):
            client.create("authors", {"name": name, "town": town, "mail": f"{name}@x", "secret": "s"})
        client.create("diaries", {"title": "dear"})
        for number, author in enumerate((2, 1, None)):
            made = {"made": {"author": author}, "editors": [2, 1], "diary": 1, "closed": author}
            client.create("books", {"title": f"book {number}", **made, "notes": [{"by": 1}, {"by": 1}, {}]})
        yield client


def test_the_value_is_read_where_it_is(client: TestClient) -> None:
    """At any depth, through groups and several references, after the hooks there; nothing of it is stored."""
    for depth in (0, 2):
        document = client.get(f"/api/books/1?depth={depth}").json()
        shown = {key: document.get(key) for key in ("authorName", "townName", "cry", "editorNames", "noteNames")}
        assert shown == {
            "authorName": "Bob", "townName": "Bern", "cry": "Bern!", "editorNames": ["Bob", "Ada"],
            "noteNames": ["Ada", "Ada"],
        }  # fmt: skip
    assert client.get("/api/books/1?depth=1").json()["made"]["author"]["townName"] == "Bern"
    assert "townName" not in columns(client, "books")


def test_what_there_is_no_value_of_is_no_key(client: TestClient) -> None:
    """Where a reference is empty; a list is an empty one."""
    document = client.get("/api/books/3?depth=0").json()
    assert not {"authorName", "townName", "cry"} & set(document)
    client.system.update("books", 3, {"editors": []})
    assert client.get("/api/books/3?depth=0").json()["editorNames"] == []


def test_it_is_seen_under_the_rules_of_where_it_is(client: TestClient) -> None:
    """Documents, fields and references that the asker may not read are told nothing of."""
    closed = {"mayor", "diaryTitle", "mail", "secret", "closedName"}
    assert not closed & set(client.get("/api/books/1?depth=0").json())
    ada = client.user("a@example.org", collection="users")
    document = client.get("/api/books/1?depth=0", as_=ada).json()
    assert {key: document[key] for key in closed - {"secret"}} == {
        "mayor": "m", "diaryTitle": "dear", "mail": "Bob@x", "closedName": "Bob",
    }  # fmt: skip
    assert "secret" not in document


@pytest.mark.parametrize("number", [1, 7])
def test_a_list_costs_one_query_for_each_collection_and_step(client: TestClient, number: int) -> None:
    """However long it is, and however many fields lead there."""
    for count in range(number):
        client.create("books", {"title": f"more {count}", "made": {"author": 1}})
    select = "&".join(f"select[{name}]=true" for name in ("authorName", "townName", "cry", "editorNames"))
    with statements(client) as seen:
        page = client.get(f"/api/books?depth=0&limit=20&{select}").json()
        assert len(page["docs"]) == number + 3
        assert len(seen.reads) == 3


def test_select_chooses_it(client: TestClient) -> None:
    """With the reference that it goes out by; also without it when that is left out."""
    document = client.get("/api/books/1?depth=0&select[authorName]=true").json()
    assert document == {"id": 1, "made": {"author": 2}, "authorName": "Bob"}
    document = client.get("/api/books/1?depth=0&select[made]=false").json()
    assert "made" not in document
    assert document["authorName"] == "Bob"
    assert "authorName" not in client.get("/api/books/1?depth=0&select[title]=true").json()


def titles(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/books?depth=0&select[title]=true&{query}")
    assert answer.status_code == 200, answer.text
    return [doc["title"][-1] for doc in answer.json()["docs"]]


def test_queries_and_sorts_mean_its_path(client: TestClient) -> None:
    """From the collection itself and through a reference to it."""
    assert titles(client, "where[authorName][equals]=Ada") == ["1"]
    assert titles(client, "where[authorName][exists]=false&sort=id") == ["2"]
    assert titles(client, "where[townName][like]=ern") == ["0"]
    assert titles(client, "where[editorNames][equals]=Ada&sort=id") == ["0", "1", "2"]
    assert titles(client, "where[made.author.townName][equals]=Ulm") == ["1"]
    assert titles(client, "sort=authorName") == ["2", "1", "0"]
    assert titles(client, "sort=-townName") == ["1", "0", "2"]
    assert titles(client, "sort=-made.author.townName") == ["1", "0", "2"]


@pytest.mark.parametrize("name", ["mayor", "diaryTitle", "mail", "secret", "closedName"])
def test_a_query_cannot_name_what_is_closed_where_it_is(client: TestClient, name: str) -> None:
    """The error names what was asked and nothing behind it; a sort leaves it out as a name that does not exist."""
    answer = client.get(f"/api/books?where[{name}][equals]=x")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"] == [{"path": name}]
    assert titles(client, f"sort={name}") == titles(client, "sort=nope")


def test_writes_and_streams_show_it_and_do_not_take_it(client: TestClient) -> None:
    """As reading does."""
    with client.stream("/api/books/stream") as stream:
        made = client.post("/api/books?depth=0", json={"made": {"author": 1}, "authorName": "Eve"}).json()["doc"]
        assert made["authorName"] == "Ada"
        assert stream.next().json()["doc"]["authorName"] == "Ada"


def test_its_schema_says_list_where_it_is_one(client: TestClient) -> None:
    """So that generated types are right."""
    components = client.app.openapi()["components"]
    shown = {"$ref": "#/components/schemas/Book", "components": components}
    jsonschema.validate(client.get("/api/books/1?depth=1").json(), shown, jsonschema.Draft202012Validator)
    assert components["schemas"]["Book"]["properties"]["editorNames"]["type"] == ["array", "null"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nope.name", "there is no field 'nope'"),
        ("author.nam", "there is no field 'nam'.*'name'"),
        ("title", "through no reference"),
        ("title.x", "neither a group nor a reference"),
        ("poly.name", "neither a group nor a reference to one collection"),
        ("author", "through no reference"),
        ("author.other", "is not a stored value"),
        ("", "there is no field ''"),
    ],
)
def test_wrong_paths_are_mistakes_at_the_start(path: str, message: str) -> None:
    """With what would be right."""
    authors = Collection("authors", fields=[fields.Text("name"), fields.Text("other", virtual=True)])

    def start() -> None:
        books = Collection("books", fields=[
            fields.Text("title"), fields.Relationship("author", relation_to="authors"),
            fields.Relationship("poly", relation_to=["authors", "books"]), fields.Text("shown", virtual=path),
        ])  # fmt: skip
        with TestClient(Config(collections=[authors, books])):
            pass

    with pytest.raises(ConfigError, match=f"(?s){message}"):
        start()
