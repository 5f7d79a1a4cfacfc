"""The platform's own tables come to today's version by steps, in every database and once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from headless.database import SQLiteDatabase, schema, system
from headless.database.sqlite_engine import call_with
from headless.errors import ConfigError
from tests.database.posts import on_sqlite

STEPS: Sequence[Sequence[str]] = (
    ("CREATE TABLE one (id INTEGER)",),
    ("ALTER TABLE one ADD COLUMN two TEXT", "INSERT INTO one VALUES (1, 'two')"),
)


@pytest.fixture
def raw() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def migrate(raw: sqlite3.Connection, name: str = "headless", steps: Sequence[Sequence[str]] = system.STEPS) -> int:
    """In a transaction, as a database does it."""
    with raw:
        raw.execute("BEGIN IMMEDIATE")
        return call_with(raw, lambda connection: system.migrate(connection, name, steps))


async def test_the_steps_lead_to_the_declared_tables(database: SQLiteDatabase) -> None:
    """What the code believes of a table is what the steps made of it."""
    assert await schema.plan(database, system.metadata.sorted_tables) == []


def test_each_step_is_taken_once(raw: sqlite3.Connection) -> None:
    """From whichever version the database has."""
    assert migrate(raw, "test", STEPS[:1]) == 1
    for _ in range(2):
        assert migrate(raw, "test", STEPS) == 2
    assert raw.execute("SELECT * FROM one").fetchall() == [(1, "two")]


def test_versions_are_counted_by_name(raw: sqlite3.Connection) -> None:
    """Others can have steps of their own."""
    migrate(raw)
    migrate(raw, "test", STEPS)
    versions = raw.execute("SELECT name, version FROM _headless_schema ORDER BY name").fetchall()
    assert versions == [("headless", len(system.STEPS)), ("test", 2)]


def test_a_step_that_fails_leaves_the_version_before(raw: sqlite3.Connection) -> None:
    """And nothing of itself."""
    migrate(raw, "test", STEPS[:1])
    with pytest.raises(sqlite3.OperationalError):
        migrate(raw, "test", [*STEPS, ("CREATE TABLE two (id)", "no SQL")])
    assert raw.execute("SELECT name FROM sqlite_master WHERE name = 'two'").fetchall() == []
    assert migrate(raw, "test", STEPS) == 2


def test_a_newer_database_is_refused(raw: sqlite3.Connection) -> None:
    """An older program does not know what it would break."""
    migrate(raw, "test", STEPS)
    with pytest.raises(ConfigError, match="newer release"):
        migrate(raw, "test", STEPS[:1])


async def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    """One makes the tables, the others find them."""
    databases = [on_sqlite("sqlite:///test.db", tmp_path) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    assert await asyncio.gather(*(schema.plan(database, [system.changes]) for database in databases)) == [[]] * 4
    await asyncio.gather(*(database.close() for database in databases))
