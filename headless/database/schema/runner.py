"""A schema brought to its declaration: what it takes, and the change made in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from headless.database.schema import memory
from headless.database.schema.catalog import Catalog, catalog_of
from headless.database.schema.change import Change
from headless.database.schema.difference import bare, difference
from headless.database.schema.finishing import Finish, finish, finishing
from headless.database.schema.state import Column, State, Table, is_derived, renames_of, state_of
from headless.database.schema.step import Step
from headless.database.schema.table_steps import DropTable
from headless.errors import ConfigError

T = TypeVar("T")


class Changeable(Protocol):
    """A database whose schema can be looked at and changed."""

    async def inspect(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection that cannot write, in a thread."""

    async def call_writer(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection inside a transaction of its own, which ends with the call."""


async def plan(database: Changeable, tables: Sequence[sa.Table]) -> list[Step | Finish]:
    """What it takes to bring the database to the declared tables; empty when it is there.

    Tables that are not declared are left alone. Raises ConfigError for a declaration with a nameless index.
    """
    found = await database.inspect(lambda connection: compare(connection, tables))
    return [step for step in found if isinstance(step, Step) or not step.quiet]


async def apply(database: Changeable, tables: Sequence[sa.Table], *, may_lose: bool = False) -> None:
    """Makes the change in one transaction, as a whole or not at all.

    Raises ConfigError when a step is destructive, unless it `may_lose` values, and when the rows that are there do not
    allow it.
    """
    await database.call_writer(lambda connection: bring(connection, tables, may_lose=may_lose))


def compare(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[Step | Finish]:
    """`plan` on a connection."""
    refuse_nameless(tables)
    catalog = catalog_of(connection)
    left = [*steps_to(present(connection, catalog, tables), tables)]
    return [*left, *finishing(catalog, tables)]


def bring(connection: sa.Connection, tables: Sequence[sa.Table], *, may_lose: bool = False) -> list[Step | Finish]:
    """`apply` on a connection that has begun a transaction. Answers what it took."""
    catalog_of(connection).lock()
    found = compare(connection, tables)
    if found:
        change = begin(connection, tables, may_lose=may_lose)
        take(change, [step for step in found if isinstance(step, Step)])
        end(change, tables)
    return found


def perform(connection: sa.Connection, steps: Sequence[Step | Finish]) -> None:
    """Takes what `compare` found. What columns hold is not written down: that comes with what fills the tables."""
    change = Change(connection, memory.read(connection), sorted(memory.derived(connection)))
    take(change, [step for step in steps if isinstance(step, Step)])
    for step in steps:
        if isinstance(step, Finish):
            step.run(change)


def begin(connection: sa.Connection, tables: Sequence[sa.Table], *, may_lose: bool = False) -> Change:
    """A change of what is there."""
    derived = {table.name for table in tables if is_derived(table)} | memory.derived(connection)
    state = present(connection, catalog_of(connection), tables)
    return Change(connection, state, sorted(derived), may_lose=may_lose)


def take(change: Change, steps: Iterable[Step]) -> None:
    """Takes the steps that are not taken yet. Raises ConfigError for one that must not be."""
    left = []
    for step in steps:
        if not step.is_taken(change.state):
            left.append(step)
            if step.impossible or (step.destructive and not change.may_lose):
                raise ConfigError(f"{step.description}: {step.remedy}")
            step.take(change)
            step.fold(change.state)
    for step in left:
        step.follow(change)


def end(change: Change, tables: Sequence[sa.Table]) -> None:
    """Makes indexes and what is made of documents, and looks whether all is as declared. Raises ConfigError."""
    finish(change, tables)
    declared = {name: bare(table) for name, table in state_of(tables).items()}
    memory.write(change.connection, {**change.state, **declared}, (table.name for table in tables if is_derived(table)))
    left = [step.description for step in compare(change.connection, tables)]
    if left:
        raise ConfigError([f"after the change the schema was not as declared: {text}" for text in left])


def steps_to(state: State, tables: Sequence[sa.Table]) -> Iterable[Step]:
    """The steps from a state to what is declared. Tables that are not declared may be somebody else's."""
    return [step for step in difference(state, state_of(tables), renames_of(tables)) if not isinstance(step, DropTable)]


def present(connection: sa.Connection, catalog: Catalog, tables: Sequence[sa.Table]) -> dict[str, Table]:
    """What is there, of what is declared or was made: as it was written down where that fits, else as declared."""
    declared, written = state_of(tables), memory.read(connection)
    found = catalog.tables()
    state: dict[str, Table] = {}
    for name in dict.fromkeys([*written, *declared]):
        if name not in found:
            continue
        known = [table.columns for table in (written.get(name), declared.get(name)) if table is not None]
        columns = {}
        for column, shape in catalog.columns(name).items():
            choices = [columns_[column] for columns_ in known if column in columns_]
            fitting = [choice for choice in choices if catalog.shape_of(choice) == shape]
            columns[column] = fitting[0] if fitting else _unknown(shape)
        state[name] = Table(columns, catalog.counts(name))
    return state


def _unknown(shape: Any) -> Column:
    """A column that neither the declaration nor what was written down explains."""
    references = shape.references[0] if shape.references else None
    return Column(shape.type, references=references, required=shape.required, key=shape.key)


def refuse_nameless(tables: Sequence[sa.Table]) -> None:
    """Raises ConfigError for what cannot be compared, or would fail other writers."""
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
