"""Reading: pages, counts, distinct values, population, and how many statements each of them costs."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, QueryError, authenticated, fields
from headless.testing import TestClient
from tests.operations.watching import statements


def library() -> Config:
    """Books with an author, a publisher and shelves; authors and publishers have a town."""
    towns = Collection("towns", access="anyone", fields=[fields.Text("name")])
    people = [
        Collection(
            slug, access="anyone", fields=[fields.Text("name"), fields.Relationship("town", relation_to="towns")]
        )
        for slug in ("authors", "publishers")
    ]
    books = Collection("books", access="anyone", fields=[
        fields.Text("title"),
        fields.Relationship("author", relation_to="authors"),
        fields.Relationship("editors", relation_to="authors", has_many=True),
        fields.Relationship("by", relation_to=["authors", "publishers"]),
        fields.Array("reviews", fields=[fields.Relationship("critic", relation_to="authors"), fields.Text("words")]),
        fields.Number("pages"), fields.Checkbox("sold"),
        fields.Select("genres", has_many=True, options=["a", "b", "c"]),
        fields.Group("print", fields=[fields.Text("place")]),
    ])  # fmt: skip
    return Config(collections=[towns, *people, books])


def fill(client: TestClient, books: int = 12) -> None:
    for name in ("Ulm", "Bern"):
        client.create("towns", {"name": name})
    for number in range(4):
        client.create("authors", {"name": f"author {number}", "town": 1 + number % 2})
        client.create("publishers", {"name": f"publisher {number}", "town": 2})
    for number in range(books):
        of = ("authors", "publishers")[number % 2]
        client.create("books", {
            "title": f"book {number}", "author": 1 + number % 4,
            "editors": [1 + (number + 1) % 4, 1 + (number + 2) % 4],
            "by": {"relationTo": of, "value": 1 + number % 4}, "reviews": [{"critic": 1 + number % 3, "words": "fine"}],
            "pages": number % 3, "sold": number % 2 == 0, "genres": ["a", "b", "c"][: number % 4],
            "print": {"place": "x"},
        })  # fmt: skip


def _table(sql: str) -> str:
    return sql.partition("FROM ")[2].split()[0]


@pytest.mark.parametrize("number", [1, 10])
def test_population_is_one_query_for_each_target_and_level(number: int) -> None:
    """A list at depth 2 with five references: books, then authors and publishers, then the towns of either."""
    with TestClient(library()) as client:
        fill(client)
        client.find("books", limit=number, depth=2)
        with statements(client) as seen:
            page = client.find("books", limit=number, depth=2, pagination=False)
        book = page.docs[0]
        assert book["author"]["town"]["name"] in ("Ulm", "Bern")
        assert book["editors"][0]["town"]["name"] in ("Ulm", "Bern")
        assert book["by"]["value"]["town"]["name"] in ("Ulm", "Bern")
        assert book["reviews"][0]["critic"]["town"]["name"] in ("Ulm", "Bern")
        assert [_table(sql) for sql in seen.reads] == ["books", "authors", "publishers", "towns"]


def test_a_list_at_depth_0_is_one_query_and_its_count() -> None:
    """And the count is remembered until somebody writes."""
    with TestClient(library()) as client:
        fill(client)
        with statements(client) as seen:
            client.find("books", limit=5, depth=0)
        assert len(seen.reads) == 2
        with statements(client) as seen:
            client.find("books", limit=5, depth=0)
        assert len(seen.reads) == 1
        client.update_document("books", 1, {"title": "new"})
        with statements(client) as seen:
            client.find("books", limit=5, depth=0)
        assert len(seen.reads) == 2


def test_a_page_that_is_not_full_needs_no_count() -> None:
    """Its total is known without asking."""
    with TestClient(library()) as client:
        fill(client)
        with statements(client) as seen:
            assert client.find("books", limit=50, depth=0).total_docs == 12
        assert len(seen.reads) == 1


@pytest.mark.parametrize("size", [1, 200])
def test_a_document_of_any_size_is_written_with_the_same_number_of_statements(size: int) -> None:
    """200 rows and 200 references cost what one costs: the row, and the references in one."""
    with TestClient(library()) as client:
        fill(client, books=0)
        data = {"reviews": [{"critic": 1, "words": "x"}] * size, "editors": [1] * size}
        with statements(client) as seen:
            client.create("books", data, depth=0)
        assert len(seen.writes) == 2
        with statements(client) as seen:
            client.update_document("books", 1, {**data, "reviews": [{"critic": 2}] * size}, depth=0)
        assert len(seen.writes) == 3
        assert len(seen.reads) == 1
        with statements(client) as seen:
            client.update_document("books", 1, {"title": "x"}, depth=0)
        assert len(seen.writes) == 1


def test_an_update_writes_the_columns_that_changed() -> None:
    """And no others."""
    with TestClient(library()) as client:
        fill(client, books=1)
        with statements(client) as seen:
            client.update_document("books", 1, {"title": "new", "pages": 0}, depth=0)
        (sql,) = seen.writes
        assert "title" in sql
        assert "pages" not in sql.partition("WHERE")[0]
        assert "reviews" not in sql


def test_queries_that_differ_in_values_only_are_one_statement() -> None:
    """No value is ever part of a statement's text."""
    with TestClient(library()) as client:
        fill(client, books=3)
        with statements(client) as seen:
            for title in ("book 1", "x' OR 1=1 --", "%"):
                client.find("books", where={"title": {"equals": title}, "author.name": {"contains": title}}, depth=0)
        assert len(set(seen.reads)) == 1
        assert "OR 1=1" not in seen.reads[0]


