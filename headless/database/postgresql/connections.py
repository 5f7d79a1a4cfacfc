"""Connections to PostgreSQL: how they are set up, and a pool that lends them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from headless.database.postgresql.codecs import set_codecs
from headless.errors import Unavailable

Connection = Any
"""An `asyncpg.Connection`: the package has no types."""

OLDEST: Final = 15
"""The oldest major version that the tests ran on."""
CONNECT_SECONDS: Final = 10.0
WAITING: Final = 1024

_SETTINGS: Final = {"application_name": "headless", "timezone": "UTC", "jit": "off"}


class Address:
    """Where a database is: the URL for the driver, and the schema in it that the tables stand in.

    Of the URL's query `schema` names the schema, and `private` makes one that is gone when it is closed; everything
    else is the driver's (`sslmode`, `host` for a socket, settings of the server).
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.is_private = "private" in query
        query.pop("private", None)
        self.schema: str | None = query.pop("schema", None)
        self._settings = {name: value for name, value in _SETTINGS.items() if name not in query}
        self.url = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(query), ""))

    async def connect(self, **settings: str) -> Connection:
        """A connection with these settings of the server. Raises what asyncpg raises."""
        connection = await asyncpg.connect(
            self.url,
            timeout=CONNECT_SECONDS,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=self.settings(settings),
        )
        await set_codecs(connection)
        return connection

    def settings(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the server is told of a session at its start."""
        settings = {**self._settings, **(more or {})}
        if self.schema is not None:
            settings["search_path"] = quoted(self.schema)
        if self.is_private:
            settings["synchronous_commit"] = "off"
        return settings


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


class Connections:
    """At most `size` connections, opened when they are wanted and lent to one task at a time, the last one first."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._opened = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_open = True

    async def acquire(self) -> Connection:
        """A connection that nobody else has. Raises Unavailable when too many wait, or the pool is closed."""
        while self._is_open:
            connection = self.idle()
            if connection is not None:
                return connection
            if self._opened < self._size:
                return await self._open()
            if len(self._waiting) >= WAITING:
                raise Unavailable()
            await self._turn()
        raise Unavailable("The server is stopping.")

    def idle(self) -> Connection | None:
        """One that is open and that nobody has; None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._opened -= 1
        return None

    def release(self, connection: Connection, *, is_sound: bool = True) -> None:
        """Takes a connection back; what may still be at work in one that is not sound ends with it."""
        if self._is_open and is_sound and not connection.is_closed():
            self._idle.append(connection)
        else:
            self._opened -= 1
            if not connection.is_closed():
                connection.terminate()
        self._wake_one()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Connection]:
        """A connection for the length of a block. One that is left inside a transaction, or at work, is given up."""
        connection = await self.acquire()
        is_sound = False
        try:
            yield connection
            is_sound = True
        except asyncpg.InterfaceError:
            raise
        except Exception:
            is_sound = not connection.is_in_transaction()
            raise
        finally:
            self.release(connection, is_sound=is_sound)

    async def close(self) -> None:
        """Closes what is idle; what is lent is closed when it comes back."""
        self._is_open = False
        while self._waiting:
            self._wake_one()
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close(timeout=CONNECT_SECONDS)

    async def _open(self) -> Connection:
        self._opened += 1
        try:
            return await self._connect()
        except BaseException:
            self._opened -= 1
            self._wake_one()
            raise

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_one()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
