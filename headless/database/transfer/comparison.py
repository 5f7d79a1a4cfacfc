"""What a database holds, as one line for each table, so that two of them can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from headless.database.protocol import Database
from headless.database.statements import Row
from headless.database.transfer.counters import last_key
from headless.database.transfer.parts import Part
from headless.database.transfer.progress import Progress
from headless.database.transfer.source import batches, count_rows

Look = Callable[[Part, Sequence[Row]], None]


@dataclass(frozen=True, slots=True)
class State:
    """A table: its rows, a SHA-256 over what the platform reads of them, and the last key that it gave, if it does."""

    rows: int
    checksum: str
    last_key: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The same table on both sides."""

    table: str
    source: State
    target: State

    @property
    def is_equal(self) -> bool:
        """Whether the rows are the same, and no key that the source gave can be given again."""
        same = (self.source.rows, self.source.checksum) == (self.target.rows, self.target.checksum)
        return same and (self.target.last_key or 0) >= (self.source.last_key or 0)


def compare_states(source: Mapping[str, State], target: Mapping[str, State]) -> list[Compared]:
    """Table by table."""
    return [Compared(name, state, target[name]) for name, state in source.items()]


async def survey(
    database: Database, parts: Sequence[Part], progress: Progress, what: str, look: Look | None = None
) -> dict[str, State]:
    """The state of each table in one snapshot of the database; `look` sees every row on the way."""
    progress.begin(what, await database.inspect(partial(_count_all, parts=parts)))
    async with database.snapshot():
        found = {part.name: await _read(database, part, progress, look) for part in parts}
    last = await database.inspect(partial(_last_keys, parts=parts))
    return {name: State(rows, checksum, last[name]) for name, (rows, checksum) in found.items()}


async def _read(database: Database, part: Part, progress: Progress, look: Look | None) -> tuple[int, str]:
    made = [kind.canonical for kind in part.kinds]
    checksum, number = hashlib.sha256(), 0
    async for rows in batches(database, part.columns, part.key):
        if look is not None:
            look(part, rows)
        for row in rows:
            checksum.update(_line(made, row))
        number += len(rows)
        progress.advance(len(rows))
    return number, checksum.hexdigest()


def _line(made: Sequence[Callable[[Any], Any]], row: Row) -> bytes:
    values = [None if value is None else _read_as(make, value) for make, value in zip(made, row, strict=True)]
    return orjson.dumps(values, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _read_as(make: Callable[[Any], Any], value: Any) -> Any:
    """What the platform reads; the value itself where that is not of its column's kind."""
    try:
        return make(value)
    except (TypeError, ValueError):
        return value


def _count_all(connection: sa.Connection, parts: Sequence[Part]) -> int:
    return sum(count_rows(connection, part.table) for part in parts)


def _last_keys(connection: sa.Connection, parts: Sequence[Part]) -> dict[str, int | None]:
    return {part.name: last_key(connection, part.table) for part in parts}
