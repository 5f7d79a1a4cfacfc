"""What a database says of its tables is what was declared: a change is planned alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from headless.database import SQLiteDatabase, schema, system
from headless.database.schema.catalog import catalog_of
from headless.errors import ConfigError

Call = Callable[[sa.Connection], None]


async def on_postgres(url: str, call: Call) -> None:
    """Calls in a schema of its own, which is gone afterwards."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("CREATE SCHEMA catalog_test")
            await connection.exec_driver_sql("SET search_path TO catalog_test")
            await connection.run_sync(call)
            await connection.rollback()
    finally:
        await engine.dispose()


def declared(**more: sa.types.TypeEngine[Any]) -> list[sa.Table]:
    """Two tables that refer to each other, with every kind of index."""
    metadata = sa.MetaData()
    people = sa.Table(
        "people", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("best", sa.ForeignKey("books.id"))
    )
    books = sa.Table(
        "books",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, nullable=False, server_default="it's"),
        sa.Column("createdAt", sa.Text),
        sa.Column("author", sa.Integer, sa.ForeignKey("people.id", ondelete="SET NULL")),
        *[sa.Column(name, type_) for name, type_ in more.items()],
        sqlite_autoincrement=True,
    )
    sa.Index("ix_books_createdAt", books.c.createdAt.desc(), books.c.id)
    there = books.c.author.is_not(None)
    sa.Index("ux_books_title", books.c.title, unique=True, sqlite_where=there, postgresql_where=there)
    return [people, books]


def check(connection: sa.Connection) -> None:
    """Makes the tables, and changes them in every way that loses nothing."""
    system.migrate(connection)
    assert system.migrate(connection) == len(system.STEPS)
    assert schema.compare(connection, system.metadata.sorted_tables) == []
    tables = declared()
    schema.bring(connection, tables)
    assert schema.compare(connection, tables) == []
    catalog = catalog_of(connection)
    assert catalog.counts("books")
    assert [*catalog.indexes_with("books", "title")] == ["ux_books_title"]
    assert [*catalog.indexes_with("books", "author")] == ["ux_books_title"]
    assert catalog.columns("books")["author"].references == (("people", "id", "SET NULL"),)

    connection.execute(sa.insert(tables[0]).values(id=7))
    connection.execute(sa.insert(tables[1]).values(title="a book", author=7))
    tables = declared(rating=sa.Numeric(), done=sa.Boolean(), meta=sa.JSON())
    sa.Index("ix_books_rating", tables[1].c.rating)
    steps = schema.compare(connection, tables)
    assert [step.kind for step in steps] == ["add_column"] * 3 + ["create_index"]
    schema.bring(connection, tables)
    assert schema.compare(connection, tables) == []

    (step,) = schema.compare(connection, declared(rating=sa.Numeric(), done=sa.Boolean(), meta=sa.JSON()))
    assert step.description == "drop index ix_books_rating"
    kept = declared(rating=sa.Numeric(), done=sa.Boolean())
    described = [step.description for step in schema.compare(connection, kept)]
    assert "column books.meta is no longer declared: drop it with its values" in described
    with pytest.raises(ConfigError, match=r"books\.meta"), connection.begin_nested():
        schema.bring(connection, kept)

    plain, refers = one(), one(sa.ForeignKey("books.id"))
    schema.bring(connection, [plain])
    connection.execute(sa.insert(plain).values(book=99))
    with pytest.raises(ConfigError, match=r"one\.book: 1 rows .* there is no books 99"), connection.begin_nested():
        schema.bring(connection, [refers])
    connection.execute(sa.update(plain).values(book=1))
    schema.bring(connection, [refers])
    assert schema.compare(connection, [refers]) == []
    assert catalog.columns("one")["book"].references == (("books", "id", "NO ACTION"),)


def one(*reference: sa.ForeignKey) -> sa.Table:
    """A table with a column that is a reference, or is none yet."""
    metadata = declared()[0].metadata
    made = sa.Table(
        "one", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("book", sa.Integer, *reference)
    )
    sa.Index("ix_one_book", made.c.book)
    return made


async def test_a_schema_is_planned_on_sqlite(database: SQLiteDatabase) -> None:
    """Made, compared, changed; what would lose values is only reported."""
    await database.call_writer(check)


@pytest.mark.postgres
async def test_a_schema_is_planned_on_postgresql(postgres_url: str) -> None:
    """By the same steps, in PostgreSQL's words."""
    await on_postgres(postgres_url, check)
