"""Totals are remembered until somebody, here or in another process, writes a table they were counted in."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from headless.database import Row, SQLiteDatabase, Statement, Store, Values
from tests.database.posts import ADD_USER, COUNT_POSTS, COUNT_USERS, add_post, failing_transaction

PROGRAM = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
ADD = "INSERT INTO posts (title) VALUES (NULL)"


@pytest.fixture
def counted(filed: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """The statements that `filed` has read since the test began."""
    counted: list[Statement] = []
    read = filed.read

    async def noted(statement: Statement, values: Values = ()) -> list[Row]:
        counted.append(statement)
        return await read(statement, values)

    monkeypatch.setattr(filed, "read", noted)
    return counted


@pytest.fixture
def elsewhere(filed: SQLiteDatabase) -> Iterator[sqlite3.Connection]:
    """A connection that the database knows nothing of."""
    with closing(sqlite3.connect(filed.path, isolation_level=None)) as connection:
        yield connection


def add_user() -> Store[None]:
    yield ADD_USER, ("a@example.com",)


async def both(database: SQLiteDatabase) -> tuple[int, int]:
    return await database.total(COUNT_POSTS), await database.total(COUNT_USERS)


async def test_a_total_is_counted_once(filed: SQLiteDatabase, counted: list[Statement]) -> None:
    """As long as nothing is written."""
    for _ in range(3):
        assert await both(filed) == (0, 0)
    assert counted == [COUNT_POSTS, COUNT_USERS]


async def test_a_write_invalidates_the_totals_of_its_tables(filed: SQLiteDatabase, counted: list[Statement]) -> None:
    """By a store or a transaction; others are still remembered, and a write that failed invalidates nothing."""
    await both(filed)
    counted.clear()
    await filed.store(lambda: add_post("one"))
    assert await both(filed) == (1, 0)
    async with filed.transaction():
        await filed.store(lambda: add_post("two"))
    assert await both(filed) == (2, 0)
    with pytest.raises(sqlite3.IntegrityError):
        await filed.store(lambda: add_post("two"))
    assert await both(filed) == (2, 0)
    assert counted == [COUNT_POSTS, COUNT_POSTS]


async def test_totals_of_different_values_are_different(filed: SQLiteDatabase, counted: list[Statement]) -> None:
    """The key is the caller's, or the statement with its values."""
    statement = Statement("SELECT ? + 1", reads=frozenset({"posts"}))
    for _ in range(2):
        assert [await filed.total(statement, (n,)) for n in range(3)] == [1, 2, 3]
        assert [await filed.total(statement, (n,), ("mine", n)) for n in range(3)] == [1, 2, 3]
    assert len(counted) == 6


async def test_a_commit_elsewhere_invalidates_every_total(
    filed: SQLiteDatabase, elsewhere: sqlite3.Connection, counted: list[Statement]
) -> None:
    """It may have written any table. What is counted after it is remembered again."""
    await both(filed)
    for number in range(1, 4):
        elsewhere.execute(ADD)
        counted.clear()
        assert await both(filed) == (number, 0)
        assert await both(filed) == (number, 0)
        assert counted == [COUNT_POSTS, COUNT_USERS]


async def test_a_commit_by_another_process_invalidates(filed: SQLiteDatabase) -> None:
    """A real one."""
    assert await both(filed) == (0, 0)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(filed.path), ADD)
    assert await process.wait() == 0
    assert await both(filed) == (1, 0)


async def test_commits_here_and_elsewhere_are_told_apart(
    filed: SQLiteDatabase, elsewhere: sqlite3.Connection, counted: list[Statement]
) -> None:
    """Also when both happen between two questions, in either order."""
    for number in range(3):
        before = await both(filed)
        if number != 1:
            elsewhere.execute("INSERT INTO users (email) VALUES (?)", (f"{number}@example.com",))
        await filed.store(partial(add_post, str(number)))
        if number != 0:
            elsewhere.execute("INSERT INTO users (email) VALUES (?)", (f"{number}b@example.com",))
        after = await both(filed)
        assert after == (before[0] + 1, before[1] + (2 if number == 2 else 1))


async def test_no_total_is_old_while_a_commit_is_under_way(
    filed: SQLiteDatabase, elsewhere: sqlite3.Connection
) -> None:
    """Whenever it is asked, a total holds at least what had been committed before the question."""
    storing = asyncio.gather(*(filed.store(partial(add_post, f"post {n}")) for n in range(300)))
    least = 0
    while not storing.done():
        total = await filed.total(COUNT_POSTS)
        (committed,) = elsewhere.execute(COUNT_POSTS.sql).fetchone()
        assert least <= total <= committed
        least = committed
        await asyncio.sleep(0)
    await storing
    assert await filed.total(COUNT_POSTS) == 300


async def test_a_transaction_counts_for_itself(filed: SQLiteDatabase, counted: list[Statement]) -> None:
    """What it sees is neither remembered nor recalled."""
    await both(filed)
    async with failing_transaction(filed):
        await filed.store(lambda: add_post("undone"))
        assert await both(filed) == (1, 0)
    counted.clear()
    assert await both(filed) == (0, 0)
    assert counted == []


async def test_a_generation_changes_with_its_table(filed: SQLiteDatabase, elsewhere: sqlite3.Connection) -> None:
    """By a write here to that table, and by any commit elsewhere; inside a transaction nothing can rely on it."""

    def numbers() -> dict[str, int]:
        return {table: filed.generation(table) for table in ("posts", "users")}

    seen: dict[str, Any] = {}
    seen["begin"] = numbers()
    assert numbers() == seen["begin"]
    await filed.store(lambda: add_post("a post"))
    seen["post"] = numbers()
    await filed.store(add_user)
    seen["user"] = numbers()
    elsewhere.execute(ADD)
    seen["elsewhere"] = numbers()
    assert numbers() == seen["elsewhere"]
    assert seen["post"]["posts"] > seen["begin"]["posts"]
    assert seen["post"]["users"] == seen["begin"]["users"]
    assert seen["user"]["posts"] == seen["post"]["posts"]
    assert seen["user"]["users"] > seen["post"]["users"]
    assert all(seen["elsewhere"][table] > seen["user"][table] for table in ("posts", "users"))
    async with filed.transaction():
        assert filed.generation("posts") != filed.generation("posts")
