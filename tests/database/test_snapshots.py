"""Inside a snapshot all reads see one state of the database."""

from __future__ import annotations

import asyncio
import contextvars
from functools import partial

import pytest

from headless.database import SQLiteDatabase, current_transaction
from headless.errors import TransactionClosed
from tests.database.posts import COUNT_POSTS, TITLES, add_post, counting_up, titles


async def write_elsewhere(database: SQLiteDatabase, title: str) -> None:
    """A write by a task that has nothing to do with this one."""
    writing = database.store(lambda: add_post(title))
    await asyncio.create_task(writing, context=contextvars.Context())


async def test_reads_of_a_snapshot_agree(database: SQLiteDatabase) -> None:
    """What others commit meanwhile is not there, whatever reads; it is there afterwards."""
    await write_elsewhere(database, "before")
    async with database.snapshot():
        assert await titles(database) == ["before"]
        await write_elsewhere(database, "meanwhile")
        assert database.read_inline(TITLES) == [("before",)]
        assert await database.total(COUNT_POSTS) == 1
        async with database.snapshot():
            assert await titles(database) == ["before"]
    assert await titles(database) == ["before", "meanwhile"]
    assert await database.total(COUNT_POSTS) == 2


async def test_a_heavy_read_of_a_snapshot_sees_it_too(database: SQLiteDatabase) -> None:
    """A thread goes on with it, on the snapshot's connection; the next inline read is guarded again."""
    heavy = counting_up()
    async with database.snapshot():
        assert await titles(database) == []
        await write_elsewhere(database, "meanwhile")
        assert await database.read(heavy, (1, 1, 300_000)) == [(300_000,)]
        assert await titles(database) == []
        heavy.inline = True
        assert database.read_inline(heavy, (1, 1, 300_000)) is None


async def test_a_snapshot_is_for_reading(database: SQLiteDatabase) -> None:
    """A write inside of it would not be seen by the reads after it."""
    async with database.snapshot():
        with pytest.raises(RuntimeError, match="for reading"):
            await database.store(lambda: add_post("a post"))
        with pytest.raises(RuntimeError, match="for reading"):
            async with database.transaction():
                pass
        assert current_transaction() is None
    await database.store(lambda: add_post("a post"))


async def test_a_snapshot_belongs_to_its_task(database: SQLiteDatabase) -> None:
    """Like a transaction."""
    async with database.snapshot():
        (answer,) = await asyncio.gather(titles(database), return_exceptions=True)
        assert isinstance(answer, TransactionClosed)


async def test_a_snapshot_inside_a_transaction_is_the_transaction(database: SQLiteDatabase) -> None:
    """Which sees its own writes and nobody else's."""
    async with database.transaction(), database.snapshot():
        await database.store(lambda: add_post("a post"))
        assert await titles(database) == ["a post"]


async def test_many_snapshots_at_a_time(database: SQLiteDatabase) -> None:
    """Each sees its own state; a cancelled one leaves its connection usable."""
    opened = asyncio.Event()

    async def look(n: int) -> list[str]:
        async with database.snapshot():
            seen = await titles(database)
            if n == 0:
                opened.set()
                await database.read(counting_up(), (1, 1, 10**12))
            return seen

    for title in ("a", "b"):
        await database.store(partial(add_post, title))
        looks = [asyncio.create_task(look(n)) for n in range(8)]
        await opened.wait()
        await asyncio.sleep(0)
        looks[0].cancel()
        await asyncio.wait(looks)
        assert looks[0].cancelled()
        assert {tuple(task.result()) for task in looks[1:]} == {tuple(await titles(database))}