def test_what_is_asked_again_is_remembered_for_everybody_only_where_everybody_may_ask() -> None:
    """A where on plain fields is bound once; one that names what not all may read is asked for each time."""
    secret = fields.Text("cost", access={"read": authenticated})
    people = Collection("people", auth=True, fields=[])
    posts = Collection("posts", access="anyone", fields=[fields.Text("title"), secret])
    with TestClient(Config(collections=[people, posts], admin={"user": "people"})) as client:
        somebody = client.user("ada@example.com", collection="people")
        for title in ("one", "two"):
            client.create("posts", {"title": title, "cost": title})
        asked = [
            f"/api/posts?where[{field}][equals]={value}" for field in ("title", "cost") for value in ("one", "two")
        ]
        for _ in range(2):
            found = [client.get(url, as_=somebody).json() for url in asked]
            assert [[doc["title"] for doc in page["docs"]] for page in found] == [["one"], ["two"]] * 2
            assert [client.get(url).status_code for url in asked] == [200, 200, 400, 400]
        assert {text[0] for text in client.app.collections["posts"].wheres} == {"title"}


def test_pages() -> None:
    """First, last, beyond, all: what each says of its place."""
    with TestClient(library()) as client:
        fill(client)
        first, last = client.find("books", limit=5, sort="id"), client.find("books", limit=5, page=3, sort="id")
        assert [doc["id"] for doc in first.docs] == [1, 2, 3, 4, 5]
        assert (first.total_docs, first.total_pages, first.has_next_page, first.next_page, first.prev_page) == (
            12,
            3,
            True,
            2,
            None,
        )
        assert [doc["id"] for doc in last.docs] == [11, 12]
        assert (last.has_next_page, last.next_page, last.prev_page, last.paging_counter) == (False, None, 2, 11)
        beyond = client.find("books", limit=5, page=9)
        assert (beyond.docs, beyond.total_docs, beyond.page) == ([], 12, 9)
        everything = client.find("books", limit=0)
        assert (len(everything.docs), everything.limit, everything.total_pages) == (12, 0, 1)


def test_counts() -> None:
    """Of all, of those that match, and through relations."""
    with TestClient(library()) as client:
        fill(client)
        assert client.system.count("books") == 12
        assert client.system.count("books", {"sold": {"equals": True}}) == 6
        assert client.system.count("books", {"author.town.name": {"equals": "Bern"}}) == 6
        assert client.system.count("books", {"reviews.critic.name": {"equals": "author 0"}}) == 4


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", [f"book {n}" for n in (0, 1, 2)]), ("pages", [0, 1, 2]), ("sold", [False, True]),
        ("author", [1, 2, 3]),
        ("genres", ["a", "b"]), ("print.place", ["x"]),
    ],
)  # fmt: skip
def test_distinct_values(field: str, values: list[Any]) -> None:
    """Each once, in order, as documents show them; of lists each element; null is no value."""
    with TestClient(library()) as client:
        fill(client, books=3)
        client.create("books", {})
        assert client.system.distinct("books", field) == values


def test_distinct_values_of_some() -> None:
    """Only of the documents that match; of what is no single value there are none."""
    with TestClient(library()) as client:
        fill(client, books=3)
        assert client.system.distinct("books", "title", {"pages": {"greater_than": 0}}) == ["book 1", "book 2"]
        for path in ("nope", "print", "reviews", "author.name"):
            with pytest.raises(QueryError):
                client.system.distinct("books", path)


def test_selecting_and_populating() -> None:
    """`select` keeps or leaves out, `populate` selects of the documents that references show."""
    with TestClient(library()) as client:
        fill(client, books=1)
        assert client.get_document("books", 1, depth=0, select={"title": True, "print": {"place": True}}) == {
            "id": 1, "title": "book 0", "print": {"place": "x"}
        }  # fmt: skip
        without = client.get_document("books", 1, depth=0, select={"title": False, "reviews": False})
        assert "title" not in without
        assert "pages" in without
        shown = client.get_document("books", 1, depth=1, populate={"authors": {"name": True}})
        assert shown["author"] == {"id": 1, "name": "author 0"}
        assert client.get_document("books", 1, depth=1)["author"]["town"] == 1


def test_reading_alters_nothing_that_is_remembered() -> None:
    """What a caller does to an answer is seen by nobody else."""
    with TestClient(library()) as client:
        fill(client, books=1)
        client.find("books").docs[0]["reviews"].clear()
        client.get_document("books", 1)["print"]["place"] = "elsewhere"
        again = client.get_document("books", 1)
        assert len(again["reviews"]) == 1
        assert again["print"] == {"place": "x"}
