"""What is read: tables in batches by the order of their keys, and what nobody would copy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from headless.database import system
from headless.database.protocol import Database
from headless.database.schema.catalog import catalog_of
from headless.database.schema.planner import SchemaStep
from headless.database.schema.runner import plan
from headless.database.statements import Row
from headless.database.transfer.notes import table as notes
from headless.errors import ConfigError

ROWS: Final = 1_000
"""At most so many rows in a batch."""
CHARACTERS: Final = 4_000_000
"""About so much in a batch: fewer rows where they are long."""
_HARMLESS: Final = {"create_index", "replace_index", "drop_index"}


class LeftBehind(NamedTuple):
    """A table that is not declared, and how many rows it has."""

    table: str
    rows: int


async def refuse_undeclared(name: str, database: Database, tables: Sequence[sa.Table]) -> None:
    """Raises ConfigError unless the database, called so, has the declared tables as they are declared."""
    steps = [step for step in await plan(database, tables) if step.kind not in _HARMLESS]
    if steps and all(step.kind == "create_table" for step in steps) and len(steps) == len(tables):
        raise ConfigError(f"{name} holds nothing of this project: none of its tables is there")
    if steps:
        raise ConfigError([f"{name} is not as declared: {_remedy(step)}" for step in steps])


def _remedy(step: SchemaStep) -> str:
    remedy = step.remedy if step.destructive else "start the application on it once, which does that"
    return f"{step.description}. {remedy}"


async def left_behind(database: Database, tables: Sequence[sa.Table]) -> list[LeftBehind]:
    """The tables that are not declared and have rows. They are not copied."""
    known = {table.name for table in (*tables, *system.metadata.tables.values(), system.versions, notes)}

    def look(connection: sa.Connection) -> list[LeftBehind]:
        names = sorted(catalog_of(connection).tables() - known)
        others = [name for name in names if not name.startswith("sqlite_")]
        return [LeftBehind(name, count_rows(connection, sa.table(name))) for name in others]

    return [table for table in await database.inspect(look) if table.rows]


def count_rows(connection: sa.Connection, table: sa.FromClause) -> int:
    """How many rows a table has."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


async def batches(
    database: Database, columns: Sequence[sa.Column[Any]], key: sa.Column[Any], after: Any = None
) -> AsyncIterator[list[Row]]:
    """The rows with a key greater than `after`, or all, in the order of the keys."""
    limit: sa.BindParameter[Any] = sa.bindparam("limit", type_=sa.Integer)
    query = sa.select(*columns).order_by(key).limit(limit)
    first = database.compile(query, ["limit"], risky=True)
    later = database.compile(query.where(key > sa.bindparam("after", type_=key.type)), ["after", "limit"], risky=True)
    size, place = min(ROWS, 100), list(columns).index(key)
    while True:
        values = (size,) if after is None else (after, size)
        rows = [tuple(row) for row in await database.read(first if after is None else later, values)]
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1][place]
        size = _next_size(rows)


def _next_size(rows: Sequence[Row]) -> int:
    length = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
    return max(1, min(ROWS, CHARACTERS * len(rows) // max(length, 1)))
