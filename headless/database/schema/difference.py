"""The steps that lead from one state of the schema to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from headless.database.schema.column_steps import AddColumn, ChangeColumn, DropColumn, RenameColumn
from headless.database.schema.conversion import without_was
from headless.database.schema.state import Column, Holds, Renames, State, Table
from headless.database.schema.step import Step, Tables
from headless.database.schema.table_steps import CreateTable, DropTable, RenameTable


def difference(old: State, new: State, renames: Renames) -> list[Step]:
    """What it takes to come from the old state to the new one; empty when they are the same.

    A table or column that there was under the name it is renamed from, and is not declared by that name any more, keeps
    its rows or values.
    """
    tables: Tables = dict(old)
    steps: list[Step] = []

    def add(step: Step) -> None:
        steps.append(step)
        step.fold(tables)

    for name in new:
        before = renames.tables.get(name)
        if before in tables and name not in tables and before not in new:
            add(RenameTable(str(before), name))
    for name, table in new.items():
        if name not in tables:
            add(CreateTable(name, bare(table)))
        else:
            for step in _columns(name, tables, table, renames):
                add(step)
    for name in [name for name in tables if name not in new]:
        add(DropTable(name, tables[name]))
    return steps


def _columns(name: str, tables: Tables, new: Table, renames: Renames) -> Iterator[Step]:
    for column in new.columns:
        before = renames.columns.get((name, column))
        there = tables[name].columns
        if before in there and column not in there and before not in new.columns:
            yield RenameColumn(name, str(before), column)
    for column, declared in new.columns.items():
        found = tables[name].columns.get(column)
        if found is None:
            yield AddColumn(name, column, _plain(declared))
        elif changed := _changed(found, declared, renames.slugs):
            yield ChangeColumn(name, column, new.key, *changed)
    if new.counted and not tables[name].counted:
        key = new.columns[new.key]
        yield ChangeColumn(name, new.key, new.key, tables[name].columns[new.key], key)
    for column, found in list(tables[name].columns.items()):
        if column not in new.columns:
            yield DropColumn(name, column, found)


def _changed(old: Column, new: Column, slugs: Mapping[str, str]) -> tuple[Column, Column, dict[str, str]] | None:
    """Both columns, if they differ, and the names in values that have to be replaced."""
    values: dict[str, str] = {}
    if slugs and (names := _named(old.holds) & set(slugs)):
        values = {name: slugs[name] for name in sorted(names)} if _says_names(old.holds) else {}
        old = replace(old, holds=_with_slugs(old.holds, slugs))
    # What the values of a table are is not known when it was made before that was written down.
    same = not old.holds or old.holds == without_was(new.holds)
    if same and not values and replace(old, holds={}) == replace(new, holds={}):
        return None
    return old, new, values


def bare(table: Table) -> Table:
    """The table without what its values were called before."""
    return table.with_columns({name: _plain(column) for name, column in table.columns.items()})


def _plain(column: Column) -> Column:
    return replace(column, holds=without_was(column.holds)) if column.holds else column


def _inside(holds: Holds) -> Iterator[Holds]:
    for fields in holds.get("rows", {}).values():
        yield from fields.values()


def _named(holds: Holds) -> set[str]:
    """The collections that values refer to."""
    return set(holds.get("to", ())).union(*(_named(inner) for inner in _inside(holds)))


def _says_names(holds: Holds) -> bool:
    """Whether the names of collections stand in the values themselves."""
    own = bool(holds.get("to")) and (bool(holds.get("polymorphic")) or holds.get("type") != "id")
    return own or any(_says_names(inner) for inner in _inside(holds))


def _with_slugs(holds: Holds, slugs: Mapping[str, str]) -> Holds:
    made: dict[str, Any] = dict(holds)
    if "to" in holds:
        made["to"] = [slugs.get(name, name) for name in holds["to"]]
    if "rows" in holds:
        made["rows"] = {
            kind: {key: _with_slugs(item, slugs) for key, item in fields.items()}
            for kind, fields in holds["rows"].items()
        }
    return made
