"""Stores of concurrent operations share a commit, and nothing else."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
import sqlalchemy as sa

from headless.changes import Change
from headless.database import AfterCommit, SQLiteDatabase, Statement, Store, compile_statement, schema, system
from tests.database.posts import ADD_POST, TITLES, add_post, created, flat, titles

LOG = compile_statement(
    sa.select(system.changes.c.seq, system.changes.c.document, system.changes.c.after).order_by(system.changes.c.seq),
    [],
)
DELETE_THINGS = Statement("DELETE FROM things")


def adding(title: Any) -> Callable[[], Store[int]]:
    return lambda: add_post(title)


async def test_a_store_is_there_when_it_is_acknowledged(database: SQLiteDatabase) -> None:
    """Its result is what the generator returns."""
    assert await database.store(adding("first")) == 1
    assert await titles(database) == ["first"]


async def test_concurrent_stores_share_a_commit(database: SQLiteDatabase, commits: list[list[Change]]) -> None:
    """What arrives in the same round of the event loop is made durable together, in order."""
    ids = await asyncio.gather(*(database.store(adding(f"post {n}")) for n in range(20)))
    assert ids == list(range(1, 21))
    assert [[change.id for change in group] for group in commits] == [ids]


async def test_a_large_group_is_committed_before_the_rest(
    database: SQLiteDatabase, commits: list[list[Change]]
) -> None:
    """So that the first of many does not wait for the last."""
    await asyncio.gather(*(database.store(adding(f"post {n}")) for n in range(100)))
    assert [len(group) for group in commits] == [64, 36]


async def test_writers_that_were_answered_together_commit_together_again(
    database: SQLiteDatabase, commits: list[list[Change]]
) -> None:
    """Though each takes another while to write again; and one that is left over does not wait for the others."""

    async def write(name: int, pauses: int) -> None:
        for n in range(10):
            await database.store(adding(f"{name} {n}"))
            for _ in range(pauses):
                await asyncio.sleep(0)

    await asyncio.gather(*(write(name, pauses) for name, pauses in enumerate((1, 1, 1, 2, 2, 3))))
    await database.store(adding("left over"))
    assert [len(group) for group in commits] == [*[6] * 10, 1]


@pytest.mark.parametrize("failing", [0, 3, 9])
async def test_a_failing_store_hurts_nobody_else(
    database: SQLiteDatabase, commits: list[list[Change]], failing: int
) -> None:
    """Whether it is the first of its group, in the middle or the last: only its own rows and changes are gone."""

    def fails() -> Store[int]:
        yield from add_post("undone")
        yield from add_post("undone too")
        raise KeyError("no")

    stores = [database.store(fails if n == failing else adding(f"post {n}")) for n in range(10)]
    answers = await asyncio.gather(*stores, return_exceptions=True)
    kept = [f"post {n}" for n in range(10) if n != failing]
    assert isinstance(answers[failing], KeyError)
    assert [answer for answer in answers if isinstance(answer, int)] == [change.id for change in flat(commits)]
    assert await titles(database) == kept


@pytest.mark.parametrize(("type_", "given", "answered"), [(sa.Integer(), None, 1), (sa.Text(), "a-key", "a-key")])
async def test_an_insert_answers_the_key_of_its_row(
    database: SQLiteDatabase, type_: sa.types.TypeEngine[Any], given: str | None, answered: int | str
) -> None:
    """Whether the database makes the key or the program, in a store and in a transaction."""
    things = sa.Table("things", sa.MetaData(), sa.Column("id", type_, primary_key=True), sa.Column("name", sa.Text))
    await schema.apply(database, [things])
    query = sa.insert(things).values(id=sa.bindparam("id"), name=sa.bindparam("name"))
    statement = database.compile_insert(query, things.c.id, ["id", "name"])

    def store() -> Store[int | str]:
        rows = yield statement, (given, "a name")
        key: int | str = rows[0][0]
        return key

    assert await database.store(store) == answered
    async with database.transaction() as transaction:
        transaction.execute(DELETE_THINGS)
        assert transaction.execute(statement, (given, "a name")) == [(answered,)]


async def test_an_error_of_the_database_is_that_of_its_store(database: SQLiteDatabase) -> None:
    """A second row with the same value fails alone."""
    answers = await asyncio.gather(
        *(database.store(adding(title)) for title in ("one", "one", "two")), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, sqlite3.IntegrityError, int]
    assert await titles(database) == ["one", "two"]


async def test_a_store_may_name_the_error_but_not_go_on(database: SQLiteDatabase) -> None:
    """On other databases a transaction that failed cannot be used any more."""

    def renames() -> Store[None]:
        yield from add_post("renames")
        try:
            yield ADD_POST, ("renames", None)
        except sqlite3.IntegrityError as error:
            raise LookupError("a better name") from error

    def goes_on() -> Store[None]:
        yield from add_post("goes on")
        try:
            yield ADD_POST, ("goes on", None)
        except sqlite3.IntegrityError:
            yield ADD_POST, ("in spite of it", None)

    def swallows() -> Store[None]:
        yield from add_post("swallows")
        try:
            yield ADD_POST, ("swallows", None)
        except sqlite3.IntegrityError:
            return

    with pytest.raises(LookupError):
        await database.store(renames)
    for make in (goes_on, swallows):
        with pytest.raises(sqlite3.IntegrityError):
            await database.store(make)
    assert await titles(database) == []


async def test_what_cannot_be_logged_fails_alone(database: SQLiteDatabase) -> None:
    """The log is encoded while the write can still be undone by itself."""

    def unloggable() -> Store[None]:
        rows = yield ADD_POST, ("unloggable", None)
        yield created(rows[0][0], "\ud800")

    answers = await asyncio.gather(
        database.store(adding("one")), database.store(unloggable), database.store(adding("two")), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, TypeError, int]
    assert await titles(database) == ["one", "two"]


async def test_the_log_is_in_the_order_of_commits(database: SQLiteDatabase, commits: list[list[Change]]) -> None:
    """Each change is given the number of its row, whatever the size of the group."""

    def many() -> Store[None]:
        for n in range(250):
            yield from add_post(f"many {n}")

    await asyncio.gather(database.store(adding("one")), database.store(many))
    await database.store(adding("two"))
    changes = flat(commits)
    assert [change.seq for change in changes] == list(range(1, 253))
    log = await database.read(LOG)
    assert [(seq, document) for seq, document, _ in log] == [(change.seq, str(change.id)) for change in changes]
    assert log[0][2] == '{"id":1,"title":"one"}'


async def test_a_callback_is_called_after_the_commit(database: SQLiteDatabase) -> None:
    """Also an asynchronous one; it sees what was written, and is over before the store is."""
    seen: list[Any] = []

    async def later() -> None:
        await asyncio.sleep(0)
        seen.append(await titles(database))

    def store() -> Store[None]:
        yield AfterCommit(lambda: seen.append("called"))
        yield AfterCommit(later)
        yield from add_post("a post")
        assert seen == []

    await database.store(store)
    assert seen == ["called", ["a post"]]


async def test_a_failing_callback_changes_nothing(database: SQLiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    """The write stands, the next callback is called, and the error is in the log."""
    seen: list[str] = []

    def fails() -> None:
        raise KeyError("no")

    def store() -> Store[None]:
        yield AfterCommit(fails)
        yield AfterCommit(lambda: seen.append("called"))
        yield from add_post("a post")

    with caplog.at_level(logging.ERROR):
        await database.store(store)
    assert (seen, await titles(database)) == (["called"], ["a post"])
    assert "after a commit failed" in caplog.text


async def test_callbacks_of_a_failed_store_are_not_called(database: SQLiteDatabase) -> None:
    """Nothing happened."""
    seen: list[str] = []

    def store() -> Store[None]:
        yield AfterCommit(lambda: seen.append("called"))
        yield from add_post("a post")
        raise KeyError("no")

    with pytest.raises(KeyError):
        await database.store(store)
    assert seen == []


async def test_a_store_that_is_given_up_before_its_turn_is_not_run(database: SQLiteDatabase) -> None:
    """Its caller has gone."""
    task = asyncio.create_task(database.store(adding("never")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.store(adding("after"))
    assert await titles(database) == ["after"]


async def test_callbacks_run_when_the_caller_has_gone(database: SQLiteDatabase) -> None:
    """What was committed has its consequences."""
    called = asyncio.Event()
    running = asyncio.Event()

    def store() -> Store[None]:
        yield AfterCommit(called.set)
        yield from add_post("a post")
        running.set()

    task = asyncio.create_task(database.store(store))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await called.wait()
    assert await titles(database) == ["a post"]


async def test_a_failing_listener_does_not_stop_the_writer(
    database: SQLiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """The others still hear of the commit, and the store is acknowledged."""
    heard: list[Any] = []

    def fails(changes: list[Any]) -> None:
        raise KeyError("no")

    database.commit_listeners.extend([fails, heard.extend])
    with caplog.at_level(logging.ERROR):
        await database.store(adding("a post"))
    assert [change.id for change in heard] == [1]
    assert "listener" in caplog.text


async def test_listeners_hear_before_the_writer_does(database: SQLiteDatabase) -> None:
    """Whoever is told that his write is done can rely on everybody having been told of it."""
    order: list[str] = []
    database.commit_listeners.append(lambda changes: order.append("listener"))
    await database.store(adding("a post"))
    order.append("writer")
    assert order == ["listener", "writer"]


async def test_a_store_runs_in_the_context_of_its_caller(database: SQLiteDatabase) -> None:
    """Though somebody else's call may be what sets the writer going."""
    locale: ContextVar[str] = ContextVar("locale", default="none")
    seen: dict[str, str] = {}

    async def call(name: str) -> None:
        locale.set(name)

        def store() -> Store[None]:
            seen[name] = locale.get()
            yield TITLES, ()

        await database.store(store)

    await asyncio.gather(*(call(name) for name in ("de", "fr", "pt")))
    assert seen == {"de": "de", "fr": "fr", "pt": "pt"}


async def test_a_store_sees_what_the_store_before_it_wrote(database: SQLiteDatabase) -> None:
    """In the same group, before the commit: a check and a write by it cannot be torn apart."""

    def add_if_none() -> Store[bool]:
        rows = yield TITLES, ()
        if not rows:
            yield from add_post("only")
        return not rows

    assert await asyncio.gather(*(database.store(add_if_none) for _ in range(5))) == [True] + [False] * 4
