"""What a write leaves to be done when it is durable, and the loop that drives a store."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import sqlite3
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from headless.database.log import LogRow, encode
from headless.database.protocol import AfterCommit, Callback, LoggedChange, Store
from headless.database.statements import Row, Statement

T = TypeVar("T")

logger = logging.getLogger("headless.database")

_running: set[asyncio.Task[None]] = set()


class Effects:
    """The changes for the log, the tables written, and the callbacks, in order."""

    __slots__ = ("callbacks", "changes", "rows", "tables")

    def __init__(self) -> None:
        self.changes: list[LoggedChange] = []
        self.rows: list[LogRow] = []
        self.tables: set[str] = set()
        self.callbacks: list[Callback] = []

    def log(self, change: LoggedChange) -> None:
        """The change goes into the log before the commit."""
        self.rows.append(encode(change))
        self.changes.append(change)

    def mark(self) -> tuple[int, int]:
        """How far it has come, for `forget_since`."""
        return len(self.changes), len(self.callbacks)

    def forget_since(self, mark: tuple[int, int]) -> None:
        """Drops what came after the mark: it was rolled back."""
        del self.changes[mark[0] :]
        del self.rows[mark[0] :]
        del self.callbacks[mark[1] :]

    async def call_back(self) -> None:
        """Calls the callbacks. The write is done: an error of one is logged, and the next is called."""
        callbacks = self.callbacks
        while callbacks:
            try:
                answer = callbacks.pop(0)()
                if inspect.isawaitable(answer):
                    await answer
            except asyncio.CancelledError:
                self.call_back_alone()
                raise
            except Exception:
                logger.exception("a callback after a commit failed")

    def call_back_alone(self) -> None:
        """The same in a task of its own, when the owner was cancelled."""
        if self.callbacks:
            task = asyncio.get_running_loop().create_task(self.call_back())
            _running.add(task)
            task.add_done_callback(_running.discard)


def drive(connection: sqlite3.Connection, make: Callable[[], Store[T]], effects: Effects) -> T:
    """Runs a store to its end and returns its result; whatever it or the database raises passes through.

    The database's error is raised inside the store, which may give it a better name but cannot go on.
    """
    execute = connection.execute
    store = make()
    rows: Any = None
    try:
        while True:
            step: Any = store.send(rows)
            if type(step) is tuple:
                statement, values = step
                bind = statement.bind
                try:
                    rows = answer(execute(statement.sql, values if bind is None else bind(values)), statement)
                except Exception as error:
                    _refuse(store, error)
                effects.tables |= statement.writes
            else:
                rows = []
                if isinstance(step, AfterCommit):
                    effects.callbacks.append(step.callback)
                else:
                    effects.log(step)
    except StopIteration as stop:
        result: T = stop.value
        return result


def answer(cursor: sqlite3.Cursor, statement: Statement) -> list[Row]:
    """The rows that a statement gave; for an insert that answers its key there is no need to ask for them."""
    return [(cursor.lastrowid,)] if statement.answers_rowid else cursor.fetchall()


def _refuse(store: Store[Any], error: Exception) -> NoReturn:
    with contextlib.suppress(StopIteration):
        store.throw(error)
    store.close()
    raise error
