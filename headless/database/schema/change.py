"""A change of the schema while it is made: what steps do to tables, columns and values, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from headless.database.schema.catalog import Catalog, catalog_of
from headless.database.schema.conversion import Losses, converted, decoded, encoded, keeps
from headless.database.schema.state import Column, Key, State, Table, built, built_column, refer
from headless.errors import ConfigError

AT_A_TIME: Final = 500
"""The rows whose values are converted together."""
SOURCE: Final = "source"
"""The column by which a table that is made of documents refers to them."""
EXAMPLES: Final = 5
"""The rows that are named when values cannot be kept."""

Mapped = Mapping[str, Any]


class Change:
    """What a step, and a migration in Python, works with. Whoever makes it has begun a transaction.

    `connection` is SQLAlchemy's, `op` Alembic's operations on it. Unless `may_lose`, a value that cannot be kept
    stops the change.
    """

    def __init__(
        self, connection: sa.Connection, state: State, derived: Iterable[str] = (), *, may_lose: bool = False
    ) -> None:
        self.connection = connection
        self.state = dict(state)
        """The tables that there are by now, as far as steps made them."""
        self.may_lose = may_lose
        self.catalog: Catalog = catalog_of(connection)
        self._derived = tuple(derived)

    @cached_property
    def op(self) -> Any:
        """Alembic's operations: `op.execute`, `op.batch_alter_table` and so on."""
        # Alembic takes a fifth of a second to import, and most starts change no column.
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        return Operations(MigrationContext.configure(self.connection))

    def execute(self, sql: str, *values: Any) -> Any:
        """Runs one statement of the driver's."""
        return self.connection.exec_driver_sql(sql, values)

    def create_table(self, name: str, table: Table) -> None:
        """Makes a table that is not there, without its indexes; the references of PostgreSQL follow by `refer`."""
        if name in self.catalog.tables():
            return
        made = built(name, table, with_references=self.catalog.refers_at_once)
        # Foreign keys stand with their columns, or follow: Alembic would say them once more.
        self.connection.execute(CreateTable(made, include_foreign_key_constraints=()))

    def refer(self, name: str, table: Table) -> None:
        """Makes the columns of a table refer, now that every table is there."""
        found = self.catalog.columns(name)
        for column_name, column in table.columns.items():
            if column_name in found and not found[column_name].references:
                self._refer(name, column_name, column.references)

    def _refer(self, table: str, column: str, key: Key | None) -> None:
        for sql in self.catalog.reference_sql(table, column, key) if key is not None else ():
            self.execute(sql)

    def drop_table(self, name: str) -> None:
        """Drops a table with its rows, and what is made of it."""
        if name not in self.catalog.tables():
            return
        self.drop_derived(name, to=True)
        self.execute(f"DROP TABLE {self.catalog.quoted(name)}")

    def rename_table(self, name: str, new_name: str) -> None:
        """Calls a table by another name."""
        tables = self.catalog.tables()
        if name in tables and new_name not in tables:
            self.drop_derived(name)
            self.op.rename_table(name, new_name)

    def add_column(self, table: str, name: str, column: Column) -> None:
        """Adds a column, in which the rows that are there have its default or nothing."""
        if name in self.catalog.columns(table):
            return
        made = built_column(name, column)
        holder = sa.Table(table, sa.MetaData(), sa.Column("id", column.engine_type(), primary_key=True), made)
        if self.catalog.refers_at_once:
            refer(holder, name, column)
        self.op.impl.add_column(table, made)
        self._refer(table, name, column.references)

    def drop_column(self, table: str, name: str) -> None:
        """Drops a column with its values, and the indexes it stands in."""
        if name in self.catalog.columns(table):
            self.drop_derived(table)
            self.drop_indexes(table, name)
            self.op.drop_column(table, name)

    def rename_column(self, table: str, name: str, new_name: str) -> None:
        """Calls a column by another name. Its indexes go, for they are named after it."""
        found = self.catalog.columns(table)
        if name in found and new_name not in found:
            self.drop_derived(table)
            self.drop_indexes(table, name)
            self.op.alter_column(table, name, new_column_name=new_name)

    def drop_indexes(self, table: str, column: str) -> dict[str, str]:
        """Drops the indexes of a column, those on expressions too; answers what they were."""
        found = self.catalog.indexes_with(table, column)
        for name in found:
            self.execute(f"DROP INDEX {self.catalog.quoted(name)}")
        return found

    def drop_derived(self, table: str, *, to: bool = False) -> None:
        """Drops the tables that are made of a table's rows, or with `to` also those that refer into it."""
        for name in self._derived:
            columns = self.catalog.columns(name)
            keys = columns.values() if to else [columns[SOURCE]] if SOURCE in columns else []
            if any(target == table for shape in keys for target, _, _ in shape.references):
                self.drop_table(name)

    def create_index(self, index: sa.Index) -> None:
        """Makes a declared index. Raises ConfigError when the rows there do not allow it."""
        for sql in self.catalog.index_sql(index):
            try:
                self.execute(sql)
            except sa.exc.IntegrityError as error:
                raise ConfigError(
                    f"create index {index.name}: the rows there do not allow it ({error.orig}); change them first"
                ) from error

    def change_column(self, table: str, name: str, key: str, old: Column, new: Column, values: Mapped) -> None:
        """Makes a column hold what it is declared to hold now. `values` are put in place of others first.

        Raises ConfigError when a value cannot be kept.
        """
        shapes = [self.catalog.shape_of(column) for column in (old, new)]
        found = self.catalog.columns(table).get(name)
        if found is None:
            return
        self.drop_derived(table)
        if shapes[0] == shapes[1] or found == shapes[1]:
            if values or not keeps(old.holds, new.holds):
                self._convert(table, key, name, name, old, new, values)
            return
        with self.replaced(table, name) as before:
            self.add_column(table, name, replace(new, references=None) if not self.catalog.refers_at_once else new)
            if _is_same(old, new) and not values:
                own, earlier = self.catalog.quoted(name), self.catalog.quoted(before)
                self.execute(f"UPDATE {self.catalog.quoted(table)} SET {own} = {earlier}")  # noqa: S608
            else:
                self._convert(table, key, before, name, old, new, values)
        if new.references is not None and new.references != old.references:
            self._refuse_dangling(table, key, name, new.references)
        self._refer(table, name, new.references)

    def _refuse_dangling(self, table: str, key: str, name: str, reference: Key) -> None:
        """Looks every reference up. Raises ConfigError for those that lead nowhere, or clears them when it may lose."""
        own, target, there = (self.catalog.quoted(text) for text in (table, *reference[:2]))
        column = f"{own}.{self.catalog.quoted(name)}"
        found = f"SELECT 1 FROM {target} AS t WHERE t.{there} = {column}"  # noqa: S608
        lost = f"WHERE {column} IS NOT NULL AND NOT EXISTS ({found})"
        rows = self.execute(f"SELECT {self.catalog.quoted(key)}, {column} FROM {own} {lost}").fetchall()  # noqa: S608
        if rows and not self.may_lose:
            raise ConfigError(_refused(table, name, [(id, [f"there is no {reference[0]} {to}"]) for id, to in rows]))
        if rows:
            self.execute(f"UPDATE {own} SET {self.catalog.quoted(name)} = NULL {lost}")  # noqa: S608

    @contextmanager
    def replaced(self, table: str, name: str) -> Iterator[str]:
        """Puts a column aside for one that takes its place in the block; answers what it is called meanwhile."""
        before = f"{name[:55]}__before"
        self.drop_indexes(table, name)
        self.op.alter_column(table, name, new_column_name=before)
        yield before
        self.op.drop_column(table, before)

    def _convert(
        self, table: str, key: str, source: str, target: str, old: Column, new: Column, values: Mapped
    ) -> None:
        """Converts the values of every row, `AT_A_TIME`."""
        place = _Places(self.catalog, table, key, source, target, is_json=old.is_json)
        losses: list[tuple[Any, Losses]] = []
        last: Any = None
        while rows := place.read(self.connection, last):
            changes = []
            for id, stored in rows:
                value = _replaced(decoded(stored, old), values)
                lost: Losses = []
                made = encoded(converted(value, old.holds, new.holds, lost), new)
                if lost:
                    losses.append((id, lost))
                if source != target or made != stored:
                    changes.append((made, id))
            if changes:
                self.connection.exec_driver_sql(place.update, changes)
            last = rows[-1][0]
        if losses and not self.may_lose:
            raise ConfigError(_refused(table, target, losses))


