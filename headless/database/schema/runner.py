"""Steps of a change of the schema, taken in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import sqlalchemy as sa

from headless.database.schema.catalog import catalog_of
from headless.database.schema.planner import SchemaStep, compare
from headless.errors import ConfigError

T = TypeVar("T")


class Changeable(Protocol):
    """A database whose schema can be looked at and changed."""

    async def inspect(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection that cannot write, in a thread."""

    async def call_writer(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection inside a transaction of its own, which ends with the call."""


async def plan(database: Changeable, tables: Sequence[sa.Table]) -> list[SchemaStep]:
    """What it takes to bring the database to the declared tables; empty when it is there.

    Tables that are not declared are left alone. Raises ConfigError for a declaration with a nameless index.
    """
    return await database.inspect(lambda connection: compare(connection, tables))


async def apply(database: Changeable, steps: Sequence[SchemaStep]) -> None:
    """Takes the steps in one transaction; unless every index declared for their tables exists then, none.

    Raises ConfigError when a step is destructive or the rows that are there do not allow it.
    """
    refused = [f"{step.description}: {step.remedy}" for step in steps if step.destructive]
    if refused:
        raise ConfigError(refused)
    if steps:
        await database.call_writer(lambda connection: perform(connection, steps))


def perform(connection: sa.Connection, steps: Sequence[SchemaStep]) -> None:
    """`apply` on a connection that has begun a transaction."""
    for step in steps:
        _execute(connection, step, step.sql)
    for step in steps:
        _execute(connection, step, step.later)
        if step.fill is not None:
            step.fill(connection)
    catalog = catalog_of(connection)
    for step in steps:
        missing = sorted(set(step.indexes) - set(catalog.indexes(step.table).items()))
        if missing:
            names = ", ".join(name for name, _ in missing)
            raise ConfigError(f"table {step.table}: after the change these indexes were not as declared: {names}")


def _execute(connection: sa.Connection, step: SchemaStep, statements: Sequence[str]) -> None:
    for sql in statements:
        try:
            connection.exec_driver_sql(sql)
        except sa.exc.IntegrityError as error:
            raise ConfigError(
                f"{step.description}: the rows there do not allow it ({error.orig}); change them first"
            ) from error
