"""A transaction is a turn on the writer for one task: only its calls join it, and it ends well or not at all."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from headless.changes import Change
from headless.database import (
    SQLiteDatabase,
    Statement,
    Store,
    compile_statement,
    current_transaction,
)
from headless.errors import TransactionClosed, TransactionTimeout, Unavailable
from tests.database.posts import (
    ADD_POST,
    COUNT_POSTS,
    RENAME_POST,
    TITLES,
    add_post,
    counting_up,
    failing_transaction,
    flat,
    make_tables,
    on_sqlite,
    titles,
)


def adding(title: Any) -> Callable[[], Store[int]]:
    return lambda: add_post(title)


def remove(title: str) -> Store[None]:
    posts = sa.table("posts", sa.column("title"))
    yield compile_statement(sa.delete(posts).where(posts.c.title == sa.bindparam("title")), ["title"]), (title,)


async def outside(database: SQLiteDatabase) -> list[str]:
    """What a task sees that is in no transaction."""
    assert current_transaction() is None
    return await titles(database)


async def asked_outside(database: SQLiteDatabase, started: asyncio.Event, answer: asyncio.Future[list[str]]) -> None:
    await started.wait()
    answer.set_result(await outside(database))


async def test_a_transaction_sees_what_it_wrote_and_others_do_not(database: SQLiteDatabase) -> None:
    """Until it ends; also its totals and inline reads are its own."""
    started = asyncio.Event()
    answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
    other = asyncio.create_task(asked_outside(database, started, answer))
    assert await database.total(COUNT_POSTS) == 0
    async with database.transaction() as transaction:
        assert current_transaction() is transaction
        transaction.execute(RENAME_POST, (await database.store(adding("a")), "b"))
        started.set()
        assert await answer == []
        assert await titles(database) == ["b"]
        assert database.read_inline(TITLES) == [("b",)]
        assert await database.total(COUNT_POSTS) == 1
    await other
    assert await outside(database) == ["b"]
    assert await database.total(COUNT_POSTS) == 1


async def test_a_transaction_that_raises_leaves_nothing(database: SQLiteDatabase, commits: list[list[Change]]) -> None:
    """Neither rows nor changes; and the next one begins."""
    async with failing_transaction(database):
        await database.store(adding("undone"))
    assert await outside(database) == []
    async with database.transaction():
        await database.store(adding("kept"))
    assert await outside(database) == ["kept"]
    assert [change.after for change in flat(commits)] == [{"id": 1, "title": "kept"}]


async def test_a_caught_failure_inside_undoes_only_itself(
    database: SQLiteDatabase, commits: list[list[Change]]
) -> None:
    """A nested transaction and a nested store are parts that can fail alone, at any depth."""
    async with database.transaction() as outer:
        await database.store(adding("one"))
        async with failing_transaction(database):
            assert current_transaction() is outer
            await database.store(adding("undone"))
            async with database.transaction():
                await database.store(adding("undone too"))
        with pytest.raises(sqlite3.IntegrityError):
            await database.store(adding("one"))
        async with database.transaction():
            await database.store(adding("two"))
        assert await titles(database) == ["one", "two"]
    assert await outside(database) == ["one", "two"]
    assert [(change.after or {})["title"] for change in flat(commits)] == ["one", "two"]


async def test_transactions_and_stores_share_a_commit(database: SQLiteDatabase, commits: list[list[Change]]) -> None:
    """Those that fail among them hurt nobody."""

    async def transact(n: int) -> None:
        async with database.transaction():
            await database.store(adding(f"transaction {n}"))
            if n == 2:
                raise KeyError("no")

    jobs = [transact(n) if n % 2 == 0 else database.store(adding(f"store {n}")) for n in range(6)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), int, KeyError, int, type(None), int]
    assert await outside(database) == ["transaction 0", "store 1", "store 3", "transaction 4", "store 5"]
    assert len(commits) == 1


async def test_turns_are_taken_in_order(database: SQLiteDatabase) -> None:
    """Also when a transaction waits for something else in its turn: nobody reads what is about to change."""

    async def increase() -> None:
        async with database.transaction():
            number = len(await titles(database))
            await asyncio.sleep(0)
            await database.store(adding(f"post {number}"))

    await asyncio.gather(*(increase() for _ in range(10)))
    assert await outside(database) == [f"post {n}" for n in range(10)]


async def test_a_statement_that_fails_leaves_the_transaction_usable(database: SQLiteDatabase) -> None:
    """It changed nothing."""
    async with database.transaction() as transaction:
        assert transaction.execute(ADD_POST, ("one", None)) == [(1,)]
        with pytest.raises(sqlite3.IntegrityError):
            transaction.execute(ADD_POST, ("one", None))
        transaction.execute(ADD_POST, ("two", None))
    assert await outside(database) == ["one", "two"]


async def test_after_commit_is_after_the_commit(database: SQLiteDatabase) -> None:
    """Callbacks run outside the transaction, in order, before the block is left; not those of a part that failed."""
    seen: list[Any] = []

    async def later() -> None:
        seen.append(await outside(database))

    async with database.transaction() as transaction:
        transaction.after_commit(lambda: seen.append("first"))
        async with failing_transaction(database):
            transaction.after_commit(lambda: seen.append("never"))
        transaction.after_commit(later)
        await database.store(adding("a post"))
        assert seen == []
    assert seen == ["first", ["a post"]]


async def test_another_task_cannot_use_the_transaction(database: SQLiteDatabase) -> None:
    """`gather` starts tasks that inherit it; they are told what to do instead."""
    async with database.transaction():
        calls: list[Callable[[], Any]] = [
            lambda: database.read(TITLES),
            lambda: database.total(COUNT_POSTS),
            lambda: database.store(adding("by another task")),
        ]

        async def nested() -> None:
            async with database.transaction():
                pass

        for call in (*calls, nested):
            with pytest.raises(TransactionClosed, match=r"asyncio\.timeout"):
                await asyncio.gather(call())
        await database.store(adding("by the owner"))
    assert await outside(database) == ["by the owner"]


async def test_a_task_that_outlives_the_transaction_is_told(database: SQLiteDatabase) -> None:
    """It would otherwise read outside of what it was started in."""
    over = asyncio.Event()

    async def outlive() -> None:
        await over.wait()
        await database.read(TITLES)

    async with database.transaction():
        task = asyncio.create_task(outlive())
    over.set()
    with pytest.raises(TransactionClosed, match=r"asyncio\.timeout instead of asyncio\.wait_for"):
        await task


async def test_a_timeout_inside_keeps_the_task(database: SQLiteDatabase) -> None:
    """What the advice says works."""
    async with database.transaction():
        async with asyncio.timeout(60):
            await database.store(adding("in time"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        await database.store(adding("after it"))
    assert await outside(database) == ["in time", "after it"]


async def test_a_transaction_has_a_limited_time(database: SQLiteDatabase) -> None:
    """It is rolled back, its task is woken and told, and the next turn begins."""
    held = asyncio.Event()

    async def hold() -> None:
        async with database.transaction(timeout=0.01):
            await database.store(adding("undone"))
            held.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await held.wait()
    await database.store(adding("next"))
    with pytest.raises(TransactionTimeout, match=r"more than 0\.01 s .* rolled back"):
        await task
    assert task.cancelling() == 0
    assert await outside(database) == ["next"]


async def test_a_task_that_ignores_the_end_of_its_time_cannot_write(database: SQLiteDatabase) -> None:
    """Its connection is somebody else's by then."""
    held = asyncio.Event()

    async def hold() -> None:
        async with database.transaction(timeout=0.01):
            try:
                async with database.transaction():
                    await database.store(adding("undone"))
                    held.set()
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                await others
            with pytest.raises(TransactionTimeout):
                await database.store(adding("too late"))
            with pytest.raises(TransactionTimeout):
                await titles(database)

    async def others_write() -> None:
        await held.wait()
        async with database.transaction():
            await database.store(adding("next"))

    others = asyncio.create_task(others_write())
    with pytest.raises(TransactionTimeout):
        await hold()
    assert await outside(database) == ["next"]


