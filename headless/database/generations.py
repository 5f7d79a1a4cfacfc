"""Generations: a number for each table, another after every commit by any process that wrote it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable
from typing import Final

from headless.database.connection import GuardedConnection
from headless.database.statements import Statement

_VERSION: Final = Statement("PRAGMA data_version")


class Generations:
    """Counts commits by table.

    `PRAGMA data_version` on a connection is another after every commit by any *other* connection. The
    reader's tells cheaply that nothing at all was committed; when something was, the writer's tells whether
    another process did it. While a thread has the writer it cannot be asked: then every answer is a new
    number.
    """

    def __init__(
        self, reader: GuardedConnection, writer: sqlite3.Connection, is_writer_away: Callable[[], bool]
    ) -> None:
        self._reader = reader
        self._writer = writer.execute
        self._is_writer_away = is_writer_away
        self._tables: dict[str, int] = {}
        self._everything = 0
        self._reader_version: int | None = None
        self._writer_version = -1
        self._never = itertools.count(-1, -1)

    def of(self, tables: Iterable[str]) -> int:
        """One number for several tables, another whenever that of one of them is; a new one when in doubt."""
        if not self._is_known():
            return self.never()
        total = 0
        for table in tables:
            total += self._everything + self._tables.get(table, 0)
        return total

    def never(self) -> int:
        """A number that was never given before and never will be again."""
        return next(self._never)

    def wrote(self, tables: Iterable[str]) -> None:
        """This process committed a write to these tables."""
        for table in tables:
            self._tables[table] = self._tables.get(table, 0) + 1

    def wrote_everything(self) -> None:
        """Any table may have changed."""
        self._everything += 1

    def holding_lock(self) -> None:
        """The writer has just begun: until it commits nobody else can, so both versions are certain."""
        self._reader_version = self._ask_reader()
        self._ask_writer()

    def _is_known(self) -> bool:
        version = self._ask_reader()
        if version is not None and version == self._reader_version:
            return True
        if version is None or self._is_writer_away():
            return False
        # The reader was asked first: a commit between the two is one that the writer has told of already.
        try:
            self._ask_writer()
        except sqlite3.OperationalError:
            return False
        self._reader_version = version
        return True

    def _ask_reader(self) -> int | None:
        rows = self._reader.read(_VERSION, ())
        return rows[0][0] if rows else None

    def _ask_writer(self) -> None:
        version: int = self._writer(_VERSION.sql).fetchall()[0][0]
        if version != self._writer_version:
            self._writer_version = version
            self.wrote_everything()
