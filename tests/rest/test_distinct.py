"""Distinct values: each once, in pages, of what the asker may read and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import BadRequest, Collection, Config, HookContext, QueryError, anyone, fields
from headless.access import AccessContext
from headless.testing import TestClient
from tests.rest.watching import watched


def is_boss(context: AccessContext) -> bool:
    return context.user is not None and context.user["email"] == "boss@example.com"


def masked(context: HookContext) -> str:
    return "****"


BOOKS = Collection(
    "books",
    access={"create": anyone, "read": [is_boss, {"shut": {"not_equals": True}}]},
    fields=[
        fields.Text("title"), fields.Number("pages"), fields.Checkbox("shut"), fields.Date("day"),
        fields.Select("genres", options=["a", "b", "c"], has_many=True),
        fields.Text("tags", has_many=True), fields.Json("data"),
        fields.Relationship("to", relation_to="books"), fields.Relationship("many", relation_to="books", has_many=True),
        fields.Relationship("poly", relation_to=["books", "users"]),
        fields.Relationship("polys", relation_to=["books", "users"], has_many=True),
        fields.Group("print", fields=[fields.Text("place"), fields.Array("runs", fields=[fields.Number("size")])]),
        fields.Array("rows", fields=[
            fields.Text("word"), fields.Checkbox("sure"), fields.Text("tags", has_many=True),
            fields.Group("deep", fields=[fields.Text("word")]), fields.Text("pin", access={"read": is_boss}),
            fields.Array("sub", fields=[fields.Relationship("to", relation_to="books"), fields.Text("leaf")]),
        ]),
        fields.Text("bossOnly", access={"read": is_boss}), fields.Text("hush", hidden=True),
        fields.Group("vault", access={"read": is_boss}, fields=[fields.Text("pin")]),
        fields.Text("card", hooks={"after_read": masked}), fields.Text("made", virtual=True),
    ],
)  # fmt: skip
ONE = {
    "title": "One", "pages": 10, "shut": False, "day": "2026-01-01T00:00:00.000Z", "genres": ["b", "a"],
    "tags": ["x", "y"], "to": None, "many": [1, 2], "poly": {"relationTo": "users", "value": 1},
    "polys": [{"relationTo": "books", "value": 1}], "print": {"place": "Bern", "runs": [{"size": 2}, {"size": 1}]},
    "rows": [{"word": "b", "sure": True, "tags": ["q"], "deep": {"word": "d"}, "pin": "1",
              "sub": [{"to": 2, "leaf": "z"}, {"leaf": "k"}]}],
    "bossOnly": "secret", "hush": "secret", "vault": {"pin": "secret"}, "card": "1234", "data": {"a": 1},
}  # fmt: skip
TWO = {
    "title": "Two", "pages": 10, "genres": ["b"], "tags": ["y"], "to": 1, "many": [1],
    "poly": {"relationTo": "users", "value": 1}, "rows": [{"word": "a"}, {"word": "b"}],
}  # fmt: skip
VALUES: list[tuple[str, list[Any]]] = [
    ("title", ["One", "Two"]), ("pages", [10]), ("shut", [False]), ("day", ["2026-01-01T00:00:00.000Z"]),
    ("genres", ["a", "b"]), ("tags", ["x", "y"]), ("to", [1]), ("many", [1, 2]),
    ("poly", [{"relationTo": "users", "value": 1}]), ("polys", [{"relationTo": "books", "value": 1}]),
    ("print.place", ["Bern"]), ("print.runs.size", [1, 2]), ("rows.word", ["a", "b"]), ("rows.sure", [True]),
    ("rows.tags", ["q"]), ("rows.deep.word", ["d"]), ("rows.sub.leaf", ["k", "z"]), ("rows.sub.to", [2]),
]  # fmt: skip


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with watched(Config(collections=[BOOKS], max_limit=50)) as client:
        client.user("boss@example.com")
        client.create("books", {"title": "Closed", "shut": True, "rows": [{"word": "closed"}], "tags": ["closed"]})
        client.create("books", {**TWO, "to": None})
        client.create("books", ONE)
        client.update_document("books", 2, {"to": 1})
        yield client


@pytest.mark.parametrize(("path", "values"), VALUES, ids=[path for path, _ in VALUES])
def test_each_value_once_and_in_order(client: TestClient, path: str, values: list[Any]) -> None:
    """As documents show them; of lists and rows every element; null is no value; what may not be read has none."""
    page = client.get(f"/api/books/distinct?field={path}").json()
    assert page == {
        "values": [{path: value} for value in values], "totalDocs": len(values), "limit": 0, "page": 1, "totalPages": 1,
        "hasNextPage": False, "hasPrevPage": False, "nextPage": None, "prevPage": None, "pagingCounter": 1,
    }  # fmt: skip
    assert client.api().distinct("books", path) == values
    downwards = client.get(f"/api/books/distinct?field={path}&sort=-{path}").json()["values"]
    assert [value[path] for value in downwards] == values[::-1]


def test_a_page_of_them(client: TestClient) -> None:
    """As of documents: how many there are, and where one is."""
    page = client.get("/api/books/distinct?field=rows.word&limit=1&page=2").json()
    assert (page["values"], page["totalDocs"], page["totalPages"]) == ([{"rows.word": "b"}], 2, 2)
    assert (page["hasPrevPage"], page["hasNextPage"], page["prevPage"], page["nextPage"]) == (True, False, 1, None)
    first = client.get("/api/books/distinct?field=rows.word&limit=1").json()
    assert (first["values"], first["totalDocs"], first["nextPage"]) == ([{"rows.word": "a"}], 2, 2)
    beyond = client.get("/api/books/distinct?field=rows.word&limit=1&page=9").json()
    assert (beyond["values"], beyond["totalDocs"]) == ([], 2)


def test_only_of_what_matches(client: TestClient) -> None:
    """A where narrows the documents, not the elements of their lists."""
    found = client.get("/api/books/distinct?field=tags&where[title][equals]=One").json()["values"]
    assert found == [{"tags": "x"}, {"tags": "y"}]
    assert client.get("/api/books/distinct?field=tags&where[title][equals]=None").json()["totalDocs"] == 0


@pytest.mark.parametrize(
    "path",
    ["bossOnly", "hush", "vault.pin", "rows.pin", "card", "made", "nope", "print", "rows", "rows.nope", "data",
     "data.a", "to.title", "sessions", "", "id", "title;--", "rows..word", "print.runs"],
)  # fmt: skip
def test_what_has_no_values_to_tell_is_no_path(client: TestClient, path: str) -> None:
    """Hidden, unreadable, masked by a hook, no scalar or not there at all: the same refusal for each."""
    answer = client.get("/api/books/distinct", params={"field": path})
    assert answer.status_code == 400
    if path:
        assert answer.json()["errors"][0]["message"] == f"The following path cannot be queried: {path}"


def test_who_may_read_more_is_told_more(client: TestClient) -> None:
    """Rules of documents and of fields are asked of whoever asks."""
    boss = client.find("users").docs[0]
    answer = client.app.as_user(boss)
    assert client.run(answer.distinct("books", "bossOnly")) == ["secret"]
    assert client.run(answer.distinct("books", "rows.word")) == ["a", "b", "closed"]
    with pytest.raises(QueryError):
        client.run(answer.distinct("books", "hush"))
    assert client.system.distinct("books", "hush") == ["secret"]
    assert client.system.distinct("books", "card") == ["1234"]


@pytest.mark.parametrize(
    "query",
    ["", "field=", "field[]=title", "field=title&limit=-1", "field=title&limit=51", "field=title&limit=x",
     "field=title&sort=pages", "field=title&page=99999999999999999999", "field=title&where[nope][equals]=1",
     "field=title&where[bossOnly][equals]=secret"],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(client: TestClient, query: str) -> None:
    """A clear 400, never a failure."""
    answer = client.get(f"/api/books/distinct?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["message"]


def test_nobody_learns_of_a_collection_that_may_not_be_read() -> None:
    """The rule of the collection is asked first."""
    with TestClient(Config(collections=[Collection("books", fields=[fields.Text("title")])])) as client:
        assert client.get("/api/books/distinct?field=title").status_code == 403


def test_too_many_values_are_read_in_pages() -> None:
    """All at once there are no more than of documents."""
    books = Collection("books", access=anyone, fields=[fields.Text("tags", has_many=True)])
    with TestClient(Config(collections=[books], max_limit=5)) as client:
        client.create("books", {"tags": [str(number) for number in range(6)]})
        with pytest.raises(BadRequest, match="in pages"):
            client.system.distinct("books", "tags")
        assert client.system.find_distinct("books", "tags", limit=4, page=2).docs == [{"tags": "4"}, {"tags": "5"}]