async def test_a_cancelled_owner_passes_the_turn_on(database: SQLiteDatabase) -> None:
    """Wherever it was: waiting for its turn, about to begin, inside, or inside a part."""

    async def transact() -> None:
        async with database.transaction():
            await database.store(adding("undone"))
            async with database.transaction():
                await database.store(adding("undone too"))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                await asyncio.Event().wait()

    for rounds in range(8):
        first, second = asyncio.create_task(transact()), asyncio.create_task(transact())
        for _ in range(rounds):
            await asyncio.sleep(0)
        for task in (second, first):
            task.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert second.cancelled()
        await database.store(adding(f"after {rounds}"))
    assert await outside(database) == [f"after {rounds}" for rounds in range(8)]


async def test_an_owner_cancelled_during_the_commit_has_committed(database: SQLiteDatabase) -> None:
    """The commit cannot be called back; its callbacks are called."""
    called = asyncio.Event()
    leaving = asyncio.Event()

    async def transact() -> None:
        async with database.transaction() as transaction:
            await database.store(adding("a post"))
            transaction.after_commit(called.set)
            leaving.set()

    task = asyncio.create_task(transact())
    await leaving.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await called.wait()
    assert await outside(database) == ["a post"]


async def test_a_heavy_read_inside_does_not_hold_up_the_loop(database: SQLiteDatabase) -> None:
    """It goes on in the writer's thread, on the transaction's connection."""
    heavy = counting_up()
    async with database.transaction():
        await database.store(adding("a post"))
        assert database.read_inline(heavy, (1, 1, 300_000)) is None
        assert await database.read(heavy, (1, 1, 300_000)) == [(300_000,)]
        risky = compile_statement(sa.select(sa.func.count()).select_from(sa.table("posts")), [], risky=True)
        assert await database.read(risky) == [(1,)]
        await database.store(adding("another"))
    assert await outside(database) == ["a post", "another"]


