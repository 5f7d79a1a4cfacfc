"""A call between processes that share a database on PostgreSQL: NOTIFY says that the log has grown."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Final

from headless.database.postgresql.connections import Connection, Connections

RECONNECT_SECONDS: Final = 1.0

_log = logging.getLogger("headless.database")


class PostgreSQLWake:
    """Listens on a connection of its own, and rings by one of those that read.

    The call carries only who calls. One that is lost does no harm: whoever follows the log also looks by itself, so a
    connection that broke is made anew at leisure.
    """

    def __init__(self, channel: str, connect: Callable[[], Awaitable[Connection]], callers: Connections) -> None:
        self._channel = channel
        self._connect = connect
        self._callers = callers
        self._name = secrets.token_hex(8)
        self._called: Callable[[], None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._ringing: asyncio.Task[None] | None = None
        self._rings_again = False

    def open(self, called: Callable[[], None]) -> bool:
        self._called = called
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen(), context=Context())
        return True

    def ring(self) -> None:
        self._rings_again = True
        if self._ringing is None:
            self._ringing = asyncio.get_running_loop().create_task(self._ring(), context=Context())

    def close(self) -> None:
        self._called = None
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except Exception as error:
                _log.warning("other processes cannot be heard for now: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _hear(self) -> None:
        """Hears until the connection ends."""
        connection = await self._connect()
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(self._channel, self._heard)
            # What was committed while nobody listened is in the log.
            self._call()
            await ended.wait()
        finally:
            connection.terminate()

    def _heard(self, connection: Connection, process: int, channel: str, caller: str) -> None:
        if caller != self._name:
            self._call()

    def _call(self) -> None:
        if self._called is not None:
            self._called()

    async def _ring(self) -> None:
        try:
            while self._rings_again:
                self._rings_again = False
                async with self._callers.lent() as connection:
                    await connection.fetchval("SELECT pg_notify($1, $2)", self._channel, self._name)
        except Exception as error:
            _log.warning("other processes could not be called: %s", error)
        finally:
            self._ringing = None
