"""The platform's own tables come to today's version by steps, in every database and once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from headless.database import SQLiteDatabase, open_database, schema, system
from headless.errors import ConfigError

STEPS: Sequence[Sequence[str]] = (
    ("CREATE TABLE one (id INTEGER)",),
    ("ALTER TABLE one ADD COLUMN two TEXT", "INSERT INTO one VALUES (1, 'two')"),
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


async def test_the_steps_lead_to_the_declared_tables(database: SQLiteDatabase) -> None:
    """What the code believes of a table is what the steps made of it."""
    assert await schema.plan(database, system.metadata.sorted_tables) == []


def test_each_step_is_taken_once(connection: sqlite3.Connection) -> None:
    """From whichever version the database has."""
    assert system.migrate(connection, "test", STEPS[:1]) == 1
    for _ in range(2):
        assert system.migrate(connection, "test", STEPS) == 2
    assert connection.execute("SELECT * FROM one").fetchall() == [(1, "two")]


def test_versions_are_counted_by_name(connection: sqlite3.Connection) -> None:
    """Others can have steps of their own."""
    system.migrate(connection)
    system.migrate(connection, "test", STEPS)
    versions = connection.execute("SELECT name, version FROM _headless_schema ORDER BY name").fetchall()
    assert versions == [("headless", len(system.STEPS)), ("test", 2)]


def test_a_step_that_fails_leaves_the_version_before(connection: sqlite3.Connection) -> None:
    """And nothing of itself."""
    system.migrate(connection, "test", STEPS[:1])
    with pytest.raises(sqlite3.OperationalError):
        system.migrate(connection, "test", [*STEPS, ("CREATE TABLE two (id)", "no SQL")])
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'two'").fetchall() == []
    assert system.migrate(connection, "test", STEPS) == 2


def test_a_newer_database_is_refused(connection: sqlite3.Connection) -> None:
    """An older program does not know what it would break."""
    system.migrate(connection, "test", STEPS)
    with pytest.raises(ConfigError, match="newer release"):
        system.migrate(connection, "test", STEPS[:1])


async def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    """One makes the tables, the others find them."""
    databases = [open_database("sqlite:///test.db", tmp_path) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    assert await asyncio.gather(*(schema.plan(database, [system.changes]) for database in databases)) == [[]] * 4
    await asyncio.gather(*(database.close() for database in databases))
