"""Additive changes of the schema are made, destructive ones reported, and no declared index is ever missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from headless.database import SQLiteDatabase, Statement, Store, schema
from headless.errors import ConfigError
from tests.database.posts import metadata


def declare(*columns: sa.Column[Any], index: Callable[[sa.Table], Any] = lambda pages: None) -> list[sa.Table]:
    """The tables of a project with two collections: `authors`, and `pages` with these columns and indexes."""
    declared = sa.MetaData()
    authors = sa.Table("authors", declared, sa.Column("id", sa.Integer, primary_key=True))
    pages = sa.Table("pages", declared, sa.Column("id", sa.Integer, primary_key=True), *columns)
    index(pages)
    return [authors, pages]


def text(name: str = "title", **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, **options)


def author(on_delete: str = "SET NULL") -> sa.Column[Any]:
    return sa.Column("author", sa.Integer, sa.ForeignKey("authors.id", ondelete=on_delete))


async def change(database: SQLiteDatabase, tables: list[sa.Table]) -> list[str]:
    """Makes the change and tells what it consisted of."""
    steps = await schema.plan(database, tables)
    await schema.apply(database, tables)
    assert await schema.plan(database, tables) == []
    return [step.description for step in steps]


async def run(database: SQLiteDatabase, *statements: str) -> None:
    def call(connection: sa.Connection) -> None:
        for sql in statements:
            connection.exec_driver_sql(sql)

    await database.call_writer(call)


async def run_checked(database: SQLiteDatabase, sql: str) -> None:
    """As operations write, with what refers to a row in step."""

    def store() -> Store[None]:
        yield Statement(sql, writes=frozenset({"pages", "authors"})), ()

    await database.store(store)


async def rows(database: SQLiteDatabase, sql: str) -> list[Any]:
    return await database.read(Statement(sql))


async def test_declared_tables_are_made_once(database: SQLiteDatabase) -> None:
    """A database that is as declared needs no change, whatever kinds of columns and indexes it has."""
    assert await schema.plan(database, metadata.sorted_tables) == []
    tables = declare(
        text(nullable=False, server_default="it's"),
        sa.Column("rating", sa.Numeric),
        sa.Column("meta", sa.JSON),
        sa.Column("done", sa.Boolean, nullable=False, server_default=sa.text("0")),
        author("CASCADE"),
        index=lambda pages: (
            sa.Index("ix_title", pages.c.title.desc(), pages.c.id),
            sa.Index("ux_slug", database.dialect.json_value(pages.c.meta, ["seo", "slug"]), unique=True),
            sa.Index("ix_folded", database.dialect.fold(pages.c.title)),
            sa.Index("ix_done", pages.c.rating, sqlite_where=pages.c.done),
        ),
    )
    assert await change(database, tables) == ["create table authors", "create table pages"]


async def test_tables_may_refer_to_each_other(database: SQLiteDatabase) -> None:
    """In a circle, and in any order."""
    declared = sa.MetaData()
    one = sa.Table(
        "one", declared, sa.Column("id", sa.Integer, primary_key=True), sa.Column("other", sa.ForeignKey("two.id"))
    )
    two = sa.Table(
        "two", declared, sa.Column("id", sa.Integer, primary_key=True), sa.Column("other", sa.ForeignKey("one.id"))
    )
    assert await change(database, [one, two]) == ["create table one", "create table two"]


async def test_new_columns_are_added(database: SQLiteDatabase) -> None:
    """Rows that are there get the default, or nothing; a reference is one from then on."""
    await change(database, declare(text()))
    await run(database, "INSERT INTO pages (title) VALUES ('a page')")
    added = declare(text(), text("kind", nullable=False, server_default="it's"), text("note"), author())
    assert await change(database, added) == [
        "add column pages.kind", "add column pages.note", "add column pages.author",
    ]  # fmt: skip
    assert await rows(database, "SELECT title, kind, note, author FROM pages") == [("a page", "it's", None, None)]
    with pytest.raises(sqlite3.IntegrityError):
        await run(database, "UPDATE pages SET author = 99")


async def test_indexes_are_made_replaced_and_dropped(database: SQLiteDatabase) -> None:
    """By name and SQL, expressions too; uniqueness of one holds in between."""
    slug = database.dialect.json_value
    await change(database, declare(text(), sa.Column("meta", sa.JSON)))
    unique = declare(
        text(), sa.Column("meta", sa.JSON),
        index=lambda pages: sa.Index("ux_slug", slug(pages.c.meta, ["slug"]), unique=True),
    )  # fmt: skip
    assert await change(database, unique) == ["create index ux_slug"]
    await run(database, """INSERT INTO pages (meta) VALUES ('{"slug": "taken"}')""")
    with pytest.raises(sqlite3.IntegrityError):
        await run(database, """INSERT INTO pages (meta) VALUES ('{"slug": "taken"}')""")
    other = declare(
        text(), sa.Column("meta", sa.JSON),
        index=lambda pages: (
            sa.Index("ux_slug", slug(pages.c.meta, ["url"]), unique=True),
            sa.Index("ix_title", pages.c.title),
        ),
    )  # fmt: skip
    assert await change(database, other) == ["create index ix_title", "replace index ux_slug"]
    assert await change(database, declare(text(), sa.Column("meta", sa.JSON))) == [
        "drop index ix_title", "drop index ux_slug",
    ]  # fmt: skip


async def test_an_index_that_was_lost_is_made_again(database: SQLiteDatabase) -> None:
    """Whoever dropped it."""
    tables = declare(text(), index=lambda pages: sa.Index("ix_folded", database.dialect.fold(pages.c.title)))
    await change(database, tables)
    await run(database, "DROP INDEX ix_folded")
    assert await change(database, tables) == ["create index ix_folded"]


@pytest.mark.parametrize(
    ("declared", "described", "remedy"),
    [
        (tuple, "column pages.title is no longer declared: drop it with its values", "put the field back"),
        (lambda: (text(nullable=False),), "change column pages.title from text to text required", "become required"),
        (lambda: (text(), text("needed", nullable=False)), "add column pages.needed", "give it a default"),
    ],
)
async def test_what_would_lose_values_is_only_reported(
    database: SQLiteDatabase, declared: Callable[[], Sequence[sa.Column[Any]]], described: str, remedy: str
) -> None:
    """With what to do; asked to do it all the same, the runner refuses, and does nothing else either."""
    await change(database, declare(text()))
    tables = declare(*declared(), text("added"))
    steps = await schema.plan(database, tables)
    (refused,) = [step for step in steps if step.destructive]
    assert refused.description == described
    assert remedy in refused.remedy
    with pytest.raises(ConfigError, match=described):
        await schema.apply(database, tables)
    assert await schema.plan(database, tables) == steps


async def test_what_happens_on_delete_is_changed(database: SQLiteDatabase) -> None:
    """It belongs to the column, which is made anew with its values and its index."""
    index = lambda pages: sa.Index("ix_author", pages.c.author)  # noqa: E731
    await change(database, declare(author("SET NULL"), index=index))
    await run(database, "INSERT INTO authors (id) VALUES (7)", "INSERT INTO pages (author) VALUES (7)")
    assert await change(database, declare(author("CASCADE"), index=index)) == [
        "change column pages.author from integer (on delete set null) to integer (on delete cascade)"
    ]
    assert await rows(database, "SELECT author FROM pages") == [(7,)]
    await run_checked(database, "DELETE FROM authors")
    assert await rows(database, "SELECT count(*) FROM pages") == [(0,)]


async def test_a_column_becomes_a_reference(database: SQLiteDatabase) -> None:
    """Its values and its indexes stay; one that leads nowhere stops the change."""
    index = lambda pages: sa.Index("ix_author", pages.c.author, pages.c.title)  # noqa: E731
    await change(database, declare(text(), sa.Column("author", sa.Integer), index=index))
    await run(database, "INSERT INTO pages (title, author) VALUES ('a page', 7)")
    tables = declare(text(), author("CASCADE"), index=index)
    steps = await schema.plan(database, tables)
    with pytest.raises(ConfigError, match=r"column pages\.author: 1 rows .* \(1: there is no authors 7\)"):
        await schema.apply(database, tables)
    assert await schema.plan(database, tables) == steps
    await run(database, "INSERT INTO authors (id) VALUES (7)")
    assert await change(database, tables) == ["change column pages.author from integer to integer (on delete cascade)"]
    assert await rows(database, "SELECT title, author FROM pages") == [("a page", 7)]


async def test_rows_that_break_a_new_rule_stop_the_change(database: SQLiteDatabase) -> None:
    """All of it, with the reason."""
    await change(database, declare(text()))
    await run(database, "INSERT INTO pages (title) VALUES ('twice'), ('twice')")
    tables = declare(text(), text("added"), index=lambda pages: sa.Index("ux_title", pages.c.title, unique=True))
    steps = await schema.plan(database, tables)
    with pytest.raises(ConfigError, match=r"create index ux_title: the rows there do not allow it .*pages\.title"):
        await schema.apply(database, tables)
    assert await schema.plan(database, tables) == steps


async def test_an_index_lost_meanwhile_is_made_by_the_next_change(database: SQLiteDatabase) -> None:
    """Every change ends with every declared index."""
    tables = declare(text(), index=lambda pages: sa.Index("ix_title", pages.c.title))
    await change(database, tables)
    await run(database, "DROP INDEX ix_title")
    added = declare(text(), text("added"), index=lambda pages: sa.Index("ix_title", pages.c.title))
    assert await change(database, added) == ["add column pages.added", "create index ix_title"]


@pytest.mark.parametrize(
    "column",
    [
        lambda: text(index=True),
        lambda: text(unique=True),
        lambda: sa.Column("title", sa.ForeignKey("authors.id", deferrable=True, initially="DEFERRED")),
    ],
    ids=["index", "unique", "deferrable"],
)
async def test_nameless_indexes_and_late_checks_are_refused(
    database: SQLiteDatabase, column: Callable[[], sa.Column[Any]]
) -> None:
    """A nameless index cannot be compared, and a check at the commit would fail a whole group of writes."""
    with pytest.raises(ConfigError, match="pages"):
        await schema.plan(database, declare(column()))


async def test_tables_that_are_not_declared_are_left_alone(database: SQLiteDatabase) -> None:
    """They may be somebody else's."""
    await run(database, "CREATE TABLE theirs (id INTEGER)", "CREATE INDEX ix_theirs ON theirs (id)")
    await change(database, declare(text()))
    assert await rows(database, "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'theirs'") == [(2,)]
