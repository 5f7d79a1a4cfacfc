"""The database: connections, the dialect seam, compiled statements, transactions, changes of the schema."""

from __future__ import annotations

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
    CurrentTransaction,
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
    "CurrentTransaction",
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


def open_database(url: str, data_dir: str | Path | None = None) -> SQLiteDatabase:
    """The database that a URL names; `await database.open()` connects it.

    `sqlite:///shop.db` is a file in `data_dir` (without one, the working directory), `sqlite:////var/shop.db`
    an absolute path, `sqlite:///:memory:` a private database that is gone when it is closed. Raises
    ConfigError.
    """
    path = url.removeprefix(_SQLITE)
    if path == url or not path:
        raise ConfigError(f"the database URL {_shown(url)!r} is not one of SQLite: write sqlite:///file.db")
    if path == ":memory:" or data_dir is None:
        return SQLiteDatabase(path)
    return SQLiteDatabase(Path(data_dir) / path)


def _shown(url: str) -> str:
    """The URL without what may be a password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url
