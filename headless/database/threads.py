"""Threads that work for the event loop: the writer's, and the readers for what would hold the loop up."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

from headless.database.dialect import public_error
from headless.database.sqlite_dialect import SQLITE, is_interrupted
from headless.database.statements import Row, Statement, Values
from headless.errors import Unavailable

FAST_SECONDS: Final = 0.00025
"""A read that takes a thread less CPU time than this may be tried on the event loop again."""

_OPCODES_PER_LOOK: Final = 100_000

Call = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]


class Worker:
    """One thread that makes calls in order and reports each to the event loop."""

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: SimpleQueue[tuple[Call, Done] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Call, done: Done) -> None:
        """Makes the call in the thread, then calls `done(result, error)` on the loop."""
        self._calls.put((call, done))

    def call(self, call: Call) -> asyncio.Future[Any]:
        """Makes the call in the thread."""
        future = self._loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(call, done)
        return future

    def stop(self) -> None:
        """Ends the thread after the calls it was given and waits for it."""
        self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            call, done = item
            result, error = None, None
            try:
                result = call()
            except BaseException as raised:
                error = raised
            try:
                self._loop.call_soon_threadsafe(done, result, error)
            except RuntimeError:
                return
            del item, call, done, result, error


class ThreadRead:
    """One read made in a thread, which can be given up and has a limited time."""

    __slots__ = ("_deadline", "_seconds", "abandoned", "cpu_seconds", "statement", "values")

    def __init__(self, statement: Statement, values: Values, seconds: float) -> None:
        self.statement = statement
        self.values = values
        self.abandoned = False
        self.cpu_seconds = 0.0
        self._seconds = seconds
        self._deadline = 0.0

    def perform(self, connection: sqlite3.Connection) -> list[Row]:
        """All rows. Raises Unavailable when it takes too long or is given up. Leaves no handler behind."""
        if self.abandoned:
            raise Unavailable()
        bind = self.statement.bind
        values = self.values if bind is None else bind(self.values)
        self._deadline = time.monotonic() + self._seconds
        connection.set_progress_handler(self._is_over, _OPCODES_PER_LOOK)
        began = time.thread_time()
        try:
            return connection.execute(self.statement.sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if is_interrupted(error):
                raise Unavailable("The query took too long.") from error
            raise
        finally:
            self.cpu_seconds = time.thread_time() - began
            connection.set_progress_handler(None, 0)

    def learn(self) -> None:
        """Forgives a statement that was slow once and is fast now."""
        if self.cpu_seconds < FAST_SECONDS and not self.statement.risky:
            self.statement.inline = True

    def _is_over(self) -> bool:
        return self.abandoned or time.monotonic() > self._deadline


class ReaderThreads:
    """A few threads, each with its connection, and a bounded queue before them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[], sqlite3.Connection],
        *,
        size: int,
        waiting: int,
        seconds: float,
    ) -> None:
        self._loop = loop
        self._connect = connect
        self._size = size
        self._bound = size + waiting
        self._seconds = seconds
        self._reads: SimpleQueue[tuple[ThreadRead, sqlite3.Connection | None, asyncio.Future[list[Row]]] | None]
        self._reads = SimpleQueue()
        self._pending: set[ThreadRead] = set()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    async def read(self, statement: Statement, values: Values) -> list[Row]:
        """All rows. Raises Unavailable when too many reads wait already, or this one takes too long."""
        read = ThreadRead(statement, values, self._seconds)
        try:
            return await self.submit(read)
        except asyncio.CancelledError:
            read.abandoned = True
            raise

    def submit(self, read: ThreadRead, connection: sqlite3.Connection | None = None) -> asyncio.Future[list[Row]]:
        """Queues a read, on the thread's connection or a given one. Raises Unavailable when too many wait."""
        if self._is_closed:
            raise Unavailable("The server is stopping.")
        if len(self._pending) >= self._bound:
            raise Unavailable()
        future: asyncio.Future[list[Row]] = self._loop.create_future()
        self._pending.add(read)
        if len(self._threads) < min(len(self._pending), self._size):
            self._start_thread()
        self._reads.put((read, connection, future))
        return future

    async def close(self) -> None:
        """Gives up what runs and waits, and ends the threads."""
        self._is_closed = True
        for read in self._pending:
            read.abandoned = True
        for _ in self._threads:
            self._reads.put(None)
        while self._threads:
            await self._loop.run_in_executor(None, self._threads.pop().join)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name=f"headless-reader-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _done(
        self,
        read: ThreadRead,
        future: asyncio.Future[list[Row]],
        rows: list[Row],
        error: BaseException | None,
    ) -> None:
        self._pending.discard(read)
        if future.done():
            return
        if error is not None:
            future.set_exception(public_error(SQLITE, error))
            return
        read.learn()
        future.set_result(rows)

    def _run(self) -> None:
        own: sqlite3.Connection | None = None
        while (item := self._reads.get()) is not None:
            read, connection, future = item
            rows: list[Row] = []
            error: BaseException | None = None
            try:
                if connection is None:
                    connection = own = own or self._connect()
                rows = read.perform(connection)
            except BaseException as raised:
                error = raised
            try:
                self._loop.call_soon_threadsafe(self._done, read, future, rows, error)
            except RuntimeError:
                break
            del item, read, connection, future, rows, error
        if own is not None:
            own.close()
