"""Transactions and snapshots: a connection to PostgreSQL for one task, with parts that can fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Final, TypeVar

import asyncpg

from headless.database.dialect import public_error
from headless.database.effects import Effects
from headless.database.members import Member
from headless.database.postgresql.commit import Commits
from headless.database.postgresql.connections import Connection, Connections
from headless.database.postgresql.dialect import POSTGRESQL
from headless.database.postgresql.driving import Drive, fetch
from headless.database.protocol import Callback, Store
from headless.database.scope import LATE, Scope, TransactionScope
from headless.database.statements import Row, Statement, Values
from headless.errors import TransactionClosed, TransactionTimeout, Unavailable

T = TypeVar("T")

LOST: Final = (
    "Something inside this transaction failed, or was given up, and PostgreSQL has taken back everything in it. Begin "
    "a transaction inside of it for what may fail: that part alone is taken back."
)

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0))"

_committing: set[asyncio.Task[None]] = set()


class ConnectionScope(Scope):
    """A connection that one task has for itself for a while."""

    def __init__(self, database: object, connections: Connections, begin: str) -> None:
        super().__init__(database)
        self._connections = connections
        self._begin = begin
        self._connection: Connection = None
        self.lost: BaseException | None = None
        """The failure of a statement by itself, such as a read: PostgreSQL takes back everything around it."""

    async def begin(self) -> None:
        """Waits for a connection and begins."""
        try:
            self._connection = await self._connections.acquire()
            await self._connection.execute(self._begin)
        except BaseException as error:
            if self._connection is not None:
                self._connections.release(self._connection, is_sound=False)
            if isinstance(error, Exception):
                raise public_error(POSTGRESQL, error)  # noqa: B904
            raise
        self.enter()

    def check(self) -> None:
        super().check()
        if self.lost is not None:
            raise TransactionClosed(LOST) from self.lost
        if self._connection.is_closed():
            raise Unavailable()

    def read_inline(self, statement: Statement, values: Values) -> list[Row] | None:
        self.check()
        return None

    async def read(self, statement: Statement, values: Values) -> list[Row]:
        self.check()
        if statement.writes:
            raise ValueError(f"a read does not write: {statement.sql}")
        try:
            return await fetch(self._connection, statement, values)
        except BaseException as error:
            raise self._noted(error)  # noqa: B904

    async def run(self, sql: str, *values: Any) -> None:
        """Runs a statement of the transaction's own."""
        try:
            await self._connection.execute(sql, *values)
        except BaseException as error:
            raise self._noted(error)  # noqa: B904

    def _noted(self, error: BaseException) -> BaseException:
        """The error to raise for one of a statement that was not part of a store."""
        # What the driver refuses by itself has not reached the server.
        if not isinstance(error, Exception) or getattr(error, "severity", None) is not None:
            self.lost = error
        return public_error(POSTGRESQL, error)

    async def run_whole(self, sql: str) -> None:
        """The same, of one that must not happen by half: if it is not known to have happened, nothing has."""
        try:
            await self.run(sql)
        except BaseException:
            self._connection.terminate()
            raise

    async def roll_back(self, error: BaseException | None) -> None:
        """Ends without a trace. After a cancellation the connection may still be at work: it is given up."""
        connection = self._connection
        is_sound = False
        try:
            if error is None or isinstance(error, Exception):
                await connection.execute("ROLLBACK")
                is_sound = True
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            # The connection is lost, and the server rolls back by itself: what the block raised says more.
            pass
        finally:
            self._connections.release(connection, is_sound=is_sound)


