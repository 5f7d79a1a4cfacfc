"""Changes of the schema: what the declared tables differ in from the database's, and the additive part, done.

Columns that went away or changed their type are reported with what to do, never touched.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from headless.database.sqlite import SQLiteDatabase
from headless.database.sqlite_dialect import SQLALCHEMY
from headless.errors import ConfigError

DERIVED: Final = "derived"
"""In a table's `info`: what it holds is made of other tables, so that a column nobody declares is no loss to leave."""
LISTED: Final = "listed"
"""In a foreign key's `info`: the table, and the `path` in it, where its references stood when it was none."""
FILL: Final = "fill"
"""In the `info` of a table that is made of others: the function that writes its rows, given a connection."""
MADE_OF_IT: Final = "made of it"
"""In the `info` of a table: the names of those that may be made of it. One that is not declared is dropped."""
COPY: Final = "make a new collection and copy the documents"
COPY_VALUES: Final = "declare a new field under another name and copy the values"

_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One difference. `sql` removes it; a `destructive` one has none, and a `remedy` instead.

    `kind` is `create_table`, `replace_table`, `drop_table`, `add_column`, `add_reference`, `create_index`,
    `replace_index`, `drop_index`, `change_column` or `drop_column`. `indexes` are the names and SQL of all indexes
    declared for the table. `fill` writes the rows of a table that is made of others.
    """

    kind: str
    table: str
    description: str
    sql: tuple[str, ...] = ()
    destructive: bool = False
    remedy: str = ""
    indexes: tuple[tuple[str, str], ...] = ()
    fill: Callable[[sqlite3.Connection], None] | None = None


async def plan(database: SQLiteDatabase, tables: Sequence[sa.Table]) -> list[SchemaStep]:
    """What it takes to bring the database to the declared tables; empty when it is there.

    Tables that are not declared are left alone. Raises ConfigError for a declaration with a nameless index.
    """
    return await database.inspect(lambda connection: compare(connection, tables))


async def apply(database: SQLiteDatabase, steps: Sequence[SchemaStep]) -> None:
    """Takes the steps in one transaction; unless every index declared for their tables exists then, none.

    Raises ConfigError when a step is destructive or the rows that are there do not allow it.
    """
    refused = [f"{step.description}: {step.remedy}" for step in steps if step.destructive]
    if refused:
        raise ConfigError(refused)
    if steps:
        await database.call_writer(lambda connection: perform(connection, steps))


def compare(connection: sqlite3.Connection, tables: Sequence[sa.Table]) -> list[SchemaStep]:
    """`plan` on a connection."""
    _refuse_nameless(tables)
    existing = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    steps: list[SchemaStep] = []
    for table in tables:
        if table.name not in existing:
            steps.append(_create_table(table))
        elif FILL in table.info and not _has_its_columns(connection, table):
            steps.append(_create_table(table, again=True))
        else:
            steps += _compare_columns(connection, table)
            steps += _compare_indexes(connection, table)
    return [*steps, *_without_use(tables, existing)]


def _create_table(table: sa.Table, *, again: bool = False) -> SchemaStep:
    indexes = _declared_indexes(table)
    sql = (_sql(_create(table)), *(sql for _, sql in indexes))
    fill = table.info.get(FILL)
    if again:
        sql = (f"DROP TABLE {_quoted(table.name)}", *sql)
        description = f"make table {table.name} anew of the documents"
        return SchemaStep("replace_table", table.name, description, sql, indexes=indexes, fill=fill)
    return SchemaStep("create_table", table.name, f"create table {table.name}", sql, indexes=indexes, fill=fill)


def _has_its_columns(connection: sqlite3.Connection, table: sa.Table) -> bool:
    return _existing_columns(connection, table.name) == {column.name: _shape(column) for column in table.columns}


def _without_use(tables: Sequence[sa.Table], existing: set[str]) -> Iterator[SchemaStep]:
    """Tables that are made of declared ones and no longer declared: nobody would keep them as they have to be."""
    declared = {table.name for table in tables}
    for name in [name for table in tables for name in table.info.get(MADE_OF_IT, ())]:
        if name in existing and name not in declared:
            yield SchemaStep("drop_table", name, f"drop table {name}", (f"DROP TABLE {_quoted(name)}",))


def perform(connection: sqlite3.Connection, steps: Sequence[SchemaStep]) -> None:
    """`apply` on a connection that has begun a transaction."""
    for step in steps:
        for sql in step.sql:
            try:
                connection.execute(sql)
            except sqlite3.IntegrityError as error:
                raise ConfigError(
                    f"{step.description}: the rows there do not allow it ({error}); change them first"
                ) from error
        if step.fill is not None:
            step.fill(connection)
    for step in steps:
        missing = sorted(set(step.indexes) - set(_existing_indexes(connection, step.table).items()))
        if missing:
            names = ", ".join(name for name, _ in missing)
            raise ConfigError(f"table {step.table}: after the change these indexes were not as declared: {names}")


def _compare_columns(connection: sqlite3.Connection, table: sa.Table) -> Iterator[SchemaStep]:
    existing = _existing_columns(connection, table.name)
    for column in table.columns:
        found = existing.pop(column.name, None)
        if found is None:
            yield _add_column(table, column)
        elif found != _shape(column):
            yield _change_column(connection, table, column, found)
        elif column.primary_key and _counts(table) and not _is_counted(connection, table.name):
            yield SchemaStep(
                "change_column", table.name,
                f"column {table.name}.{column.name} is declared to be counted, and has been chosen so far",
                destructive=True, remedy=f"{COPY}, or undo the declaration",
            )  # fmt: skip
    for name in existing if not table.info.get(DERIVED) else ():
        yield SchemaStep(
            "drop_column", table.name, f"column {table.name}.{name} is no longer declared", destructive=True,
            remedy="put the field back, or, when its values are not needed: "
            f"ALTER TABLE {_quoted(table.name)} DROP COLUMN {_quoted(name)}",
        )  # fmt: skip


def _change_column(connection: sqlite3.Connection, table: sa.Table, column: sa.Column[Any], found: Shape) -> SchemaStep:
    if found == (*_shape(column)[:3], ()) and not _why_not_added(column):
        return _add_reference(connection, table, column)
    return SchemaStep(
        "change_column", table.name,
        f"column {table.name}.{column.name} is {_words(found)}, declared {_words(_shape(column))}",
        destructive=True,
        remedy=f"{COPY if column.primary_key else COPY_VALUES}, or undo the declaration",
    )  # fmt: skip


def _add_reference(connection: sqlite3.Connection, table: sa.Table, column: sa.Column[Any]) -> SchemaStep:
    """A column cannot become a foreign key: a new one takes its values over, each of which is looked up then."""
    name, own, old = _quoted(table.name), _quoted(column.name), _quoted(f"{column.name}__plain")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL AND EXISTS"
        " (SELECT 1 FROM pragma_index_info(sqlite_master.name) AS place WHERE place.name = ?2)",
        (table.name, column.name),
    ).fetchall()
    sql = (
        *(f"DROP INDEX {_quoted(index)}" for index, _ in indexes),
        f"ALTER TABLE {name} RENAME COLUMN {own} TO {old}",
        _added(table, column),
        f"UPDATE {name} SET {own} = {old}",  # noqa: S608
        f"ALTER TABLE {name} DROP COLUMN {old}",
        *(made for _, made in indexes),
        *_unlisted(connection, column),
    )
    description = f"make column {table.name}.{column.name} a reference"
    return SchemaStep("add_reference", table.name, description, sql, indexes=_declared_indexes(table))


def _unlisted(connection: sqlite3.Connection, column: sa.Column[Any]) -> Iterator[str]:
    """Takes the references that are in the column from now on out of the table where they were before."""
    listed, path = column.info.get(LISTED, ("", ""))
    if _existing_columns(connection, listed):
        text = path.replace("'", "''")
        yield f"DELETE FROM {_quoted(listed)} WHERE path = '{text}'"  # noqa: S608


def _add_column(table: sa.Table, column: sa.Column[Any]) -> SchemaStep:
    description = f"add column {table.name}.{column.name}"
    refusal = _why_not_added(column)
    if refusal:
        return SchemaStep("add_column", table.name, description, destructive=True, remedy=refusal)
    return SchemaStep("add_column", table.name, description, (_added(table, column),), indexes=_declared_indexes(table))


def _added(table: sa.Table, column: sa.Column[Any]) -> str:
    text = SQLALCHEMY.ddl_compiler(SQLALCHEMY, _create(table)).get_column_specification(column)
    return f"ALTER TABLE {_quoted(table.name)} ADD COLUMN {text}"


def _why_not_added(column: sa.Column[Any]) -> str:
    if column.primary_key:
        return f"a table cannot get another primary key: {COPY}"
    if not column.nullable and column.server_default is None:
        return "the rows that are there would have no value: make it optional, or give it a default"
    if column.foreign_keys and column.server_default is not None:
        return "a reference cannot be added with a default value: leave the default out"
    return ""


def _compare_indexes(connection: sqlite3.Connection, table: sa.Table) -> Iterator[SchemaStep]:
    existing = _existing_indexes(connection, table.name)
    declared = _declared_indexes(table)
    for name, sql in declared:
        found = existing.pop(name, None)
        if found is None:
            yield SchemaStep("create_index", table.name, f"create index {name}", (sql,), indexes=declared)
        elif found != sql:
            replaced = (f"DROP INDEX {_quoted(name)}", sql)
            yield SchemaStep("replace_index", table.name, f"replace index {name}", replaced, indexes=declared)
    for name in existing:
        sql = f"DROP INDEX {_quoted(name)}"
        yield SchemaStep("drop_index", table.name, f"drop index {name}", (sql,), indexes=declared)


Shape = tuple[str, bool, bool, tuple[tuple[str, str, str], ...]]
"""A column's type, whether it must have a value, whether it is the key, its (table, column, on delete)."""


