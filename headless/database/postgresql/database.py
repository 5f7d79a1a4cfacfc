"""The database on PostgreSQL: reads on a pool of connections, writes in groups, transactions side by side."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

import asyncpg
import sqlalchemy as sa

from headless.database import system
from headless.database.dialect import Dialect, public_error
from headless.database.postgresql import functions
from headless.database.postgresql.commit import Commits, text_key
from headless.database.postgresql.connections import OLDEST, Address, Connections, quoted
from headless.database.postgresql.dialect import POSTGRESQL
from headless.database.postgresql.driving import fetch
from headless.database.postgresql.engine import engine_on, original_errors, run_script
from headless.database.postgresql.transaction import Snapshot, Transaction
from headless.database.postgresql.wake import PostgreSQLWake
from headless.database.postgresql.writer import StoreMember, Writer
from headless.database.protocol import CommitListener, Store
from headless.database.scope import TransactionBlock, current_scope, scope_of, writable
from headless.database.statements import Row, Statement, StatementCache, Values, compile_statement
from headless.database.totals import Totals
from headless.errors import ConfigError

T = TypeVar("T")

QUICK: Final = "250ms"
"""How long a group waits for a row or for the log: less than PostgreSQL waits before it looks for a deadlock."""
PATIENT: Final = "10s"
UNDISTURBED: Final = "60s"
"""How long a change of the schema waits until nobody uses a table."""

_SNAPSHOT: Final = Statement("SELECT pg_current_snapshot()::text")


class PostgreSQLDatabase:
    """A database, or one schema of it, by the URL `postgresql://user@host/name?schema=shop`.

    With `?private` it is a schema that is made when it is opened and dropped when it is closed. `readers` connections
    read, each for at most `read_seconds`, and `writers` carry transactions; one more writes groups, one more listens.
    """

    def __init__(self, url: str, *, readers: int = 4, writers: int = 4, read_seconds: float = 10.0) -> None:
        self.commit_listeners: list[CommitListener] = []
        self.statements = StatementCache()
        self.address = Address(url)
        self.is_private = self.address.is_private
        self._sizes = (readers, writers)
        self._read_ms = f"{int(read_seconds * 1000)}ms"
        self._totals = Totals()
        self._is_open = False

    @property
    def dialect(self) -> Dialect:
        return POSTGRESQL

    async def open(self) -> None:
        """Connects, makes the schema if there is none, and brings the platform's own tables up to date.

        Raises ConfigError for what the operator has to mend, such as a server that does not answer.
        """
        if self._is_open:
            return
        if self.is_private:
            self.address.schema = f"headless_{secrets.token_hex(8)}"
        self._loop = asyncio.get_running_loop()
        address, (readers, writers) = self.address, self._sizes
        read_only = {"default_transaction_read_only": "on", "statement_timeout": self._read_ms}
        self._readers = Connections(partial(address.connect, **read_only), readers)
        self._patient = Connections(partial(address.connect, lock_timeout=PATIENT), writers)
        self._lane = Connections(partial(address.connect, lock_timeout=QUICK), 1)
        self._engine = engine_on(self._patient)
        try:
            await self._prepare()
        except BaseException as error:
            await self._patient.close()
            if isinstance(error, (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
                raise ConfigError(f"PostgreSQL cannot be used: {error}") from error
            raise
        self._commits = Commits((text_key("changes"), text_key(self._schema)), self.commit_listeners)
        self._writer = Writer(self._lane, self._patient, self._commits)
        self._is_open = True

    async def close(self) -> None:
        """Lets the commits that are under way end, refuses what waits, and disconnects."""
        if not self._is_open:
            return
        self._is_open = False
        await self._writer.close()
        for connections in (self._lane, self._readers):
            await connections.close()
        if self.is_private:
            async with self._patient.lent() as connection:
                await connection.execute(f"DROP SCHEMA {quoted(self._schema)} CASCADE")
        await self._patient.close()

    def compile(self, clause: sa.ClauseElement, names: Sequence[str], *, risky: bool = False) -> Statement:
        """`compile_statement` in PostgreSQL's dialect."""
        return compile_statement(clause, names, risky=risky, dialect=POSTGRESQL.sqlalchemy)

    def compile_insert(self, clause: sa.Insert, key: sa.Column[Any], names: Sequence[str]) -> Statement:
        """The INSERT of one row, which answers the row's key."""
        return self.compile(clause.returning(key), names)

    async def read(self, statement: Statement, values: Values = ()) -> list[Row]:
        """All rows. Raises Unavailable when too many reads wait already, or this one takes too long."""
        if current_scope.get() is not None and (scope := scope_of(self)) is not None:
            return await scope.read(statement, values)
        try:
            return await self._read(statement, values)
        except Exception as error:
            raise public_error(POSTGRESQL, error)  # noqa: B904

    async def _read(self, statement: Statement, values: Values) -> list[Row]:
        try:
            return await self._asked(statement, values)
        except asyncpg.ConnectionDoesNotExistError:
            # The connection had been lost while it was idle: nothing has been answered, so it can be asked again.
            return await self._asked(statement, values)

    async def _asked(self, statement: Statement, values: Values) -> list[Row]:
        readers = self._readers
        connection = readers.idle() or await readers.acquire()
        try:
            rows = await fetch(connection, statement, values)
        except BaseException as error:
            readers.release(connection, is_sound=isinstance(error, asyncpg.PostgresError))
            raise
        readers.release(connection)
        return rows

    def read_inline(self, statement: Statement, values: Values = ()) -> list[Row] | None:
        """None: only `read` can answer without holding up the event loop."""
        return None

    async def total(self, statement: Statement, values: Values = (), key: Hashable = None) -> int:
        """The single number the statement gives, remembered until anybody commits anything."""
        if scope_of(self) is not None:
            return int((await self.read(statement, values))[0][0])
        if key is None:
            key = (statement, tuple(values))
        snapshot = (await self.read(_SNAPSHOT))[0][0]
        known = self._totals.get(key, snapshot)
        if known is None:
            known = int((await self.read(statement, values))[0][0])
            self._totals.put(key, snapshot, known)
        return known

    async def store(self, make: Callable[[], Store[T]]) -> T:
        """Runs the store that `make` gives; its result, once it is durable, or at once inside a transaction.

        What the store raises, or the database inside it, comes back from here, and nothing of it was written.
        """
        scope = scope_of(self)
        if scope is not None:
            return await writable(scope, Transaction).store(make)
        member = StoreMember(self._loop, make)
        self._writer.submit(member)
        await member.durable()
        result: T = member.result
        return result

    def transaction(self, timeout: float = 5.0) -> TransactionBlock[Transaction]:
        """A transaction for this task, for `timeout` seconds; inside another, a part of that."""
        return TransactionBlock(self, Transaction, lambda: Transaction(self, self._patient, self._commits, timeout))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Reads of the current task inside the block all see the database as it is at the first of them."""
        if scope_of(self) is not None:
            yield
            return
        snapshot = Snapshot(self, self._readers)
        await snapshot.begin()
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            snapshot.leave()
            await snapshot.roll_back(error)

    def wake(self) -> PostgreSQLWake:
        """What calls the other processes on this database."""
        channel = f"headless_{text_key(self._schema) & 0xFFFFFFFF:08x}"
        return PostgreSQLWake(channel, self.address.connect, self._readers)

    async def call_writer(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection in a transaction of its own, alone among those who change the schema."""
        if scope_of(self) is not None:
            raise RuntimeError("a transaction or snapshot would wait for itself: call outside of it")

        def work(connection: sa.Connection) -> T:
            key = f"{text_key('schema')}, {text_key(self._schema)}"
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            wait = f"SELECT pg_advisory_xact_lock({key})"
            run_script(connection, [wait, f"SET LOCAL lock_timeout = '{UNDISTURBED}'"])
            return call(connection)

        with original_errors():
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    async def inspect(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection that cannot write."""
        with original_errors():
            async with self._engine.connect() as connection:
                await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                return await connection.run_sync(call)

    async def _prepare(self) -> None:
        async with self._patient.lent() as connection:
            version = connection.get_server_version()
            if version.major < OLDEST:
                raise ConfigError(f"PostgreSQL {OLDEST} or newer is needed; this is {version.major}")
            if self.address.schema is not None:
                await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.address.schema)}")
            schema: str | None = await connection.fetchval("SELECT current_schema()")
        if schema is None:
            raise ConfigError("the user of the database has no schema to make tables in")
        self._schema = schema
        await self.call_writer(_bring_up_to_date)


def _bring_up_to_date(connection: sa.Connection) -> None:
    system.migrate(connection)
    functions.create(connection)
