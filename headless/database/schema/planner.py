"""What the declared tables differ in from those of a database, as steps that remove the difference.

Columns that went away or changed their type are reported with what to do, never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from headless.database.schema.catalog import Catalog, Shape, catalog_of
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


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One difference. `sql` removes it; a `destructive` one has none, and a `remedy` instead.

    `kind` is `create_table`, `replace_table`, `drop_table`, `add_column`, `add_reference`, `create_index`,
    `replace_index`, `drop_index`, `change_column` or `drop_column`. `later` follows when the `sql` of all steps has
    been run. `indexes` are the names and SQL of all indexes declared for the table. `fill` writes the rows of a table
    that is made of others.
    """

    kind: str
    table: str
    description: str
    sql: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    destructive: bool = False
    remedy: str = ""
    indexes: tuple[tuple[str, str], ...] = ()
    fill: Callable[[sa.Connection], None] | None = None


def compare(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[SchemaStep]:
    """The steps that lead to the declared tables. Raises ConfigError for a declaration with a nameless index."""
    _refuse_nameless(tables)
    catalog = catalog_of(connection)
    existing = catalog.tables()
    steps: list[SchemaStep] = []
    for table in tables:
        if table.name not in existing:
            steps.append(_create_table(catalog, table))
        elif FILL in table.info and not _has_its_columns(catalog, table):
            steps.append(_create_table(catalog, table, again=True))
        else:
            steps += _compare_columns(catalog, table)
            steps += _compare_indexes(catalog, table)
    return [*steps, *_without_use(catalog, tables, existing)]


def _create_table(catalog: Catalog, table: sa.Table, *, again: bool = False) -> SchemaStep:
    kind, description = "create_table", f"create table {table.name}"
    sql = [str(_create(table).compile(dialect=catalog.dialect)).strip()]
    if again:
        kind, description = "replace_table", f"make table {table.name} anew of the documents"
        sql.insert(0, f"DROP TABLE {catalog.quoted(table.name)}")
    sql += [text for index in _sorted_indexes(table) for text in catalog.index_sql(index)]
    later = tuple(text for column in table.columns for text in catalog.references(column))
    declared = catalog.declared_indexes(table)
    return SchemaStep(
        kind, table.name, description, tuple(sql), later, indexes=declared, fill=table.info.get(FILL)
    )  # fmt: skip


def _has_its_columns(catalog: Catalog, table: sa.Table) -> bool:
    return catalog.columns(table.name) == {column.name: catalog.shape(column) for column in table.columns}


def _without_use(catalog: Catalog, tables: Sequence[sa.Table], existing: set[str]) -> Iterator[SchemaStep]:
    """Tables that are made of declared ones and no longer declared: nobody would keep them as they have to be."""
    declared = {table.name for table in tables}
    for name in [name for table in tables for name in table.info.get(MADE_OF_IT, ())]:
        if name in existing and name not in declared:
            yield SchemaStep("drop_table", name, f"drop table {name}", (f"DROP TABLE {catalog.quoted(name)}",))


def _compare_columns(catalog: Catalog, table: sa.Table) -> Iterator[SchemaStep]:
    existing = catalog.columns(table.name)
    for column in table.columns:
        found = existing.pop(column.name, None)
        if found is None:
            yield _add_column(catalog, table, column)
        elif found != catalog.shape(column):
            yield _change_column(catalog, table, column, found)
        elif column.primary_key and _counts(table) and not catalog.counts(table.name):
            yield SchemaStep(
                "change_column", table.name,
                f"column {table.name}.{column.name} is declared to be counted, and has been chosen so far",
                destructive=True, remedy=f"{COPY}, or undo the declaration",
            )  # fmt: skip
    for name in existing if not table.info.get(DERIVED) else ():
        yield SchemaStep(
            "drop_column", table.name, f"column {table.name}.{name} is no longer declared", destructive=True,
            remedy="put the field back, or, when its values are not needed: "
            f"ALTER TABLE {catalog.quoted(table.name)} DROP COLUMN {catalog.quoted(name)}",
        )  # fmt: skip


def _change_column(catalog: Catalog, table: sa.Table, column: sa.Column[Any], found: Shape) -> SchemaStep:
    declared = catalog.shape(column)
    if found == declared._replace(references=()) and not _why_not_added(column):
        return _add_reference(catalog, table, column)
    return SchemaStep(
        "change_column", table.name, f"column {table.name}.{column.name} is {found}, declared {declared}",
        destructive=True, remedy=f"{COPY if column.primary_key else COPY_VALUES}, or undo the declaration",
    )  # fmt: skip


def _add_reference(catalog: Catalog, table: sa.Table, column: sa.Column[Any]) -> SchemaStep:
    """The column becomes a foreign key, for which each of its values is looked up."""
    sql = catalog.references(column)
    if not sql:
        sql = _added_anew(catalog, table, column)
    description = f"make column {table.name}.{column.name} a reference"
    sql = (*sql, *_unlisted(catalog, column))
    return SchemaStep("add_reference", table.name, description, sql, indexes=catalog.declared_indexes(table))


def _added_anew(catalog: Catalog, table: sa.Table, column: sa.Column[Any]) -> tuple[str, ...]:
    """Where a column cannot become a foreign key, a new one takes its values over."""
    name, own, old = (catalog.quoted(text) for text in (table.name, column.name, f"{column.name}__plain"))
    indexes = catalog.indexes_on(table.name, column.name)
    return (
        *(f"DROP INDEX {catalog.quoted(index)}" for index in indexes),
        f"ALTER TABLE {name} RENAME COLUMN {own} TO {old}",
        _added(catalog, table, column),
        f"UPDATE {name} SET {own} = {old}",  # noqa: S608
        f"ALTER TABLE {name} DROP COLUMN {old}",
        *indexes.values(),
    )


def _unlisted(catalog: Catalog, column: sa.Column[Any]) -> Iterator[str]:
    """Takes the references that are in the column from now on out of the table where they were before."""
    listed, path = column.info.get(LISTED, ("", ""))
    if catalog.columns(listed):
        text = path.replace("'", "''")
        yield f"DELETE FROM {catalog.quoted(listed)} WHERE path = '{text}'"  # noqa: S608


def _add_column(catalog: Catalog, table: sa.Table, column: sa.Column[Any]) -> SchemaStep:
    description = f"add column {table.name}.{column.name}"
    refusal = _why_not_added(column)
    if refusal:
        return SchemaStep("add_column", table.name, description, destructive=True, remedy=refusal)
    return SchemaStep(
        "add_column", table.name, description, (_added(catalog, table, column),), catalog.references(column),
        indexes=catalog.declared_indexes(table),
    )  # fmt: skip


def _added(catalog: Catalog, table: sa.Table, column: sa.Column[Any]) -> str:
    text = catalog.dialect.ddl_compiler(catalog.dialect, _create(table)).get_column_specification(column)
    return f"ALTER TABLE {catalog.quoted(table.name)} ADD COLUMN {text}"


def _why_not_added(column: sa.Column[Any]) -> str:
    if column.primary_key:
        return f"a table cannot get another primary key: {COPY}"
    if not column.nullable and column.server_default is None:
        return "the rows that are there would have no value: make it optional, or give it a default"
    if column.foreign_keys and column.server_default is not None:
        return "a reference cannot be added with a default value: leave the default out"
    return ""


def _compare_indexes(catalog: Catalog, table: sa.Table) -> Iterator[SchemaStep]:
    existing = catalog.indexes(table.name)
    declared = catalog.declared_indexes(table)
    for index in _sorted_indexes(table):
        name, sql = str(index.name), catalog.index_sql(index)
        found = existing.pop(name, None)
        if found is None:
            yield SchemaStep("create_index", table.name, f"create index {name}", sql, indexes=declared)
        elif found != catalog.index_text(index):
            replaced = (f"DROP INDEX {catalog.quoted(name)}", *sql)
            yield SchemaStep("replace_index", table.name, f"replace index {name}", replaced, indexes=declared)
    for name in existing:
        dropped = (f"DROP INDEX {catalog.quoted(name)}",)
        yield SchemaStep("drop_index", table.name, f"drop index {name}", dropped, indexes=declared)


def _sorted_indexes(table: sa.Table) -> list[sa.Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _counts(table: sa.Table) -> bool:
    return bool(table.dialect_options["sqlite"]["autoincrement"])


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
