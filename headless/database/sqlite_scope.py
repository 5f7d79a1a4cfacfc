"""What the reads of a task join on SQLite: a guarded connection, and a thread for what takes long."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

from headless.database.connection import GuardedConnection
from headless.database.scope import Scope, settled
from headless.database.statements import Row, Statement, Values
from headless.database.threads import ThreadRead

ThreadReads = Callable[[ThreadRead, sqlite3.Connection], asyncio.Future[list[Row]]]


class ConnectionScope(Scope):
    """A connection to SQLite that one task has for itself for a while."""

    def __init__(self, database: object, guarded: GuardedConnection, thread: ThreadReads, read_seconds: float) -> None:
        super().__init__(database)
        self._guarded = guarded
        self._connection = guarded.connection
        self._thread = thread
        self._read_seconds = read_seconds

    def read_inline(self, statement: Statement, values: Values) -> list[Row] | None:
        self.check()
        return self._guarded.read(statement, values) if statement.inline else None

    async def read(self, statement: Statement, values: Values) -> list[Row]:
        rows = self.read_inline(statement, values)
        return rows if rows is not None else await self._read_in_thread(statement, values)

    async def _read_in_thread(self, statement: Statement, values: Values) -> list[Row]:
        read = ThreadRead(statement, values, self._read_seconds)
        future = self._thread(read, self._connection)
        self._lent()
        try:
            rows = await asyncio.shield(future)
        except asyncio.CancelledError:
            # The connection is not ours to roll back before the thread has let go of it.
            read.abandoned = True
            await settled(future)
            raise
        finally:
            self._returned()
        read.learn()
        return rows

    def _lent(self) -> None:
        """A thread has the connection now."""

    def _returned(self) -> None:
        """The connection came back, without its guard."""


class Snapshot(ConnectionScope):
    """Reads that all see the same state of the database."""

    def enter(self) -> None:
        self._connection.execute("BEGIN")
        super().enter()

    def leave(self) -> None:
        super().leave()
        self._connection.execute("ROLLBACK")

    def _returned(self) -> None:
        self._guarded.arm()
