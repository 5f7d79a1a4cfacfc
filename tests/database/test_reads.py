"""Reads are answered at once when they are cheap, by a thread when they are not, and refused when too many wait."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from headless.database import SQLiteDatabase, Statement, compile_statement
from headless.errors import Unavailable
from tests.database.posts import ADD_POST, COUNT_POSTS, TITLES, add_post, counting_up, titles

FOR_EVER = (1, 1, 10**12)
LONG = (1, 1, 300_000)
SHORT = (1, 1, 5)


@asynccontextmanager
async def a_database(path: Path, *, readers: int, waiting: int, read_seconds: float) -> AsyncIterator[SQLiteDatabase]:
    database = SQLiteDatabase(path, readers=readers, waiting=waiting, read_seconds=read_seconds)
    await database.open()
    yield database
    await database.close()


async def forgiven(database: SQLiteDatabase, statement: Statement) -> bool:
    """Whether one of some fast runs frees a statement of its reputation."""
    for _ in range(50):
        await database.read(statement, SHORT)
        if statement.inline:
            return True
    return False


async def test_a_cheap_read_is_answered_without_waiting(database: SQLiteDatabase) -> None:
    """`read` does not give the loop a chance to run anything else, and `read_inline` answers too."""
    await database.store(lambda: add_post("a post"))
    with pytest.raises(StopIteration) as answer:
        database.read(TITLES).send(None)
    assert answer.value.value == database.read_inline(TITLES) == [("a post",)]


async def test_a_heavy_read_does_not_hold_up_the_others(database: SQLiteDatabase) -> None:
    """It is stopped, goes on in a thread, and ends when nobody wants it any more."""
    heavy = counting_up()
    reading = asyncio.create_task(database.read(heavy, FOR_EVER))
    await asyncio.sleep(0)
    for _ in range(10):
        assert await titles(database) == []
        await asyncio.sleep(0)
    assert not reading.done()
    assert heavy.slow
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_slow_statement_is_remembered_and_forgiven(database: SQLiteDatabase) -> None:
    """It goes to a thread from then on, until one of its runs is fast."""
    statement = counting_up()
    assert database.read_inline(statement, SHORT) == [(5,)]
    assert database.read_inline(statement, LONG) is None
    assert statement.slow
    assert database.read_inline(statement, SHORT) is None
    assert await database.read(statement, LONG) == [(300_000,)]
    assert statement.slow
    assert await forgiven(database, statement)
    assert database.read_inline(statement, SHORT) == [(5,)]


async def test_each_execution_is_measured_by_itself(database: SQLiteDatabase) -> None:
    """SQLite counts over all runs of a statement; a cheap one does not become slow by being run often."""
    statement = counting_up()
    for _ in range(2_000):
        assert database.read_inline(statement, (1, 1, 100)) == [(100,)]


async def test_a_risky_statement_is_never_tried_inline(database: SQLiteDatabase) -> None:
    """Not even when it turns out fast."""
    statement = compile_statement(sa.select(sa.bindparam("value")), ["value"], risky=True)
    for _ in range(20):
        assert database.read_inline(statement, (1,)) is None
        assert await database.read(statement, (1,)) == [(1,)]


async def test_too_many_slow_reads_are_refused(tmp_path: Path) -> None:
    """One is read, one waits, the next is told to come back; afterwards all is well."""
    async with a_database(tmp_path / "test.db", readers=1, waiting=1, read_seconds=60) as database:
        heavy = counting_up()
        heavy.inline = False
        reading = [asyncio.create_task(database.read(heavy, FOR_EVER)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await database.read(heavy, SHORT)
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)
        while True:
            try:
                assert await database.read(heavy, SHORT) == [(5,)]
                break
            except Unavailable:
                await asyncio.sleep(0)


async def test_a_read_has_a_limited_time(tmp_path: Path) -> None:
    """In a thread too: whoever asks for everything is told that it took too long."""
    async with a_database(tmp_path / "test.db", readers=1, waiting=1, read_seconds=0.01) as database:
        with pytest.raises(Unavailable, match="too long"):
            await database.read(counting_up(), FOR_EVER)
        assert await database.read(counting_up(), SHORT) == [(5,)]


async def test_heavy_reads_end_when_the_database_is_closed(tmp_path: Path) -> None:
    """Nobody waits for them."""
    async with a_database(tmp_path / "test.db", readers=2, waiting=8, read_seconds=600) as database:
        reading = [asyncio.create_task(database.read(counting_up(), FOR_EVER)) for _ in range(4)]
        await asyncio.sleep(0)
    await asyncio.wait(reading)
    assert all(isinstance(task.exception(), Unavailable) for task in reading)


async def test_a_read_does_not_write(database: SQLiteDatabase) -> None:
    """Inline, in a thread, in a transaction: the connection for reading cannot."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(ADD_POST, ("a post", None))
    async with database.transaction():
        with pytest.raises(ValueError, match="does not write"):
            await database.read(ADD_POST, ("a post", None))
    assert await database.read(COUNT_POSTS) == [(0,)]


async def test_an_error_in_a_thread_reaches_its_reader(database: SQLiteDatabase) -> None:
    """And the thread goes on."""
    wrong = Statement("SELECT id FROM nowhere", risky=True)
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await database.read(wrong)
    right = compile_statement(sa.select(sa.bindparam("value")), ["value"], risky=True)
    assert await database.read(right, (1,)) == [(1,)]
