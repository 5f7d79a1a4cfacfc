"""The database: connections, the dialect seam, compiled statements, transactions, changes of the schema."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from headless.database.dialect import (
    Busy,
    Corrupt,
    Dialect,
    Failure,
    ForeignKey,
    Full,
    NotNull,
    Unique,
    Unstorable,
)
from headless.database.protocol import (
    AfterCommit,
    Callback,
    CommitListener,
    Database,
    LoggedChange,
    Step,
    Store,
    Wake,
)
from headless.database.scope import current_transaction
from headless.database.sqlite import SQLiteDatabase
from headless.database.statements import Row, Statement, StatementCache, Values, compile_statement
from headless.errors import ConfigError

__all__ = [
    "AfterCommit",
    "Busy",
    "Callback",
    "CommitListener",
    "Corrupt",
    "Database",
    "Dialect",
    "Failure",
    "ForeignKey",
    "Full",
    "LoggedChange",
    "NotNull",
    "Row",
    "SQLiteDatabase",
    "Statement",
    "StatementCache",
    "Step",
    "Store",
    "Unique",
    "Unstorable",
    "Values",
    "Wake",
    "compile_statement",
    "current_transaction",
    "open_database",
]

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


def open_database(url: str, data_dir: str | Path | None = None) -> Database:
    """The database that a URL names; `await database.open()` connects it.

    `sqlite:///shop.db` is a file in `data_dir` (without one, the working directory), `sqlite:////var/shop.db`
    an absolute path, `sqlite:///:memory:` a private database that is gone when it is closed.
    `postgresql://user:password@host/name` is a database on a server; `?schema=shop` names the schema of the tables.
    Raises ConfigError.
    """
    if url.startswith(_POSTGRESQL):
        return _on_postgresql(url)
    path = url.removeprefix(_SQLITE)
    if path == url or not path:
        raise ConfigError(
            f"the database URL {_shown(url)!r} is neither sqlite:///file.db nor postgresql://user@host/name"
        )
    if path == ":memory:" or data_dir is None:
        return SQLiteDatabase(path)
    return SQLiteDatabase(Path(data_dir) / path)


def _on_postgresql(url: str) -> Database:
    """What it needs belongs to an extra, and is loaded by those who ask for it."""
    try:
        module = import_module("headless.database.postgresql.database")
    except ImportError as error:
        raise ConfigError("PostgreSQL needs a package more: pip install 'headless-content[postgresql]'") from error
    database: Database = module.PostgreSQLDatabase(url)
    return database


def _shown(url: str) -> str:
    """The URL without what may be a password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url
