"""The loop that drives a store on PostgreSQL: each statement it yields is awaited, nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextvars import Context
from typing import Any, NoReturn, TypeVar

from headless.database.effects import Effects
from headless.database.postgresql.connections import Connection
from headless.database.protocol import AfterCommit, Store
from headless.database.statements import Row, Statement, Values

T = TypeVar("T")


async def fetch(connection: Connection, statement: Statement, values: Values) -> list[Row]:
    """All rows of one statement."""
    bind = statement.bind
    rows: list[Row] = await connection.fetch(statement.sql, *(values if bind is None else bind(values)))
    return rows


class Drive:
    """One run of a store. `has_written` says whether it may have left something in the transaction."""

    def __init__(self, make: Callable[[], Store[T]], effects: Effects, context: Context) -> None:
        self._make = make
        self._effects = effects
        self._context = context
        self.has_written = False
        self.has_failed_in_database = False

    async def run(self, connection: Connection) -> Any:
        """The result of the store; whatever it or the database raises passes through.

        The database's error is raised inside the store, which may give it a better name but cannot go on.
        """
        store = self._context.run(self._make)
        rows: Any = None
        try:
            while True:
                step: Any = self._context.run(store.send, rows)
                if type(step) is tuple:
                    rows = await self._fetch(connection, store, *step)
                else:
                    rows = []
                    self._note(step)
        except StopIteration as stop:
            return stop.value

    async def _fetch(
        self, connection: Connection, store: Store[Any], statement: Statement, values: Values
    ) -> list[Row]:
        try:
            rows = await fetch(connection, statement, values)
        except Exception as error:
            self.has_failed_in_database = True
            self._refuse(store, error)
        except BaseException:
            store.close()
            raise
        if statement.writes and (rows or "RETURNING" not in statement.sql):
            self.has_written = True
        self._effects.tables |= statement.writes
        return rows

    def _note(self, step: Any) -> None:
        if isinstance(step, AfterCommit):
            self._effects.callbacks.append(step.callback)
        else:
            self._effects.log(step)

    def _refuse(self, store: Store[Any], error: Exception) -> NoReturn:
        with contextlib.suppress(StopIteration):
            self._context.run(store.throw, error)
        store.close()
        raise error
