"""What the reads and stores of a task join while it is inside: a connection that it has for itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from headless.database.connection import GuardedConnection
from headless.database.statements import Row, Statement, Values
from headless.database.threads import ThreadRead
from headless.errors import TransactionClosed

CLOSED: Final = (
    "This task is not the one that owns the transaction, or the transaction is over. Nested calls belong to "
    "the task that opened it: use asyncio.timeout instead of asyncio.wait_for, and await calls one after "
    "another instead of with asyncio.gather or create_task. Work for later belongs into an after_commit "
    "callback."
)

ThreadReads = Callable[[ThreadRead, sqlite3.Connection], asyncio.Future[list[Row]]]


class Scope:
    """A connection that one task has for itself for a while."""

    def __init__(self, database: object, guarded: GuardedConnection, thread: ThreadReads, read_seconds: float) -> None:
        self.database = database
        self.outer: Scope | None = None
        self._guarded = guarded
        self._connection = guarded.connection
        self._thread = thread
        self._read_seconds = read_seconds
        self._is_open = False
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a transaction or snapshot belongs to a task, and there is none")
        self._task = task

    def enter(self) -> None:
        """The scope becomes the current one of this task."""
        self._is_open = True
        self.outer = current_scope.get()
        current_scope.set(self)

    def leave(self) -> None:
        """The scope before it becomes the current one again."""
        self._is_open = False
        current_scope.set(self.outer)

    def check(self) -> None:
        """Raises TransactionClosed unless the scope is open and the current task its owner."""
        if not self._is_open or asyncio.current_task() is not self._task:
            raise TransactionClosed(CLOSED)

    def read_inline(self, statement: Statement, values: Values) -> list[Row] | None:
        """All rows, or None when only `read` may."""
        self.check()
        return self._guarded.read(statement, values) if statement.inline else None

    async def read(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, as this scope sees them."""
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
            await _settled(future)
            raise
        finally:
            self._returned()
        read.learn()
        return rows

    def _lent(self) -> None:
        """A thread has the connection now."""

    def _returned(self) -> None:
        """The connection came back, without its guard."""


current_scope: ContextVar[Scope | None] = ContextVar("headless_current_scope", default=None)


def scope_of(database: object) -> Scope | None:
    """The innermost transaction or snapshot of this database that the task is in, or was started in."""
    scope = current_scope.get()
    while scope is not None and scope.database is not database:
        scope = scope.outer
    return scope


class Snapshot(Scope):
    """Reads that all see the same state of the database."""

    def enter(self) -> None:
        self._connection.execute("BEGIN")
        super().enter()

    def leave(self) -> None:
        super().leave()
        self._connection.execute("ROLLBACK")

    def _returned(self) -> None:
        self._guarded.arm()


async def _settled(future: asyncio.Future[Any]) -> None:
    """Waits for a thread, however often the waiting task is cancelled."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    future.exception()
