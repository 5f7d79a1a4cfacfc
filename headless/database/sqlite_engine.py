"""SQLAlchemy over a raw connection of SQLite, for changes of the schema in a transaction that somebody else began."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import StaticPool

from headless.database.sqlite_dialect import SQLAlchemyDialect

T = TypeVar("T")


class _Driver(SQLAlchemyDialect, SQLiteDialect_pysqlite):
    """The driver's dialect, which leaves beginning and ending the transaction to the owner of the connection."""

    supports_statement_cache = False
    server_version_info = sqlite3.sqlite_version_info

    def do_begin(self, dbapi_connection: Any) -> None: ...

    def do_commit(self, dbapi_connection: Any) -> None: ...

    def do_rollback(self, dbapi_connection: Any) -> None: ...

    def do_close(self, dbapi_connection: Any) -> None: ...


@contextmanager
def borrowed(raw: sqlite3.Connection) -> Iterator[sa.Connection]:
    """The connection as SQLAlchemy's. Nothing but what is executed happens to it, and it stays open.

    What the database refuses is raised as SQLAlchemy's error inside the block, as the driver's outside of it.
    """
    pool = StaticPool(lambda: raw, reset_on_return=None)  # type: ignore[arg-type]
    engine = sa.Engine(pool, _Driver(dbapi=sqlite3), sa.make_url("sqlite://"))
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        if error.orig is None:
            raise
        raise error.orig from error.orig.__cause__


def call_with(raw: sqlite3.Connection, call: Callable[[sa.Connection], T]) -> T:
    """What `call` answers to the connection as SQLAlchemy's."""
    with borrowed(raw) as connection:
        return call(connection)
