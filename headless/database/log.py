"""The rows of the change log, inserted together just before a commit: their order is that of commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import orjson

from headless.database.protocol import LoggedChange

_COLUMNS: Final = ("collection", "document", "operation", "actor", "at", "before", "after")
_ROWS: Final = 100
"""Rows of one INSERT: a bound on the texts that are prepared, and well below SQLite's limit on parameters."""

LogRow = tuple[Any, ...]


def encode(change: LoggedChange) -> LogRow:
    """The row of a change, without its number. Done while its write can still fail alone."""
    return (
        change.collection, _json(change.id), change.operation, _json(change.actor), change.at,
        _json(change.before), _json(change.after),
    )  # fmt: skip


def insert(connection: sqlite3.Connection, rows: Sequence[LogRow]) -> int:
    """Appends the rows and returns the number of the first; the writer is held, so the others follow it."""
    first = 0
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        values = [value for row in some for value in row]
        last = connection.execute(_sql(len(some)), values).lastrowid or 0
        first = first or last - len(some) + 1
    return first


@cache
def _sql(rows: int) -> str:
    marks = f"({','.join('?' * len(_COLUMNS))})"
    return f'INSERT INTO "_changes" ({",".join(_COLUMNS)}) VALUES {",".join([marks] * rows)}'  # noqa: S608


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=dict).decode()
