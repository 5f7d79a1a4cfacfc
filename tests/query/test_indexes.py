"""The index that is proposed for a query is one that SQLite then uses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from headless import Collection, Headless, Index, anyone, fields
from headless.operations.core import Asker
from headless.operations.find import Query, bound
from headless.query.indexes import lacking_indexes

UNSORTED = object()
"""A count, which has no order."""
CASES: list[tuple[Any, Any, list[tuple[str, ...]]]] = [
    (None, None, []),
    (None, "title", [("title",)]),
    (None, "title,status", []),
    ({"status": {"equals": "a"}}, None, [("status", "createdAt")]),
    ({"status": {"equals": "a"}}, "title", [("status", "title")]),
    ({"seo.words": {"equals": 3}}, "-id", [("seo.words",)]),
    ({"status": {"equals": "a"}, "title": {"equals": "b"}}, "-id", [("status", "title")]),
    ({"seo.words": {"greater_than": 3}}, "-id", []),
    ({"seo.words": {"greater_than": 3}}, UNSORTED, [("seo.words",)]),
    ({"status": {"in": ["a", "b"]}}, UNSORTED, [("status",)]),
    ({"or": [{"status": {"equals": "a"}}, {"title": {"equals": "b"}}]}, "-id", []),
    ({"or": [{"status": {"equals": "a"}}, {"title": {"equals": "b"}}]}, UNSORTED, [("status",), ("title",)]),
    ({"or": [{"status": {"equals": "a"}}, {"title": {"contains": "b"}}]}, UNSORTED, []),
    ({"status": {"equals": "a"}}, UNSORTED, [("status",)]),
    ({"title": {"contains": "a"}}, None, []),
    ({"code": {"equals": "a"}}, "title", []),
    ({"id": {"equals": 1}, "status": {"equals": "a"}}, None, []),
    ({"writer": {"equals": 1}}, None, []),
    ({"tags": {"equals": "a"}}, None, []),
    ({"rows.word": {"equals": "a"}}, None, []),
]


def application(indexes: list[tuple[str, ...]]) -> Headless:
    posts = Collection(
        "posts",
        access=anyone,
        fields=[
            fields.Text("title"),
            fields.Text("status"),
            fields.Text("code", unique=True),
            fields.Text("tags", has_many=True),
            fields.Group("seo", fields=[fields.Number("words")]),
            fields.Array("rows", fields=[fields.Text("word")]),
            fields.Relationship("writer", relation_to="users"),
        ],
        indexes=[Index(fields=names) for names in indexes],
    )
    return Headless(collections=[posts], database="sqlite:///:memory:", secret="a secret that is long enough")


async def asked(indexes: list[tuple[str, ...]], query: Query) -> tuple[list[tuple[str, ...]], list[str]]:
    """What is proposed with these indexes, and how SQLite finds what is asked for."""
    app = application(indexes)
    await app.startup()
    try:
        collection = app.core.collection("posts")
        statements, sort = app.core.statements, None
        if query.sort is UNSORTED:
            where, _ = await bound(Asker(app.core), collection, Query(query.where))
            statement = statements.count(collection, where)
        else:
            where, sort = await bound(Asker(app.core), collection, query)
            statement = statements.find(collection, collection.reader(), where, sort, limited=True)

        def explain(connection: sa.Connection) -> list[str]:
            values = (None,) * statement.sql.count("?")
            return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", values)]

        return lacking_indexes(collection, where, sort), await app.database.inspect(explain)
    finally:
        await app.aclose()


@pytest.mark.parametrize(("where", "sort", "proposed"), CASES)
def test_what_is_proposed(where: Any, sort: Any, proposed: list[tuple[str, ...]]) -> None:
    """Equalities first, the sort last; nothing where no index helps or one is there. It names real fields."""
    query = Query(where=where, sort=sort)
    lacking, _ = asyncio.run(asked([], query))
    assert lacking == proposed
    again, plan = asyncio.run(asked(lacking, query))
    assert again == []
    if proposed:
        assert any("INDEX ix_posts_" in line for line in plan), plan
        assert not any(line.startswith("SCAN posts") and "INDEX" not in line for line in plan), plan


def test_equalities_and_a_sort_are_one_search() -> None:
    """With the proposed index nothing is scanned and nothing is sorted."""
    query = Query(where={"status": {"equals": "a"}})
    lacking, _ = asyncio.run(asked([], query))
    _, plan = asyncio.run(asked(lacking, query))
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH posts USING INDEX ix_posts_status_createdAt")
