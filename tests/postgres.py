"""A database on PostgreSQL for synchronous tests, on which the platform's statements run by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg

from headless.database.postgresql.codecs import set_codecs
from headless.database.postgresql.functions import FUNCTIONS
from headless.database.statements import Statement

OTHER_ORDER: Final = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'"
"""A database that would sort and compare texts as a dictionary does, if it was let."""


class Connected:
    """A connection and the loop that it belongs to."""

    def __init__(self, url: str, database: str | None = None) -> None:
        self._runner = asyncio.Runner()
        self.connection: Any = self._runner.run(asyncpg.connect(url, database=database, server_settings={"jit": "off"}))

    def execute(self, sql: str) -> None:
        """Runs statements without values."""
        self._runner.run(self.connection.execute(sql))

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a statement."""
        return list(self._runner.run(self.connection.fetch(sql, *values)))

    def run(self, statement: Statement, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a compiled statement."""
        return self.fetch(statement.sql, values if statement.bind is None else statement.bind(values))

    def prepare(self) -> None:
        """What the platform does with a new connection, and a new database."""
        self._runner.run(set_codecs(self.connection))
        for sql in FUNCTIONS:
            self.execute(sql)

    def close(self) -> None:
        self._runner.run(self.connection.close())
        self._runner.close()


@contextlib.contextmanager
def made_database(url: str) -> Iterator[Connected]:
    """A connection to a database that is gone afterwards."""
    name = f"headless_test_{os.getpid()}"
    server = Connected(url)
    try:
        server.execute(f"CREATE DATABASE {name} {OTHER_ORDER}")
        try:
            connected = Connected(url, name)
            try:
                connected.prepare()
                yield connected
            finally:
                connected.close()
        finally:
            server.execute(f"DROP DATABASE {name}")
    finally:
        server.close()
