"""Everything at once, by seeded chance: what was acknowledged is there, what failed is not, and the log agrees."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import sqlalchemy as sa

from headless.changes import Change
from headless.database import SQLiteDatabase, Statement, Store, compile_statement, system
from headless.errors import TransactionTimeout
from tests.database.posts import COUNT_POSTS, add_post, counting_up, failing_transaction, flat, titles

ROLL_BACK = Statement("INSERT OR ROLLBACK INTO posts (title) VALUES (?)", writes=frozenset({"posts"}))
LOGGED = compile_statement(
    sa.select(system.changes.c.seq, system.changes.c.document).order_by(system.changes.c.seq), []
)
EXPECTED = (KeyError, sqlite3.IntegrityError, TransactionTimeout)


async def store(database: SQLiteDatabase, title: str) -> None:
    await database.store(partial(add_post, title))


async def store_twice(database: SQLiteDatabase, title: str) -> None:
    await database.store(partial(add_post, title))
    await database.store(partial(add_post, title))


async def fail(database: SQLiteDatabase, title: str) -> None:
    def fails() -> Store[None]:
        yield from add_post(f"{title} undone")
        raise KeyError(title)

    await database.store(fails)


async def transact(database: SQLiteDatabase, title: str) -> None:
    async with database.transaction():
        await store(database, title)
        await asyncio.sleep(0)
        assert title in await titles(database)


async def transact_in_parts(database: SQLiteDatabase, title: str) -> None:
    async with database.transaction():
        async with failing_transaction(database):
            await store(database, f"{title} undone")
        await store(database, title)


async def transact_and_fail(database: SQLiteDatabase, title: str) -> None:
    async with database.transaction():
        await store(database, f"{title} undone")
        await asyncio.sleep(0)
        raise KeyError(title)


async def take_too_long(database: SQLiteDatabase, title: str) -> None:
    async with database.transaction(timeout=0.001):
        await store(database, f"{title} undone")
        await asyncio.Event().wait()


async def read_too_long(database: SQLiteDatabase, title: str) -> None:
    async with database.transaction(timeout=0.001):
        await store(database, f"{title} undone")
        await database.read(counting_up(), (1, 1, 10**12))


async def roll_everybody_back(database: SQLiteDatabase, title: str) -> None:
    def everything() -> Store[None]:
        yield from add_post(f"{title} undone")
        yield ROLL_BACK, (f"{title} undone",)

    await database.store(everything)


async def count(database: SQLiteDatabase, title: str) -> None:
    least = len(await titles(database))
    total = await database.total(COUNT_POSTS)
    assert least <= total <= len(await titles(database))
    raise KeyError(title)


COMMON: list[Callable[[SQLiteDatabase, str], Awaitable[None]]] = [
    store, store, store_twice, fail, transact, transact, transact_in_parts, transact_and_fail, count,
]  # fmt: skip
RARE = [take_too_long, read_too_long, roll_everybody_back]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_answers_are_true(
    database: SQLiteDatabase, commits: list[list[Change]], seed: int
) -> None:
    """Of 600 calls by 12 clients, some of which go away in the middle."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    unknown: set[str] = set()

    async def call(title: str) -> None:
        write = chance.choice(RARE if chance.random() < 0.03 else COMMON)
        try:
            await write(database, title)
        except EXPECTED as error:
            # The first of two stores was acknowledged before the second failed.
            if write is store_twice and isinstance(error, sqlite3.IntegrityError):
                unknown.add(title)
        except asyncio.CancelledError:
            unknown.add(title)
            raise
        else:
            acknowledged.add(title)

    async def client(name: str) -> None:
        for number in range(50):
            task = asyncio.create_task(call(f"{name} {number}"))
            if chance.random() < 0.15:
                for _ in range(chance.randrange(6)):
                    await asyncio.sleep(0)
                task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None

    await asyncio.gather(*(client(f"client {number}") for number in range(12)))
    # A client that went away may have left a store in the queue: whoever comes last is answered after it.
    await store(database, "last")
    acknowledged.add("last")
    rows = set(await titles(database))
    assert acknowledged <= rows <= acknowledged | unknown
    assert len(acknowledged) > 200
    heard = [(change.seq, str(change.id)) for change in flat(commits)]
    assert await database.read(LOGGED) == heard
    assert {(change.after or {})["title"] for change in flat(commits)} == rows
