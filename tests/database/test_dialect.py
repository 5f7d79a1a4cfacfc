"""SQLite says JSON, lists, case and errors as the platform means them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headless.database import (
    Database,
    ForeignKey,
    NotNull,
    SQLiteDatabase,
    Statement,
    Store,
    Unique,
    compile_statement,
    schema,
)
from headless.errors import BadRequest
from headless.operators import fold
from tests.database.posts import ADD_POST, ADD_USER, DELETE_USER, add_post, posts, users

VALUE: sa.BindParameter[Any] = sa.bindparam("value")


async def answer(database: SQLiteDatabase, expression: Any, value: Any) -> Any:
    rows = await database.read(compile_statement(sa.select(expression), ["value"]), (value,))
    return rows[0][0]


async def test_sqlite_keeps_the_protocol_of_a_database(database: SQLiteDatabase) -> None:
    """The seam is one that another database can be put behind."""
    behind_the_seam: Database = database
    assert behind_the_seam.dialect.name == "sqlite"


@pytest.mark.parametrize("value", ["GROSS", "ÄÖÜ", "İstanbul", "ΣΊΣΥΦΟΣ", "ǅ", 12, 4.5, 2.0, None])
async def test_case_is_folded_as_in_memory(database: SQLiteDatabase, value: Any) -> None:
    """One definition: Python's `str.lower`, and numbers as text."""
    expected = None if value is None else fold(value)
    assert await answer(database, database.dialect.fold(VALUE), value) == expected


async def test_a_list_is_one_parameter(database: SQLiteDatabase) -> None:
    """Its length does not change the statement, and anything may be in it."""
    dialect = database.dialect
    statement = compile_statement(
        sa.select(dialect.in_list(sa.bindparam("item"), sa.bindparam("items"))), ["item", "items"]
    )
    for items in ([], [1, 2], ["a'b", '"', "ä", None], list(range(1000))):
        for item in (1, "a'b", '"', "ä", 999):
            found = (await database.read(statement, (item, dialect.encode_list(items))))[0][0]
            assert found == (item in items) or (found is None and None in items)


async def test_the_items_of_an_array_are_rows(database: SQLiteDatabase) -> None:
    """In their order."""
    rows = database.dialect.json_rows(VALUE, "items")
    statement = compile_statement(sa.select(rows.c.value).order_by(rows.c.key), ["value"])
    assert await database.read(statement, ('["a",2,null]',)) == [("a",), (2,), (None,)]


@pytest.mark.parametrize("path", [("",), ("a'b",), ('a"b',), ("a.b",), ("a", "$"), ("a b",), ("ä",), ("a\n",)])
async def test_only_names_make_a_path(database: SQLiteDatabase, path: tuple[str, ...]) -> None:
    """A path is written into the statement, so nothing that could end it gets in."""
    with pytest.raises(ValueError, match="not a path"):
        database.dialect.json_value(posts.c.meta, path)


async def test_an_index_on_a_path_serves_the_query(database: SQLiteDatabase) -> None:
    """Index and query write the path with the same bytes."""
    metadata = sa.MetaData()
    authors, indexed = users.to_metadata(metadata), posts.to_metadata(metadata)
    expression = database.dialect.json_value(indexed.c.meta, ["seo", "pt-BR"])
    sa.Index("ix_path", expression)
    await schema.apply(database, [authors, indexed])
    query = compile_statement(sa.select(indexed.c.id).where(expression == VALUE), ["value"])
    plan = await database.read(Statement(f"EXPLAIN QUERY PLAN {query.sql}"), ("x",))
    assert "USING INDEX ix_path" in plan[0][-1]


async def test_json_columns_keep_text(database: SQLiteDatabase) -> None:
    """The JSON text `1` comes back as text, not as a number."""
    column_type = sa.JSON().compile(dialect=database.dialect.sqlalchemy)
    assert column_type == "TEXT"


async def test_null_comes_first(database: SQLiteDatabase) -> None:
    """In ascending order, as SQLite has it."""
    rows = database.dialect.json_rows(VALUE)
    statement = compile_statement(sa.select(rows.c.value).order_by(rows.c.value), ["value"])
    assert await database.read(statement, ('[2,null,1,"a"]',)) == [(None,), (1,), (2,), ("a",)]


async def failure(database: SQLiteDatabase, statement: Statement, *values: Any) -> Any:
    def store() -> Store[None]:
        yield statement, values

    with pytest.raises(Exception) as raised:
        await database.store(store)
    return database.dialect.classify(raised.value)


async def test_errors_say_what_was_violated(database: SQLiteDatabase) -> None:
    """So that an operation can say it in the words of its fields."""
    await database.store(lambda: add_post("taken"))
    assert await failure(database, ADD_POST, "taken", None) == Unique("posts", ("title",))
    assert await failure(database, ADD_POST, "free", 99) == ForeignKey()
    assert await failure(database, ADD_USER, None) == NotNull("users", "email")
    assert database.dialect.classify(KeyError()) is None


async def test_a_violated_index_on_an_expression_is_named(database: SQLiteDatabase) -> None:
    """SQLite tells no columns then."""
    sql = "CREATE UNIQUE INDEX ux_lower ON posts (headless_fold(title))"
    await database.call_writer(lambda connection: connection.exec_driver_sql(sql))
    await database.store(lambda: add_post("Taken"))
    assert await failure(database, ADD_POST, "TAKEN", None) == Unique(index="ux_lower")


async def test_foreign_keys_are_enforced(database: SQLiteDatabase) -> None:
    """What something points to cannot be deleted when the reference restricts it."""

    def store() -> Store[int]:
        rows = yield ADD_USER, ("a@example.com",)
        yield ADD_POST, ("a post", rows[0][0])
        return int(rows[0][0])

    user = await database.store(store)
    assert await failure(database, DELETE_USER, user) == ForeignKey()


@pytest.mark.parametrize("value", ["\ud800", 10**5000, 2**63], ids=["surrogate", "5000 digits", "65 bits"])
async def test_what_no_column_holds_is_the_askers_mistake(database: SQLiteDatabase, value: Any) -> None:
    """In a read, in a store, and inside a transaction: a 400, not a 500."""
    with pytest.raises(BadRequest):
        await answer(database, VALUE, value)
    with pytest.raises(BadRequest):
        await database.store(lambda: add_post(value))
    async with database.transaction():
        with pytest.raises(BadRequest):
            await database.store(lambda: add_post(value))
        with pytest.raises(BadRequest):
            await answer(database, VALUE, value)