@pytest.mark.parametrize("timeout", [0.01, 60])
async def test_a_heavy_read_inside_ends_with_its_transaction(database: SQLiteDatabase, timeout: float) -> None:
    """Cancelled or out of time, it lets go of the connection before that is rolled back."""
    held = asyncio.Event()

    async def hold() -> None:
        async with database.transaction(timeout=timeout):
            await database.store(adding("undone"))
            held.set()
            await database.read(counting_up(), (1, 1, 10**12))

    task = asyncio.create_task(hold())
    await held.wait()
    if timeout == 60:
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError if timeout == 60 else TransactionTimeout):
        await task
    await database.store(adding("next"))
    assert await outside(database) == ["next"]


async def test_heavy_writes_are_never_interrupted(database: SQLiteDatabase) -> None:
    """The budget is for reads: an interrupted write would roll everything back."""
    numbers = sa.select(sa.bindparam("first").label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + sa.bindparam("step")).where(numbers.c.n < sa.bindparam("last")))
    posts = sa.table("posts", sa.column("title"))
    fill = compile_statement(sa.insert(posts).from_select(["title"], sa.select(numbers.c.n)), ["first", "step", "last"])
    async with database.transaction() as transaction:
        assert await titles(database) == []
        transaction.execute(fill, (1, 1, 50_000))
        assert await database.read(COUNT_POSTS) == [(50_000,)]
    assert await database.read(COUNT_POSTS) == [(50_000,)]


async def test_two_databases_do_not_mix(database: SQLiteDatabase) -> None:
    """A transaction is of one database; the other's calls go their own way, also inside of each other."""
    other = on_sqlite("sqlite:///:memory:")
    await other.open()
    await make_tables(other)
    async with failing_transaction(database), failing_transaction(other):
        await database.store(adding("here"))
        await other.store(adding("there"))
        assert (await titles(database), await titles(other)) == (["here"], ["there"])
    async with database.transaction():
        await other.store(adding("there"))
    assert (await outside(database), await outside(other)) == ([], ["there"])
    await other.close()


async def test_a_full_disk_is_not_the_writers_fault(database: SQLiteDatabase) -> None:
    """Who wants too much is told so with a 503; the rest of the group is written, and what follows too."""

    async def limit(more: int) -> None:
        def set_limit(connection: sa.Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + more}").fetchall()

        await database.call_writer(set_limit)

    big = "x" * 100_000
    await limit(1)
    answers = await asyncio.gather(
        database.store(adding("one")),
        database.store(adding(big)),
        database.store(adding("two")),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [int, Unavailable, int]
    await limit(1000)
    await database.store(adding(big))
    assert await outside(database) == ["one", "two", big]


async def test_when_the_database_rolls_back_by_itself_all_are_told(database: SQLiteDatabase) -> None:
    """Some failures undo the whole group: nobody in it is told that his write is there, and the next is written."""
    sql = "INSERT OR ROLLBACK INTO posts (title) VALUES (?)"
    roll_back = Statement(sql, writes=frozenset({"posts"}))
    await database.store(adding("taken"))

    def everything() -> Store[None]:
        yield roll_back, ("taken",)

    async def transact() -> None:
        async with database.transaction():
            await database.store(adding("in a transaction"))
            with pytest.raises(sqlite3.IntegrityError):
                await database.store(everything)
            with pytest.raises(sqlite3.IntegrityError):
                await database.store(adding("afterwards"))

    async def store() -> None:
        await database.store(everything)

    for failing in (store, transact):
        answers = await asyncio.gather(
            database.store(adding("before")), failing(), database.store(adding("after")), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [sqlite3.IntegrityError, sqlite3.IntegrityError, int]
        assert (await outside(database))[-1] == "after"
        await database.store(lambda: remove("after"))
    assert await outside(database) == ["taken"]


async def test_what_waits_is_refused_when_the_database_is_closed() -> None:
    """What is under way is committed first."""
    database = on_sqlite("sqlite:///:memory:")
    await database.open()
    await make_tables(database)
    entered = asyncio.Event()
    may_end = asyncio.Event()

    async def transact() -> None:
        async with database.transaction():
            entered.set()
            await may_end.wait()

    inside = asyncio.create_task(transact())
    await entered.wait()
    waiting = [asyncio.create_task(database.store(adding("waits"))), asyncio.create_task(transact())]
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.wait([inside, closing, *waiting])
    assert inside.exception() is None
    assert all(isinstance(task.exception(), Unavailable) for task in waiting)


async def test_nothing_is_left_of_a_transaction(database: SQLiteDatabase) -> None:
    """Not even its timer holds it."""
    async with database.transaction() as transaction:
        left = weakref.ref(transaction)
    del transaction
    gc.collect()
    assert left() is None