class _Places:
    """The statements that read and write one column, row by row in the order of the key."""

    def __init__(self, catalog: Catalog, table: str, key: str, source: str, target: str, *, is_json: bool) -> None:
        quoted, first, second = catalog.quoted, *catalog.placeholders
        there = f"{quoted(table)} WHERE {quoted(source)} IS NOT NULL"
        # A driver may have decoded JSON before anybody knows whether it is a text.
        stored = f"CAST({quoted(source)} AS TEXT)" if is_json else quoted(source)
        columns = f"SELECT {quoted(key)}, {stored} FROM {there}"  # noqa: S608
        end = f"ORDER BY {quoted(key)} LIMIT {AT_A_TIME}"
        self.first = f"{columns} {end}"
        self.next = f"{columns} AND {quoted(key)} > {first} {end}"
        self.update = f"UPDATE {quoted(table)} SET {quoted(target)} = {first} WHERE {quoted(key)} = {second}"  # noqa: S608

    def read(self, connection: sa.Connection, last: Any) -> list[Any]:
        """The rows after the one with the key `last`; the first ones for None."""
        if last is None:
            return list(connection.exec_driver_sql(self.first).fetchall())
        return list(connection.exec_driver_sql(self.next, (last,)).fetchall())


def _is_same(old: Column, new: Column) -> bool:
    return keeps(old.holds, new.holds) and (old.type == new.type or not (old.is_json or new.is_json))


def _replaced(value: Any, values: Mapped) -> Any:
    """The value, or what the migration says to put in place of it; in JSON also the collections that are named."""
    if not values:
        return value
    if isinstance(value, str):
        return values.get(value, value)
    if isinstance(value, list):
        return [_replaced(item, values) for item in value]
    return _renamed_targets(value, values) if isinstance(value, dict) else value


def _renamed_targets(value: Any, values: Mapped) -> Any:
    if isinstance(value, list):
        return [_renamed_targets(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: values.get(item, item) if key == "relationTo" and isinstance(item, str) else _renamed_targets(item, values)
        for key, item in value.items()
    }


def _refused(table: str, column: str, losses: list[tuple[Any, Losses]]) -> str:
    shown = "; ".join(f"{id}: {', '.join(lost[:2])}" for id, lost in losses[:EXAMPLES])
    more = f" and {len(losses) - EXAMPLES} more" if len(losses) > EXAMPLES else ""
    return (
        f"column {table}.{column}: {len(losses)} rows hold what it cannot keep ({shown}{more}). Change them first, or "
        "say --allow-destructive to leave those values out"
    )
