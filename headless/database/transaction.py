"""Transactions: a turn on the writer for one task, with parts that can fail alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from headless.database.connection import GuardedConnection
from headless.database.dialect import public_error
from headless.database.effects import Effects, answer, drive
from headless.database.members import TurnMember
from headless.database.protocol import Callback, Store
from headless.database.scope import LATE, TransactionScope
from headless.database.sqlite_dialect import SQLITE
from headless.database.sqlite_scope import ConnectionScope, ThreadReads
from headless.database.statements import Row, Statement, Values
from headless.database.writer import Writer
from headless.errors import TransactionTimeout

T = TypeVar("T")


class Transaction(ConnectionScope, TransactionScope):
    """A turn on the writer. Statements run on its connection; what they log is kept until the commit."""

    def __init__(
        self,
        database: object,
        writer: Writer,
        guarded: GuardedConnection,
        read_seconds: float,
        timeout: float,
    ) -> None:
        super().__init__(database, guarded, _by_the_writers_thread(writer), read_seconds)
        self._writer = writer
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._member = TurnMember(self._loop)
        self._effects = self._member.effects
        self._timer: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self._has_expired = False
        self._is_undone = False

    def execute(self, statement: Statement, values: Values = ()) -> list[Row]:
        """Runs one statement. A failed one changes nothing and leaves the transaction usable."""
        self.check()
        bind = statement.bind
        try:
            rows = answer(self._connection.execute(statement.sql, values if bind is None else bind(values)), statement)
        except Exception as error:
            self.look_whether_lost(error)
            raise public_error(SQLITE, error)  # noqa: B904
        self._effects.tables |= statement.writes
        return rows

    def after_commit(self, callback: Callback) -> None:
        self.check()
        self._effects.callbacks.append(callback)

    async def lock(self, name: str) -> None:
        """Nothing to wait for: whoever has the writer is alone."""
        self.check()

    def read_inline(self, statement: Statement, values: Values) -> list[Row] | None:
        self.check()
        if statement.writes:
            raise ValueError(f"a read does not write: {statement.sql}")
        if not statement.inline:
            return None
        self._guarded.arm()
        try:
            return self._guarded.read(statement, values)
        finally:
            self._guarded.disarm()

    async def store(self, make: Callable[[], Store[T]]) -> T:
        """Runs a store inside the transaction; one that fails is undone by itself."""
        part = await self.begin_part()
        try:
            result = drive(self._connection, make, self._effects)
        except BaseException as error:
            await part.undo(error)
            raise public_error(SQLITE, error)  # noqa: B904
        await part.keep()
        return result

    async def begin_part(self) -> SavepointPart:
        self.check()
        return SavepointPart(self, self._connection, self._effects)

    async def begin(self) -> None:
        """Waits for the turn."""
        member = self._member
        self._writer.submit(member)
        try:
            await member.turn
        except asyncio.CancelledError:
            if not member.turn.cancelled() and member.turn.exception() is None:
                self._writer.undo_turn(member)
            raise
        self.enter()
        self._cancelling = self._task.cancelling()
        self._timer = self._loop.call_later(self._timeout, self._expire)

    async def end(self, error: BaseException | None) -> None:
        """Undoes the writes if the block raised, else waits for the commit. Raises TransactionTimeout."""
        self.leave()
        if self._timer is not None:
            self._timer.cancel()
        if error is None and not self._has_expired:
            self._writer.finish_turn(self._member)
            await self._member.durable()
            return
        self._undo()
        if self._has_expired and self._is_own_cancellation(error):
            raise self._too_late() from error

    def check(self) -> None:
        if self._has_expired and asyncio.current_task() is self._task:
            raise self._too_late()
        super().check()
        if self._member.lost is not None:
            raise public_error(SQLITE, self._member.lost)

    def look_whether_lost(self, error: BaseException) -> None:
        """Some failures, such as a full disk, roll everything back."""
        if not self._connection.in_transaction:
            self._writer.lose(error)

    @property
    def is_usable(self) -> bool:
        """Whether the writer's connection is still this transaction's."""
        return self._is_open and self._member.lost is None

    def _undo(self) -> None:
        if not self._is_undone:
            self._is_undone = True
            self._writer.undo_turn(self._member)

    def _expire(self) -> None:
        self._has_expired = True
        self._is_open = False
        if not self._writer.is_away:
            self._undo()
        self._task.cancel()

    def _is_own_cancellation(self, error: BaseException | None) -> bool:
        others = self._task.uncancel() > self._cancelling
        return not (others and isinstance(error, asyncio.CancelledError))

    def _too_late(self) -> TransactionTimeout:
        return TransactionTimeout(LATE.format(seconds=self._timeout))

    def _lent(self) -> None:
        self._writer.is_away = True

    def _returned(self) -> None:
        self._writer.is_away = False


class SavepointPart:
    """A part of a transaction in its savepoint."""

    __slots__ = ("_connection", "_effects", "_mark", "_transaction")

    def __init__(self, transaction: Transaction, connection: sqlite3.Connection, effects: Effects) -> None:
        self._transaction = transaction
        self._connection = connection
        self._effects = effects
        self._mark = effects.mark()
        # Savepoints of one name nest: the name means the innermost.
        connection.execute("SAVEPOINT part")

    async def keep(self) -> None:
        """What it wrote is the transaction's."""
        self._transaction.check()
        self._connection.execute("RELEASE part")

    async def undo(self, error: BaseException) -> None:
        """What it wrote is undone, if the connection is still the transaction's."""
        self._effects.forget_since(self._mark)
        if not self._transaction.is_usable:
            return
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK TO part")
            self._connection.execute("RELEASE part")
        else:
            self._transaction.look_whether_lost(error)


def _by_the_writers_thread(writer: Writer) -> ThreadReads:
    return lambda read, connection: writer.worker.call(lambda: read.perform(connection))