def _shape(column: sa.Column[Any]) -> Shape:
    references = sorted(
        (key.column.table.name, key.column.name, (key.ondelete or "NO ACTION").upper()) for key in column.foreign_keys
    )
    type_ = column.type.compile(dialect=SQLALCHEMY).upper()
    # SQLite calls a primary key nullable unless it is told otherwise; SQLAlchemy never does.
    return type_, not column.nullable and not column.primary_key, column.primary_key, tuple(references)


def _counts(table: sa.Table) -> bool:
    return bool(table.dialect_options["sqlite"]["autoincrement"])


def _is_counted(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a deleted key never returns."""
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    return "AUTOINCREMENT" in sql.upper()


def _existing_columns(connection: sqlite3.Connection, table: str) -> dict[str, Shape]:
    references: dict[str, list[tuple[str, str, str]]] = {}
    for row in connection.execute('SELECT "from", "table", "to", on_delete FROM pragma_foreign_key_list(?)', (table,)):
        references.setdefault(row[0], []).append((row[1], row[2] or "id", row[3].upper()))
    rows = connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,))
    return {
        name: (type_.upper(), bool(not_null and not key), bool(key), tuple(sorted(references.get(name, ()))))
        for name, type_, not_null, key in rows
    }


def _existing_indexes(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (table,),
    )
    return {name: _normal(sql) for name, sql in rows}


def _declared_indexes(table: sa.Table) -> tuple[tuple[str, str], ...]:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    return tuple((str(index.name), _normal(_sql(CreateIndex(index)))) for index in indexes)


def _refuse_nameless(tables: Sequence[sa.Table]) -> None:
    problems = []
    for table in tables:
        for column in table.columns:
            if column.index or column.unique:
                problems.append(
                    f"column {table.name}.{column.name}: declare a named sa.Index instead of index or unique"
                )
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint):
                problems.append(f"table {table.name}: declare a named, unique sa.Index instead of a UniqueConstraint")
            if isinstance(constraint, sa.ForeignKeyConstraint) and constraint.deferrable:
                # It would fail at the commit, and with it whoever else is in the group.
                problems.append(f"table {table.name}: a foreign key may not be deferrable")
        problems += [f"table {table.name}: an index has no name" for index in table.indexes if index.name is None]
    if problems:
        raise ConfigError(problems)


def _create(table: sa.Table) -> CreateTable:
    return CreateTable(table, include_foreign_key_constraints=())


def _sql(element: sa.schema.ExecutableDDLElement) -> str:
    return str(element.compile(dialect=SQLALCHEMY)).strip()


def _normal(sql: str) -> str:
    return _SPACE.sub(" ", sql).strip()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _words(shape: Shape) -> str:
    type_, required, key, references = shape
    parts = [type_.lower() or "of no type"]
    parts += ["required"] * required + ["the primary key"] * key
    parts += [f"a reference to {table} (on delete {action.lower()})" for table, _, action in references]
    return ", ".join(parts)
