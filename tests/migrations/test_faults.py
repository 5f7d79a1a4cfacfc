"""A change of the schema is whole or never was, whichever of its statements fails and however the process ends."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headless.database import SQLiteDatabase, system
from headless.database.schema import Step, bring, compare
from headless.database.schema.catalog import catalog_of
from headless.database.schema.runner import begin, end, take
from headless.migrations.course import Course
from headless.migrations.files import taken_back
from tests.database.test_catalog import on_postgres
from tests.migrations.kinds import KINDS, Kind


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SQLiteDatabase]:
    database = SQLiteDatabase(tmp_path / "test.db")
    await database.open()
    yield database
    await database.close()


class Fault(Exception):
    """What a statement fails with."""


@contextmanager
def failing(connection: sa.Connection, number: int, end: Any = None) -> Iterator[list[str]]:
    """Lets the statement of that number fail, counted from 1, or calls `end` then; gives the statements there were."""
    seen: list[str] = []

    def count(*arguments: Any) -> None:
        seen.append(arguments[2])
        if len(seen) == number:
            if end is not None:
                end()
            raise Fault

    sa.event.listen(connection, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        sa.event.remove(connection, "before_cursor_execute", count)


def checksum(connection: sa.Connection) -> str:
    """Of everything that is stored: tables, columns, indexes, rows."""
    catalog = catalog_of(connection)
    parts: list[Any] = []
    for name in sorted(catalog.tables()):
        rows = connection.exec_driver_sql(f"SELECT * FROM {catalog.quoted(name)}").fetchall()
        parts.append((name, catalog.columns(name), sorted(catalog.indexes(name).items()), sorted(map(repr, rows))))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def prepare(connection: sa.Connection, kind: Kind) -> None:
    """The state before, with its rows."""
    bring(connection, kind.tables(kind.old))
    names = ", ".join(f'"{name}"' for name in kind.rows[0])
    sign = "?" if connection.dialect.name == "sqlite" else "$"
    places = ", ".join(sign if sign == "?" else f"${place}" for place in range(1, len(kind.rows[0]) + 1))
    sql = f"INSERT INTO posts ({names}) VALUES ({places})"
    connection.exec_driver_sql(sql, [tuple(row.values()) for row in kind.rows])


def rows(connection: sa.Connection, kind: Kind) -> list[dict[str, Any]]:
    """The documents as they are stored now, as far as they are expected to be something."""
    names = ", ".join(f'"{name}"' for name in kind.expected[0])
    found = connection.exec_driver_sql(f"SELECT {names} FROM {kind.table} ORDER BY id").fetchall()
    return [dict(zip(kind.expected[0], map(plain, row), strict=True)) for row in found]


def plain(value: Any) -> Any:
    """A stored value; JSON decoded, however it is stored."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def every_fault(connection: sa.Connection, kind: Kind) -> None:
    """Fails at each statement in turn, then not at all."""
    system.migrate(connection)
    prepare(connection, kind)
    before, new = checksum(connection), kind.tables(kind.new)
    number, done = 0, False
    while not done:
        number += 1
        try:
            with connection.begin_nested(), failing(connection, number):
                bring(connection, new, may_lose=kind.lossy)
        except Fault:
            assert checksum(connection) == before, f"statement {number}"
        else:
            done = True
    assert number > 3
    assert compare(connection, new) == []
    assert rows(connection, kind) == [{name: plain(value) for name, value in row.items()} for row in kind.expected]


def there_and_back(connection: sa.Connection, kind: Kind) -> None:
    """Takes the steps, and takes them back: the rows are as before, but for what was lost."""
    system.migrate(connection)
    prepare(connection, kind)
    old, new = kind.tables(kind.old), kind.tables(kind.new)
    steps = [step for step in compare(connection, new) if isinstance(step, Step)]
    bring(connection, new, may_lose=kind.lossy)
    change = begin(connection, new, may_lose=True)
    take(change, taken_back(steps))
    end(change, old)
    assert compare(connection, old) == []
    table = "posts"
    names = ", ".join(f'"{name}"' for name in kind.rows[0])
    found = connection.exec_driver_sql(f"SELECT {names} FROM {table} ORDER BY id").fetchall()
    stored = [dict(zip(kind.rows[0], map(plain, row), strict=True)) for row in found]
    kept = [{**row, "a": None} for row in kind.rows] if kind.lossy else kind.rows
    assert stored == [{name: plain(value) for name, value in row.items()} for row in kept]


@pytest.mark.parametrize("name", KINDS)
async def test_a_failed_statement_leaves_everything_as_it_was(database: SQLiteDatabase, name: str) -> None:
    """Each statement of the change, by a checksum of all that is stored; afterwards the change is made."""
    await database.call_writer(lambda connection: every_fault(connection, KINDS[name]))


@pytest.mark.postgres
@pytest.mark.parametrize("name", KINDS)
async def test_a_failed_statement_leaves_postgresql_as_it_was(postgres_url: str, name: str) -> None:
    """The same on PostgreSQL."""
    await on_postgres(postgres_url, lambda connection: every_fault(connection, KINDS[name]))


@pytest.mark.parametrize("name", KINDS)
async def test_a_change_is_taken_back(database: SQLiteDatabase, name: str) -> None:
    """With its values."""
    await database.call_writer(lambda connection: there_and_back(connection, KINDS[name]))


@pytest.mark.postgres
@pytest.mark.parametrize("name", KINDS)
async def test_a_change_is_taken_back_on_postgresql(postgres_url: str, name: str) -> None:
    """The same on PostgreSQL."""
    await on_postgres(postgres_url, lambda connection: there_and_back(connection, KINDS[name]))


KILLED = ["rename a column", "rename a table", "drop a column", "make a list", "change a type", "index inside rows"]


@pytest.mark.slow
@pytest.mark.parametrize("name", KILLED)
async def test_a_killed_change_is_made_by_the_next_start(tmp_path: Path, name: str) -> None:
    """kill -9 at the first, a middle and the last statement: nothing of it is there, and it is made then."""
    kind, path = KINDS[name], tmp_path / "test.db"
    database = SQLiteDatabase(path)
    await database.open()
    await database.call_writer(lambda connection: prepare(connection, kind))
    before = await database.inspect(checksum)
    await database.close()
    new = kind.tables(kind.new)
    total = run_killed(path, name, 10**9)
    for number in (1, total // 2, total):
        copy = tmp_path / f"{number}.db"
        copy.write_bytes(path.read_bytes())
        assert run_killed(copy, name, number) == -signal.SIGKILL
        database = SQLiteDatabase(copy)
        await database.open()
        assert await database.inspect(checksum) == before
        course = Course([], new)
        await database.call_writer(partial(course.up, may_lose=kind.lossy))
        assert await database.inspect(lambda connection: compare(connection, new)) == []
        expected = [{name: plain(value) for name, value in row.items()} for row in kind.expected]
        assert await database.inspect(lambda connection: rows(connection, kind)) == expected
        await database.close()


def run_killed(path: Path, name: str, number: int) -> int:
    """Makes the change in a process that kills itself at a statement; its exit code, or how many statements it took.

    What it makes when it is not killed is undone.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrations.killed", str(path), name, str(number)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    return int(done.stdout) if done.returncode == 0 else done.returncode