class Snapshot(ConnectionScope):
    """Reads that all see the same state of the database."""

    def __init__(self, database: object, connections: Connections) -> None:
        super().__init__(database, connections, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


class Transaction(ConnectionScope, TransactionScope):
    """A transaction of its own connection; what it logs is kept until the commit. Others go on meanwhile."""

    def __init__(self, database: object, connections: Connections, commits: Commits, timeout: float) -> None:
        super().__init__(database, connections, "BEGIN")
        self._commits = commits
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._member = Member(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self._has_expired = False

    async def begin(self) -> None:
        await super().begin()
        self._cancelling = self._task.cancelling()
        self._timer = self._loop.call_later(self._timeout, self._expire)

    def after_commit(self, callback: Callback) -> None:
        self.check()
        self._member.effects.callbacks.append(callback)

    async def lock(self, name: str) -> None:
        self.check()
        await self.run(_LOCK, name)

    async def execute(self, statement: Statement, values: Values = ()) -> list[Row]:
        """Runs one statement. A failed one changes nothing and leaves the transaction usable."""

        def make() -> Store[list[Row]]:
            return (yield statement, values)

        return await self.store(make)

    async def store(self, make: Callable[[], Store[T]]) -> T:
        """Runs a store inside the transaction; one that fails is undone by itself."""
        part = await self.begin_part()
        try:
            result: T = await Drive(make, self._member.effects, copy_context()).run(self._connection)
        except BaseException as error:
            await part.undo(error)
            raise public_error(POSTGRESQL, error)  # noqa: B904
        await part.keep()
        return result

    async def begin_part(self) -> SavepointPart:
        self.check()
        # Savepoints of one name nest: the name means the innermost.
        await self.run_whole("SAVEPOINT part")
        return SavepointPart(self, self._member.effects)

    async def end(self, error: BaseException | None) -> None:
        """Undoes the writes if the block raised, else waits for the commit. Raises TransactionTimeout."""
        self.leave()
        if self._timer is not None:
            self._timer.cancel()
        if error is None and self.lost is not None:
            await self.roll_back(None)
            raise TransactionClosed(LOST) from self.lost
        if error is None and not self._has_expired:
            # Whoever stops waiting does not stop a commit half-way.
            committing = self._loop.create_task(self._commit())
            _committing.add(committing)
            committing.add_done_callback(_committing.discard)
            await self._member.durable()
            return
        await self.roll_back(error)
        if self._has_expired and self._is_own_cancellation(error):
            raise self._too_late() from error

    def check(self) -> None:
        if self._has_expired and asyncio.current_task() is self._task:
            raise self._too_late()
        super().check()

    async def _commit(self) -> None:
        is_sound = False
        try:
            if self._connection.is_closed():
                raise Unavailable()
            await self._commits.commit(self._connection, [self._member])
            is_sound = True
        except Exception as error:
            self._member.fail(public_error(POSTGRESQL, error))
        except BaseException:
            self._member.fail(Unavailable())
            raise
        finally:
            self._connections.release(self._connection, is_sound=is_sound)

    @property
    def is_usable(self) -> bool:
        """Whether the connection is still there."""
        return not self._connection.is_closed()

    def _expire(self) -> None:
        """The server rolls back what a lost connection had begun."""
        self._has_expired = True
        self._is_open = False
        self._connection.terminate()
        self._task.cancel()

    def _is_own_cancellation(self, error: BaseException | None) -> bool:
        others = self._task.uncancel() > self._cancelling
        return not (others and isinstance(error, asyncio.CancelledError))

    def _too_late(self) -> TransactionTimeout:
        return TransactionTimeout(LATE.format(seconds=self._timeout))


class SavepointPart:
    """A part of a transaction in its savepoint."""

    __slots__ = ("_effects", "_mark", "_transaction")

    def __init__(self, transaction: Transaction, effects: Effects) -> None:
        self._transaction = transaction
        self._effects = effects
        self._mark = effects.mark()

    async def keep(self) -> None:
        """What it wrote is the transaction's."""
        self._transaction.check()
        await self._transaction.run_whole("RELEASE part")

    async def undo(self, error: BaseException) -> None:
        """What it wrote is undone, and a failed read with it, if the connection is still the transaction's."""
        self._effects.forget_since(self._mark)
        if self._transaction.is_usable:
            await self._transaction.run_whole("ROLLBACK TO part")
            await self._transaction.run_whole("RELEASE part")
            self._transaction.lost = None
