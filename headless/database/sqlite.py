"""The database on SQLite: reads on the event loop or on a thread, writes in groups, all on one file."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from headless.database import system
from headless.database.connection import GuardedConnection, connect, do_not_wait
from headless.database.dialect import Dialect
from headless.database.generations import Generations
from headless.database.members import CallMember, StoreMember
from headless.database.protocol import CommitListener, Store
from headless.database.scope import TransactionBlock, current_scope, scope_of, writable
from headless.database.sqlite_dialect import SQLITE
from headless.database.sqlite_engine import call_with
from headless.database.sqlite_scope import Snapshot
from headless.database.sqlite_wake import SQLiteWake
from headless.database.statements import Row, Statement, StatementCache, Values, compile_statement
from headless.database.threads import ReaderThreads, Worker
from headless.database.totals import Totals
from headless.database.transaction import Transaction
from headless.database.writer import Writer
from headless.errors import Unavailable

T = TypeVar("T")

_KEPT_SNAPSHOTS: Final = 4
_MEMORY: Final = "/dev/shm"  # noqa: S108


class SQLiteDatabase:
    """A database in one file or, for the path `:memory:`, in a private directory that goes when it is closed.

    `readers` threads answer what would hold up the event loop; `waiting` more such reads may queue, and each
    may take `read_seconds`.
    """

    def __init__(self, path: str | Path, *, readers: int = 2, waiting: int = 64, read_seconds: float = 10.0) -> None:
        self.commit_listeners: list[CommitListener] = []
        self.statements = StatementCache()
        self.is_private = str(path) == ":memory:"
        self._path = None if self.is_private else Path(path)
        self._readers = readers
        self._waiting = waiting
        self._read_seconds = read_seconds
        self._totals = Totals()
        self._snapshots: list[GuardedConnection] = []
        self._remove: Callable[[], Any] | None = None
        self._is_open = False

    @property
    def dialect(self) -> Dialect:
        return SQLITE

    @property
    def path(self) -> Path:
        """The file. A private database has one while it is open."""
        if self._path is None:
            raise Unavailable("The database is not open.")
        return self._path

    async def open(self) -> None:
        """Connects, makes the file if there is none, and brings the platform's own tables up to date."""
        if self._is_open:
            return
        loop = asyncio.get_running_loop()
        self._make_room()
        worker = Worker("headless-writer", loop)
        try:
            connection = await worker.call(self._connect_writer)
        except BaseException:
            worker.stop()
            raise
        self._reader = GuardedConnection(do_not_wait(self._connect_reader()))
        self._threads = ReaderThreads(
            loop, self._connect_reader, size=self._readers, waiting=self._waiting, seconds=self._read_seconds
        )
        self._writer = Writer(connection, worker, loop, self.commit_listeners)
        self._generations = Generations(self._reader, connection, lambda: self._writer.is_away)
        self._writer.generations = self._generations
        self._turns = GuardedConnection(connection, armed=False)
        self._loop = loop
        self._is_open = True

    async def close(self) -> None:
        """Lets the commit that is under way end, refuses what waits, and disconnects."""
        if not self._is_open:
            return
        self._is_open = False
        await self._writer.close()
        self._writer.worker.stop()
        await self._threads.close()
        for guarded in (self._reader, *self._snapshots):
            guarded.connection.close()
        self._snapshots.clear()
        self._writer.connection.close()
        if self._remove is not None:
            self._remove()

    def compile(self, clause: sa.ClauseElement, names: Sequence[str], *, risky: bool = False) -> Statement:
        """`compile_statement` in SQLite's dialect."""
        return compile_statement(clause, names, risky=risky, dialect=SQLITE.sqlalchemy)

    def compile_insert(self, clause: sa.Insert, key: sa.Column[Any], names: Sequence[str]) -> Statement:
        """The INSERT of one row, which answers the row's key. An integer key is known without RETURNING."""
        if isinstance(key.type, sa.Integer):
            return replace(self.compile(clause, names), answers_rowid=True)
        return self.compile(clause.returning(key), names)

    async def read(self, statement: Statement, values: Values = ()) -> list[Row]:
        """All rows. Raises Unavailable when too many slow reads wait already, or this one takes too long."""
        if current_scope.get() is not None and (scope := scope_of(self)) is not None:
            return await scope.read(statement, values)
        if statement.inline:
            rows = self._reader.read(statement, values)
            if rows is not None:
                return rows
        return await self._threads.read(statement, values)

    def read_inline(self, statement: Statement, values: Values = ()) -> list[Row] | None:
        """All rows at once, or None when only `read` can answer without holding up the event loop."""
        if current_scope.get() is not None and (scope := scope_of(self)) is not None:
            return scope.read_inline(statement, values)
        return self._reader.read(statement, values) if statement.inline else None

    async def total(self, statement: Statement, values: Values = (), key: Hashable = None) -> int:
        """The single number the statement gives, remembered until any process writes a table it reads."""
        if scope_of(self) is not None:
            return int((await self.read(statement, values))[0][0])
        if key is None:
            key = (statement, tuple(values))
        generation = self._generations.of(statement.reads)
        known = self._totals.get(key, generation)
        if known is None:
            known = int((await self.read(statement, values))[0][0])
            self._totals.put(key, generation, known)
        return known

    def generation(self, table: str) -> int:
        """A number that is another after every commit that may have written the table.

        Inside a transaction, which sees what is not committed yet, it is another each time.
        """
        if scope_of(self) is not None:
            return self._generations.never()
        return self._generations.of((table,))

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
        """A turn on the writer for this task, for `timeout` seconds; inside another, a part of that."""
        return TransactionBlock(self, Transaction, lambda: self.begin(timeout))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Reads of the current task inside the block all see the database as it is at the first of them."""
        if scope_of(self) is not None:
            yield
            return
        guarded = self._snapshots.pop() if self._snapshots else GuardedConnection(do_not_wait(self._connect_reader()))
        snapshot = Snapshot(self, guarded, self._threads.submit, self._read_seconds)
        snapshot.enter()
        try:
            yield
        finally:
            snapshot.leave()
            if self._is_open and len(self._snapshots) < _KEPT_SNAPSHOTS:
                self._snapshots.append(guarded)
            else:
                guarded.connection.close()

    def wake(self) -> SQLiteWake:
        """What calls the other processes that have this file open."""
        return SQLiteWake(self.path)

    async def call_writer(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with the writer's connection in its thread, in a transaction of its own: for the schema."""
        if scope_of(self) is not None:
            raise RuntimeError("a transaction or snapshot would wait for itself: call outside of it")
        member = CallMember(self._loop, lambda raw: call_with(raw, call))
        self._writer.submit(member)
        await member.durable()
        result: T = member.result
        return result

    async def inspect(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection that cannot write, in a thread."""

        def work() -> T:
            with closing(self._connect_reader()) as raw:
                return call_with(raw, call)

        return await self._loop.run_in_executor(None, work)

    def begin(self, timeout: float) -> Transaction:
        """A transaction that has not begun."""
        return Transaction(self, self._writer, self._turns, self._read_seconds, timeout)

    def _make_room(self) -> None:
        if not self.is_private:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return
        folder = tempfile.mkdtemp(prefix="headless-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = Path(folder) / "private.db"

    def _connect_writer(self) -> sqlite3.Connection:
        connection = connect(str(self._path), durable=not self.is_private)
        try:
            connection.execute("BEGIN IMMEDIATE")
            call_with(connection, system.migrate)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return do_not_wait(connection)

    def _connect_reader(self) -> sqlite3.Connection:
        return connect(str(self._path), read_only=True)
