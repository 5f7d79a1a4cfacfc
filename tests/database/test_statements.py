"""Statements hold no values, know their tables and put values where they belong."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headless.database import SQLiteDatabase, Statement, StatementCache, compile_statement
from tests.database.posts import posts, users

VALUE: sa.BindParameter[Any] = sa.bindparam("value")


@pytest.mark.parametrize(
    "clause",
    [
        sa.select(posts).where(posts.c.title == "a value"),
        sa.select(posts).where(posts.c.id.in_([1, 2])),
        sa.select(posts).limit(10),
        sa.select(sa.literal("a value")),
        sa.select(sa.text("title")).select_from(posts),
        sa.select(sa.literal_column("'a value'")),
        sa.select(posts).where(sa.text("title = 'a value'")),
        sa.select(posts).where(posts.c.title == sa.bindparam("value", literal_execute=True)),
        sa.select(posts).where(posts.c.title == sa.bindparam("unknown")),
        sa.insert(posts).values(title="a value"),
        sa.update(posts).values(title=sa.func.coalesce(posts.c.title, "a value")),
    ],
    ids=lambda clause: " ".join(str(clause).split())[:60],
)
def test_a_value_in_the_tree_is_refused(clause: Any) -> None:
    """Values are bound by name; there is no way to write one into the text."""
    with pytest.raises(ValueError, match=r"not bound|text may not stand"):
        compile_statement(clause, ["value"])


def test_the_text_is_the_same_whatever_the_values() -> None:
    """A parameter stands as a question mark."""
    statement = compile_statement(sa.select(posts.c.id).where(posts.c.title == VALUE), ["value"])
    assert statement.sql.split() == ["SELECT", "posts.id", "FROM", "posts", "WHERE", "posts.title", "=", "?"]


def test_a_limit_is_one_parameter() -> None:
    """No parameter appears that the caller did not name."""
    statement = compile_statement(sa.select(posts.c.id).limit(sa.bindparam("limit")), ["limit"])
    assert statement.sql.count("?") == 1
    offset = compile_statement(sa.select(posts.c.id).offset(sa.bindparam("offset")), ["offset"])
    assert offset.sql.count("?") == 1


async def test_values_are_passed_in_the_order_of_the_names(database: SQLiteDatabase) -> None:
    """Whatever the order of the parameters in the text, and however often each occurs."""
    first: sa.BindParameter[Any] = sa.bindparam("first")
    second: sa.BindParameter[Any] = sa.bindparam("second")
    statement = compile_statement(sa.select(second, first, second), ["first", "second"])
    assert await database.read(statement, ("a", "b")) == [("b", "a", "b")]
    alone = compile_statement(sa.select(second), ["first", "second"])
    assert await database.read(alone, ("a", "b")) == [("b",)]
    none = compile_statement(sa.select(sa.null()), ["first"])
    assert await database.read(none, ("a",)) == [(None,)]


def test_a_statement_knows_the_tables_it_reads() -> None:
    """Also those that stand in a subquery, behind an alias, in a join, or only as the owner of a column."""
    alias = users.alias()
    within = sa.select(users.c.id).where(users.c.email == VALUE)
    for clause in (
        sa.select(posts.c.id).where(posts.c.author.in_(within)),
        sa.select(posts.c.id).join(alias, alias.c.id == posts.c.author),
        sa.select(posts.c.id).where(sa.exists(within.where(users.c.id == posts.c.author))),
        sa.select(sa.select(posts.c.id, users.c.email).subquery().c.id),
        sa.select(sa.func.count()).select_from(posts).join(users, users.c.id == posts.c.author),
    ):
        assert compile_statement(clause, ["value"]).reads == {"posts", "users"}


def test_a_recursive_statement_knows_its_tables() -> None:
    """A query that names itself is not walked for ever."""
    tree = sa.select(posts.c.id, posts.c.author).where(posts.c.id == VALUE).cte("tree", recursive=True)
    tree = tree.union_all(sa.select(posts.c.id, posts.c.author).join(tree, tree.c.author == posts.c.id))
    assert compile_statement(sa.select(tree), ["value"]).reads == {"posts"}


@pytest.mark.parametrize(
    "clause",
    [
        sa.insert(posts).values(title=VALUE),
        sa.insert(posts).from_select(["title"], sa.select(users.c.email)),
        sa.update(posts).where(posts.c.id == VALUE).values(title=sa.null()),
        sa.delete(posts).where(posts.c.author.in_(sa.select(users.c.id).where(users.c.email == VALUE))),
    ],
)
def test_a_statement_knows_the_table_it_writes(clause: Any) -> None:
    """The table of an INSERT, UPDATE or DELETE, not those it only looks at."""
    assert compile_statement(clause, ["value"]).writes == {"posts"}


def test_a_risky_statement_is_not_tried_on_the_event_loop() -> None:
    """What is known to take long goes to a thread at once; it is not called slow."""
    statement = compile_statement(sa.select(posts.c.id), [], risky=True)
    assert (statement.inline, statement.slow) == (False, False)


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    """It holds so many statements and no more."""
    cache = StatementCache(size=2)
    one, two, three = Statement("one"), Statement("two"), Statement("three")
    cache.put("one", one)
    cache.put("two", two)
    assert cache.get("one") is one
    assert cache.put("three", three) is three
    assert cache.get("two") is None
    assert (cache.get("one"), cache.get("three"), len(cache)) == (one, three, 2)
