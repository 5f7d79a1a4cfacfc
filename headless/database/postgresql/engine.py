"""SQLAlchemy over asyncpg, for changes of the schema: a call gets a connection that it uses without awaiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from headless.database.postgresql.compiler import SQLAlchemyDialect
from headless.database.postgresql.connections import OLDEST, Connections


class EngineDialect(SQLAlchemyDialect, PGDialect_asyncpg):
    """The driver's dialect, with tables and types said as the platform says them, on connections that are lent.

    JSON comes as text, as everywhere; nothing is asked of the server that is known.
    """

    supports_statement_cache = False
    connections: Connections

    def initialize(self, connection: sa.Connection) -> None:
        self.server_version_info = (OLDEST, 0)
        self.default_schema_name = connection.exec_driver_sql("SELECT current_schema()").scalar()

    async def setup_asyncpg_json_codec(self, conn: Any) -> None: ...

    async def setup_asyncpg_jsonb_codec(self, conn: Any) -> None: ...

    def do_close(self, dbapi_connection: Any) -> None:
        self.connections.release(dbapi_connection.driver_connection)

    def do_terminate(self, dbapi_connection: Any) -> None:
        self.connections.release(dbapi_connection.driver_connection, is_sound=False)


registry.register("postgresql.headless", __name__, EngineDialect.__name__)


def engine_on(connections: Connections) -> AsyncEngine:
    """An engine that borrows a connection for each use."""

    async def connect(*_: Any, **__: Any) -> Any:
        return await connections.acquire()

    engine = create_async_engine("postgresql+headless://", async_creator=connect, poolclass=NullPool)
    dialect = engine.sync_engine.dialect
    assert isinstance(dialect, EngineDialect)
    dialect.connections = connections
    return engine


def run_script(connection: sa.Connection, statements: Sequence[str]) -> None:
    """Runs statements without values, all in one message to the server, in the transaction that has begun."""
    driver_connection: Any = connection.connection.driver_connection
    await_only(driver_connection.execute(";\n".join(statements)))


@contextmanager
def original_errors() -> Iterator[None]:
    """Raises what the driver raised, where SQLAlchemy wrapped it up."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        cause = error.orig.__cause__ if error.orig is not None else None
        if cause is None:
            raise
        raise cause from error
