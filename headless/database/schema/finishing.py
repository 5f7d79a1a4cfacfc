"""Indexes, and tables that are made of others: brought to the declaration at the end of every change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from headless.database.schema.catalog import Catalog
from headless.database.schema.change import Change
from headless.database.schema.state import DERIVED, FILL, MADE_OF_IT, Column, described, is_derived


@dataclass(frozen=True, slots=True)
class Finish:
    """One difference that loses nothing: `run` removes it."""

    kind: str
    table: str
    description: str
    run: Callable[[Change], None] = field(compare=False)
    quiet: bool = False
    """Whether it belongs to a step that is told anyway: the index of a table that is not there yet."""

    @property
    def destructive(self) -> bool:
        """As for other steps: it never is."""
        return False

    @property
    def idle(self) -> bool:
        """As for other steps: the database is to be used after it."""
        return False

    @property
    def remedy(self) -> str:
        """As for other steps: none is needed."""
        return ""


def finishing(catalog: Catalog, tables: Sequence[sa.Table]) -> list[Finish]:
    """What is left to do where every table that is made of nothing else is as declared."""
    found = catalog.tables()
    steps: list[Finish] = []
    for table in tables:
        if table.name in found:
            own = [*_derived(catalog, table)] if is_derived(table) else []
            steps += own
            steps += () if any(step.kind == "replace_table" for step in own) else _indexes(catalog, table)
        elif is_derived(table):
            steps.append(_made(table))
        else:
            steps += [replace(step, quiet=True) for step in _indexes(catalog, table)]
    return [*steps, *_without_use(tables, found)]


def finish(change: Change, tables: Sequence[sa.Table]) -> None:
    """Does what is left to do."""
    for step in finishing(change.catalog, tables):
        step.run(change)


def _derived(catalog: Catalog, table: sa.Table) -> Iterator[Finish]:
    own, there = described(table), catalog.columns(table.name)
    columns = {name: catalog.shape_of(column) for name, column in own.columns.items()}
    added = [name for name in columns if name not in there]
    changed = [name for name in columns if name in there and there[name] != columns[name]]
    if changed or (DERIVED not in table.info and (added or set(there) != set(columns))):
        yield _made(table, again=True)
    else:
        for name in added:
            yield _added(table.name, name, own.columns[name])


def _made(table: sa.Table, *, again: bool = False) -> Finish:
    def run(change: Change) -> None:
        made, fill = described(table), table.info.get(FILL)
        if again:
            change.drop_table(table.name)
        change.create_table(table.name, made)
        if fill is not None:
            fill(change.connection)
        change.refer(table.name, made)
        for index in _sorted(table):
            change.create_index(index)

    if again:
        return Finish("replace_table", table.name, f"make table {table.name} anew of the documents", run)
    return Finish("create_table", table.name, f"create table {table.name}", run)


def _added(table: str, name: str, column: Column) -> Finish:
    return Finish(
        "add_column", table, f"add column {table}.{name}", lambda change: change.add_column(table, name, column)
    )


def _without_use(tables: Sequence[sa.Table], found: set[str]) -> Iterator[Finish]:
    """Tables that are made of declared ones and no longer declared: nobody would keep them as they have to be."""
    declared = {table.name for table in tables}
    for name in [name for table in tables for name in table.info.get(MADE_OF_IT, ())]:
        if name in found and name not in declared:
            yield Finish("drop_table", name, f"drop table {name}", _dropping(name))


def _dropping(name: str) -> Callable[[Change], None]:
    return lambda change: change.drop_table(name)


def _indexes(catalog: Catalog, table: sa.Table) -> Iterator[Finish]:
    there = catalog.indexes(table.name)
    for index in _sorted(table):
        name = str(index.name)
        found = there.pop(name, None)
        if found is None:
            yield Finish("create_index", table.name, f"create index {name}", _indexing(index))
        elif found != catalog.index_text(index):
            yield Finish("replace_index", table.name, f"replace index {name}", _indexing(index, again=True))
    for name in there:
        yield Finish("drop_index", table.name, f"drop index {name}", _unindexing(name))


def _sorted(table: sa.Table) -> list[sa.Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _indexing(index: sa.Index, *, again: bool = False) -> Callable[[Change], None]:
    def run(change: Change) -> None:
        if again:
            _unindexing(str(index.name))(change)
        change.create_index(index)

    return run


def _unindexing(name: str) -> Callable[[Change], None]:
    return lambda change: change.execute(f"DROP INDEX {change.catalog.quoted(name)}")
