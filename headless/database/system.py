"""The platform's own tables: what they are today, and the steps by which each database came there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from headless.errors import ConfigError

metadata: Final = sa.MetaData()

changes: Final = sa.Table(
    "_changes",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("collection", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("actor", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sqlite_autoincrement=True,
)
"""The change log. `document`, `actor`, `before`, `after` are JSON. A `seq` never returns."""

used_tickets: Final = sa.Table(
    "_used_tickets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.Integer, nullable=False),
)
"""The tickets of streams that were used lately. `expires_at` is in seconds."""

kept_answers: Final = sa.Table(
    "_kept_answers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.Integer, nullable=False),
)
"""The answers to requests with a key. `id` and `fingerprint` are hashes, `expires_at` is in milliseconds."""

STEPS: Final[Sequence[Sequence[str]]] = (
    (
        """CREATE TABLE _changes (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            collection TEXT NOT NULL,
            document TEXT NOT NULL,
            operation TEXT NOT NULL,
            actor TEXT,
            at TEXT NOT NULL,
            before TEXT,
            after TEXT
        )""",
        "CREATE INDEX ix__changes_at ON _changes (at)",
    ),
    ("DROP INDEX ix__changes_at",),
    ("CREATE TABLE _used_tickets (id TEXT NOT NULL PRIMARY KEY, expires_at INTEGER NOT NULL)",),
    (
        """CREATE TABLE _kept_answers (
            id TEXT NOT NULL PRIMARY KEY,
            fingerprint TEXT NOT NULL,
            status INTEGER NOT NULL,
            content_type TEXT NOT NULL,
            body BLOB NOT NULL,
            expires_at INTEGER NOT NULL
        )""",
    ),
)
"""Forward steps: the first makes version 1. A released step is never changed, only followed by another."""


def migrate(connection: sqlite3.Connection, name: str = "headless", steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Takes the steps that this database has not taken, in one transaction, and returns its version.

    Each `name` has versions of its own. Raises ConfigError when the database has taken steps not known here.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS _headless_schema (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        version = _version(connection, name)
        if version > len(steps):
            raise ConfigError(
                f"the database has version {version} of the tables of {name!r}, this program knows "
                f"{len(steps)}: it was opened by a newer release; install that one, or use a copy made before"
            )
        for step in steps[version:]:
            for sql in step:
                connection.execute(sql)
        connection.execute("INSERT OR REPLACE INTO _headless_schema (name, version) VALUES (?, ?)", (name, len(steps)))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(steps)


def _version(connection: sqlite3.Connection, name: str) -> int:
    rows = connection.execute("SELECT version FROM _headless_schema WHERE name = ?", (name,)).fetchall()
    return int(rows[0][0]) if rows else 0
