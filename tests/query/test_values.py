"""Indexes inside rows: values kept in a table of their own, that follow the documents and answer queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Headless, Index, fields
from headless.testing import TestClient
from tests.operations.watching import rows, statements, tables

PEOPLE = Collection("people", access="anyone", fields=[fields.Text("name")])
FIELDS: list[Any] = [
    fields.Text("title", unique=True),
    fields.Text("kind", index=True),
    fields.Text("city"),
    fields.Number("year"),
    fields.Group("seo", fields=[fields.Text("word", index=True)]),
    fields.Relationship("author", relation_to="people"),
    fields.Relationship("readers", relation_to="people", has_many=True),
    fields.Array(
        "links",
        fields=[
            fields.Text("label", index=True),
            fields.Text("note"),
            fields.Group("size", fields=[fields.Number("width", index=True)]),
            fields.Text("tags", has_many=True, index=True),
            fields.Checkbox("shown", index=True),
            fields.Relationship("person", relation_to="people", index=True),
            fields.Array("parts", fields=[fields.Text("mark", index=True)]),
        ],
    ),
    fields.Blocks(
        "layout",
        blocks=[
            fields.Block("hero", fields=[fields.Text("heading", index=True)]),
            fields.Block("quote", fields=[fields.Text("heading", index=True), fields.Text("by")]),
        ],
    ),
]
POSTS = Collection(
    "posts", access="anyone", default_sort="id", fields=FIELDS, indexes=[Index(fields=["city", "year"], unique=False)]
)
CONFIG = Config(collections=[PEOPLE, POSTS])
DOCUMENTS: list[dict[str, Any]] = [
    {
        "title": "a",
        "links": [
            {"id": "a1", "label": "Home", "note": "x", "size": {"width": 3}, "tags": ["n", "m"], "person": 1},
            {"id": "a2", "label": "Shop", "note": "y", "size": {"width": 9}, "parts": [{"id": "p1", "mark": "deep"}]},
        ],
    },
    {"title": "b", "links": [{"id": "b1", "label": "Home", "note": "y", "size": {"width": 9}, "shown": True}]},
    {"title": "c", "layout": [{"id": "h1", "blockType": "quote", "heading": "Hi", "by": "Ada"}]},
]

ASKED: Mapping[str, Mapping[str, Any]] = {
    "ux_posts_title": {"title": {"equals": "a"}},
    "ix_posts_kind": {"kind": {"in": ["a", "b"]}},
    "ix_posts_seo__word": {"seo.word": {"equals": "a"}},
    "ix_posts_author": {"author": {"equals": 1}},
    "ix_posts_createdAt": {"createdAt": {"equals": "2030-01-01"}},
    "ix_posts_updatedAt": {"updatedAt": {"equals": "2030-01-01"}},
    "ix_posts_city_year": {"city": {"equals": "a"}, "year": {"greater_than": 1}},
    "ix_posts__refs_to_people": {"readers": {"equals": 1}},
    "ix_posts__values_links__label": {"links.label": {"equals": "Home"}},
    "ix_posts__values_links__size__width": {"links.size.width": {"greater_than": 3}},
    "ix_posts__values_links__tags": {"links.tags": {"in": ["n"]}},
    "ix_posts__values_links__shown": {"links.shown": {"exists": True}},
    "ix_posts__values_links__person": {"links.person": {"equals": 1}},
    "ix_posts__values_links__parts__mark": {"links.parts.mark": {"less_than": "e"}},
    "ix_posts__values_layout__hero__heading": {"layout.heading": {"equals": "Hi"}},
    "ix_posts__values_layout__quote__heading": {"layout.heading": {"equals": "Hi"}},
}
"""A query that each declared index is for."""
CHANGES = {"ix_posts__refs_source": "readers", "ix_posts__values_source": "links"}
"""A field whose change each index is for by which the rows of a document are found."""


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(CONFIG) as client:
        fill(client)
        yield client


def fill(client: TestClient) -> None:
    client.create("people", {"name": "Ada"})
    for document in DOCUMENTS:
        client.create("posts", document)


def found(client: TestClient, where: Mapping[str, Any]) -> str:
    return "".join(doc["title"] for doc in client.find("posts", where=where, depth=0).docs)


def plans(client: TestClient, texts: list[str]) -> str:
    """What the database does for some statements, of which it knows no values."""

    def explain(db: Any) -> list[str]:
        if db.dialect.name == "postgresql":
            return postgresql_plans(db, texts)
        return [
            line
            for sql in texts
            for *_, line in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).fetchall()
        ]

    async def read() -> list[str]:
        lines: list[str] = await client.app.database.inspect(explain)
        return lines

    return "\n".join(client.run(read()))


def postgresql_plans(db: Any, texts: list[str]) -> list[str]:
    """As if there were more documents than can be looked through."""
    for setting in ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"):
        db.exec_driver_sql(f"SET LOCAL {setting}")
    lines: list[str] = []
    for sql in texts:
        nothing = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", sql))))
        db.exec_driver_sql(f"PREPARE asked AS {sql}")
        lines += db.exec_driver_sql(f"EXPLAIN EXECUTE asked{f'({nothing})' if nothing else ''}").scalars()
        db.exec_driver_sql("DEALLOCATE asked")
    return lines


def values(client: TestClient, columns: str = 'source, "row", links__label') -> list[tuple[Any, ...]]:
    return rows(client, f"SELECT {columns} FROM posts__values WHERE links__label IS NOT NULL ORDER BY id")


def test_every_declared_index_is_used(client: TestClient) -> None:
    """An index that no query of its own kind uses would only cost; one that is asked by no row here fails too."""
    tables = [table for table in client.app.metadata.tables.values() if table.name.startswith("posts")]
    assert {index.name for table in tables for index in table.indexes} == {*ASKED, *CHANGES}
    for name, where in ASKED.items():
        with statements(client) as seen:
            found(client, where)
        assert re.search(rf"\b{name}\b", plans(client, seen.reads)), name
    for name, key in CHANGES.items():
        with statements(client) as seen:
            changed = {"readers": [1], "links": [{"label": name}]}[key]
            client.update_document("posts", 1, {key: changed})
        assert re.search(rf"\b{name}\b", plans(client, seen.writes)), name


SORTED: Mapping[str, str] = {"title": "ux_posts_title", "kind": "ix_posts_kind", "seo.word": "ix_posts_seo__word"}


@pytest.mark.parametrize("key", [*SORTED, "createdAt"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_sorted_list_follows_its_index(client: TestClient, sign: str, key: str) -> None:
    """In either direction: nothing has to be put in order but what is equal."""
    with statements(client) as seen:
        client.find("posts", sort=f"{sign}{key}", limit=2, depth=0)
    plan = plans(client, seen.reads)
    assert re.search(rf"\b{SORTED.get(key, f'ix_posts_{key}')}\b", plan), plan


@pytest.mark.sqlite
def test_a_query_on_an_indexed_leaf_reads_no_rows_it_does_not_need(client: TestClient) -> None:
    """It goes from the index to the documents, and opens no JSON."""
    with statements(client) as seen:
        assert found(client, {"links.label": {"equals": "Home"}}) == "ab"
    plan = plans(client, seen.reads)
    assert "json_each" not in plan
    assert "SEARCH posts USING INTEGER PRIMARY KEY" in plan


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"links.label": {"equals": "Home"}, "links.size.width": {"equals": 9}}, "b"),
        ({"links.label": {"equals": "Home"}, "links.note": {"equals": "y"}}, "b"),
        ({"and": [{"links.label": {"equals": "Home"}}, {"links.size.width": {"less_than": 9}}]}, "a"),
        ({"links.label": {"equals": "Shop"}, "links.parts.mark": {"equals": "deep"}}, "a"),
        ({"links.label": {"equals": "Home"}, "links.parts.mark": {"equals": "deep"}}, ""),
        ({"links.tags": {"all": ["n", "m"]}}, "a"),
        ({"links.tags": {"all": ["n", "q"]}}, ""),
        ({"or": [{"links.label": {"equals": "Shop"}}, {"links.shown": {"equals": True}}]}, "ab"),
        ({"links.label": {"not_equals": "Shop"}}, "bc"),
        ({"links.label": {"not_in": ["Home"]}}, "c"),
        ({"links.label": {"exists": False}}, "c"),
        ({"links.label": {"equals": None}}, "c"),
        ({"links.label": {"like": "hom"}}, "ab"),
        ({"layout.heading": {"equals": "Hi"}}, "c"),
        ({"layout.heading": {"equals": "Hi"}, "layout.by": {"equals": "Ada"}}, "c"),
        ({"layout.heading": {"equals": "Hi"}, "layout.blockType": {"equals": "hero"}}, ""),
        ({"layout.heading": {"not_equals": "Hi"}}, "ab"),
        ({"links.person.name": {"equals": "Ada"}}, "a"),
    ],
)
def test_what_is_found_is_what_the_rows_say(client: TestClient, where: Mapping[str, Any], expected: str) -> None:
    """What is ANDed holds of one row, a negation of no row, whether or not a leaf is indexed."""
    assert found(client, where) == expected


@pytest.mark.sqlite
def test_the_rest_of_a_row_is_looked_at_where_the_index_leads(client: TestClient) -> None:
    """One indexed leaf among several conditions narrows a query down, the one that tells the most."""
    with statements(client) as seen:
        found(client, {"links.size.width": {"greater_than": 1}, "links.label": {"equals": "Home"}})
    plan = plans(client, seen.reads)
    assert "ix_posts__values_links__label" in plan
    assert "ix_posts__values_links__size__width" not in plan


def test_values_follow_every_change_of_a_document(client: TestClient) -> None:
    """They are written with the document, with the ids of their rows, and go with it."""
    assert values(client) == [(1, "a1", "Home"), (1, "a2", "Shop"), (2, "b1", "Home")]
    client.update_document("posts", 1, {"links": [{"id": "a2", "label": "News"}]})
    assert values(client) == [(2, "b1", "Home"), (1, "a2", "News")]
    client.delete_document("posts", 2)
    assert values(client) == [(1, "a2", "News")]
    client.delete_document("people", 1)
    assert found(client, {"links.person": {"exists": True}}) == ""


def test_a_change_of_something_else_leaves_the_values_alone(client: TestClient) -> None:
    """And so does one of a field beside them in the same rows."""
    with statements(client) as seen:
        links = [{**row, "note": "new"} for row in client.get_document("posts", 1, depth=0)["links"]]
        client.update_document("posts", 1, {"kind": "k", "links": links})
    assert not [sql for sql in seen.writes if "posts__values" in sql]


def test_a_collection_without_such_leaves_has_no_table(client: TestClient) -> None:
    """What is not declared costs nothing."""
    assert "people__values" not in tables(client)
    with statements(client) as seen:
        client.create("people", {"name": "Eve"})
    assert len(seen.writes) == 1


def posts(*leaves: Any) -> Config:
    declared = [fields.Text("title"), fields.Array("links", fields=[*leaves])]
    return Config(collections=[Collection("posts", fields=declared, default_sort="id")])


LABEL, INDEXED = fields.Text("label"), fields.Text("label", index=True)
WIDTH = fields.Number("width", index=True)


def test_an_index_that_is_declared_later_knows_what_is_stored(tmp_path: Path) -> None:
    """The table is filled at the start that finds the new declaration, and again when it was not kept up in between."""
    database = f"sqlite:///{tmp_path}/shop.db"
    with TestClient(posts(LABEL, fields.Number("width")), database=database) as client:
        client.create("posts", {"title": "a", "links": [{"label": "Home", "width": 1}, {"label": "Shop"}]})
        client.create("posts", {"title": "b", "links": []})
    with TestClient(posts(INDEXED, fields.Number("width")), database=database) as client:
        assert [value[-1] for value in values(client)] == ["Home", "Shop"]
        assert found(client, {"links.label": {"equals": "Shop"}}) == "a"
    with TestClient(posts(INDEXED, WIDTH), database=database) as client:
        assert found(client, {"links.width": {"equals": 1}}) == "a"
        assert [value[-1] for value in values(client)] == ["Home", "Shop"]
    with TestClient(posts(LABEL, fields.Number("width")), database=database) as client:
        assert "posts__values" not in tables(client)
        client.update_document("posts", 2, {"links": [{"label": "Home"}]})
    with TestClient(posts(INDEXED, fields.Number("width")), database=database) as client:
        assert found(client, {"links.label": {"equals": "Home"}}) == "ab"


async def test_a_start_without_a_change_has_nothing_to_do(tmp_path: Path) -> None:
    """The table is made and filled once."""
    app = Headless(collections=[PEOPLE, POSTS], database=f"sqlite:///{tmp_path}/shop.db", secret="s" * 40)
    await app.startup()
    assert await app.schema_plan() == []
    await app.aclose()


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (fields.Text("label", unique=True), "cannot be unique"),
        (fields.Json("label", index=True), "only single values and lists of them"),
        (fields.Group("label", fields=[fields.Text("x")], index=True), "only single values and lists of them"),
    ],
)
def test_what_cannot_be_kept_inside_rows_is_refused(field: Any, problem: str) -> None:
    """With the place, when the application is made."""
    with pytest.raises(ConfigError, match=problem) as caught:
        TestClient(posts(field)).__enter__()
    assert "'links.label'" in str(caught.value)
