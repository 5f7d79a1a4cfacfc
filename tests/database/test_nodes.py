"""Several processes on one PostgreSQL: one log in the order of commits, no write lost, none refused for contention."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from functools import partial
from typing import Any

import asyncpg
import pytest

from headless import Collection, Forbidden, Headless, HookContext, fields
from headless.changes import Change
from headless.database import Statement, current_transaction
from headless.database.postgresql.commit import text_key
from headless.database.postgresql.connections import Connections
from headless.database.postgresql.database import PostgreSQLDatabase
from headless.errors import TransactionClosed, Unavailable
from headless.security.passwords import LIGHT, Passwords

pytestmark = pytest.mark.postgres

WRITERS = 20
NOTES = Collection(
    "notes",
    access="anyone",
    fields=[fields.Text("title"), *[fields.Number(f"by{number}") for number in range(WRITERS)]],
)


async def _count(context: HookContext) -> None:
    context.data["times"] = (context.doc or {}).get("times", 0) + 1


COUNTED = Collection(
    "counted", access="anyone", fields=[fields.Number("times", default_value=0)], hooks={"before_change": [_count]}
)

Open = Callable[[], Awaitable[Headless]]


@pytest.fixture
async def schema(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a schema of its own."""
    name = f"nodes_{secrets.token_hex(6)}"
    yield f"{postgres_url}?schema={name}&application_name={name}"
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
    await connection.close()


@pytest.fixture
async def node(schema: str) -> AsyncIterator[Open]:
    """Starts one more node on the schema."""
    async with AsyncExitStack() as nodes:

        async def start() -> Headless:
            app = Headless(
                collections=[NOTES, COUNTED], database=schema, secret="s" * 40, passwords=Passwords(LIGHT)
            )
            await app.startup()
            nodes.push_async_callback(app.aclose)
            return app

        yield start


class Follower:
    """What one node hears of the log."""

    def __init__(self, app: Headless) -> None:
        self._app = app
        self.changes: list[Change] = []
        self._grown = asyncio.Event()

    async def follow(self) -> None:
        await self._app.feed.subscribe(self._hear)

    def _hear(self, changes: list[Change]) -> None:
        self.changes += changes
        self._grown.set()

    async def until(self, number: int) -> list[Change]:
        """The changes, once there are so many."""
        async with asyncio.timeout(30):
            while len(self.changes) < number:
                self._grown.clear()
                await self._grown.wait()
        return self.changes


@asynccontextmanager
async def following(*apps: Headless) -> AsyncIterator[list[Follower]]:
    followers = [Follower(app) for app in apps]
    for follower in followers:
        await follower.follow()
    yield followers


def titles(changes: list[Change], id: int) -> list[str]:
    return [(change.after or {})["title"] for change in changes if change.id == id]


async def test_every_follower_sees_each_change_once_and_in_the_order_of_commits(node: Open) -> None:
    """Of transactions that overlap, on the same document and on others, in either process."""
    one, two = await node(), await node()
    system, other = one.as_system(), two.as_system()
    for title in ("a", "b"):
        await system.create("notes", {"title": title})
    async with following(one, two) as followers:
        begun, waiting = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with one.database.transaction():
                await system.update("notes", 1, {"title": "a first"})
                begun.set()
                await waiting.wait()

        async def second() -> None:
            await begun.wait()
            async with two.database.transaction():
                await other.update("notes", 2, {"title": "b second"})
                waiting.set()
                await other.update("notes", 1, {"title": "a second"})

        async def third() -> None:
            await begun.wait()
            await other.update("notes", 2, {"title": "b third"})

        await asyncio.gather(first(), second(), third())
        for follower in followers:
            changes = await follower.until(4)
            assert len({change.seq for change in changes}) == len(changes) == 4
            assert [change.seq for change in changes] == sorted(change.seq or 0 for change in changes)
            assert titles(changes, 1) == ["a first", "a second"]
        logged = [[(change.seq, change.id) for change in follower.changes] for follower in followers]
        assert logged[0] == logged[1]
        assert (await system.get("notes", 2))["title"] == titles(followers[0].changes, 2)[-1]


async def test_a_transaction_that_stays_open_holds_nobody_back(node: Open, schema: str) -> None:
    """In another schema, in another database, or here on another document."""
    app = await node()
    await app.as_system().create("notes", {"title": "held"})
    elsewhere = await asyncpg.connect(schema.partition("?")[0])
    try:
        async with following(app) as (follower,), elsewhere.transaction():
            await elsewhere.execute("SELECT pg_current_xact_id()")
            async with app.database.transaction():
                await app.as_system().update("notes", 1, {"title": "still open"})
                writing = asyncio.get_running_loop().create_task(_created(app), context=Context())
                await follower.until(1)
                assert (await writing)["title"] == "free"
    finally:
        await elsewhere.close()


async def _created(app: Headless) -> Any:
    return await app.as_system().create("notes", {"title": "free"})


@pytest.mark.parametrize("collection", ["notes", "counted"])
async def test_writers_on_one_document_are_not_refused_and_lose_nothing(node: Open, collection: str) -> None:
    """Twenty of them on two nodes, with hooks and without."""
    apps = [await node(), await node()]
    await apps[0].as_system().create(collection, {})

    async def write(number: int) -> None:
        await apps[number % 2].as_system().update(collection, 1, {f"by{number}": number})

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    document = await apps[0].as_system().get(collection, 1)
    if collection == "counted":
        assert document["times"] == WRITERS + 1
    else:
        assert [document[f"by{number}"] for number in range(WRITERS)] == list(range(WRITERS))


async def test_groups_that_write_the_same_documents_in_another_order_all_end_well(node: Open) -> None:
    """Nobody waits for ever, and nobody is told of a deadlock that is none of his."""
    apps = [await node(), await node()]
    for _ in range(8):
        await apps[0].as_system().create("notes", {})
    orders = [range(1, 9), range(8, 0, -1)]
    await asyncio.gather(
        *(
            app.as_system().update("notes", id, {f"by{2 * turn + place}": turn})
            for turn in range(5)
            for place, (app, order) in enumerate(zip(apps, orders, strict=True))
            for id in order
        )
    )
    for document in (await apps[1].as_system().find("notes", limit=0)).docs:
        assert [document[f"by{number}"] for number in range(10)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


async def test_a_group_whose_commit_has_to_wait_is_not_refused(node: Open) -> None:
    """Another process holds the log for longer than a group is patient."""
    app, other = await node(), await node()
    assert isinstance(other.database, PostgreSQLDatabase)
    await app.as_system().create("notes", {"title": "a"})
    holding = await other.database.address.connect()
    key = f"{text_key('changes')}, {text_key(other.database.address.schema or '')}"
    try:
        async with holding.transaction():
            await holding.execute(f"SELECT pg_advisory_xact_lock({key})")
            writing = [asyncio.ensure_future(_created(app)) for _ in range(3)]
            async with asyncio.timeout(30):
                while await holding.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND objsubid = 2") < 3:
                    await asyncio.wait(writing, timeout=0.01)
        assert [(await document)["title"] for document in writing] == ["free"] * 3
    finally:
        await holding.close()


async def test_one_of_many_first_users_is_the_first(node: Open) -> None:
    """Whichever process they ask."""
    apps = [await node(), await node()]

    async def register(number: int) -> bool:
        data = {"email": f"user{number}@example.com", "password": "long enough"}
        try:
            await apps[number % 2].sessions.register_first("users", data)
        except Forbidden:
            return False
        return True

    assert sum(await asyncio.gather(*(register(number) for number in range(50)))) == 1
    assert await apps[0].as_system().count("users") == 1


async def test_connections_that_break_are_made_anew(node: Open, schema: str) -> None:
    """Reads do not even notice; a transaction that loses its connection is refused as a whole."""
    app = await node()
    await app.as_system().create("notes", {"title": "a"})
    assert await app.as_system().count("notes") == 1
    await _break_all(schema)
    assert (await app.as_system().get("notes", 1))["title"] == "a"
    with pytest.raises(Unavailable):  # noqa: PT012
        async with app.database.transaction():
            await app.as_system().update("notes", 1, {"title": "lost"})
            await _break_all(schema)
            await app.as_system().update("notes", 1, {"title": "also lost"})
    assert (await app.as_system().update("notes", 1, {"title": "b"}))["title"] == "b"


async def _break_all(schema: str) -> None:
    connection = await asyncpg.connect(schema.partition("?")[0])
    name = schema.rpartition("=")[2]
    sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1"
    await connection.execute(sql, name)
    await connection.close()


async def test_what_a_cancelled_part_wrote_is_undone(node: Open) -> None:
    """Though the task goes on and the transaction is committed."""
    app = await node()
    async with app.database.transaction():
        with pytest.raises(TimeoutError):  # noqa: PT012
            async with asyncio.timeout(None) as deadline:
                async with app.database.transaction():
                    await app.as_system().create("notes", {"title": "gone"})
                    deadline.reschedule(0)
                    await asyncio.Event().wait()
        await app.as_system().create("notes", {"title": "kept"})
    assert [document["title"] for document in (await app.as_system().find("notes")).docs] == ["kept"]
    assert current_transaction() is None


async def test_a_read_that_is_given_up_takes_its_transaction_with_it(node: Open) -> None:
    """The owner is told, and nothing of it is stored; in a part of its own only the part is lost."""
    app = await node()
    system = app.as_system()
    slow = Statement("SELECT pg_sleep(60)")

    async def given_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await app.database.read(slow)

    with pytest.raises(TransactionClosed, match="given up"):  # noqa: PT012
        async with app.database.transaction():
            await system.create("notes", {"title": "lost"})
            await given_up()
    async with app.database.transaction():
        await system.create("notes", {"title": "kept"})
        with pytest.raises(TransactionClosed):  # noqa: PT012
            async with app.database.transaction():
                await system.create("notes", {"title": "lost too"})
                await given_up()
                await system.count("notes")
    assert [document["title"] for document in (await system.find("notes")).docs] == ["kept"]


async def test_a_part_whose_beginning_is_cancelled_leaves_nothing_by_half(node: Open) -> None:
    """The savepoint may be there or not: then nothing of the whole transaction is kept."""
    app = await node()
    system = app.as_system()
    with pytest.raises(TransactionClosed):  # noqa: PT012
        async with app.database.transaction():
            with pytest.raises(TimeoutError):  # noqa: PT012
                async with app.database.transaction():
                    await system.create("notes", {"title": "half"})
                    async with asyncio.timeout(0):
                        async with app.database.transaction():
                            pass
    assert await system.count("notes") == 0


async def test_a_lost_connection_does_not_hide_the_error_of_the_block(node: Open, schema: str) -> None:
    """What the owner raised is what he gets."""
    app = await node()
    with pytest.raises(KeyError, match="mine"):  # noqa: PT012
        async with app.database.transaction():
            await app.as_system().create("notes", {})
            await _break_all(schema)
            raise KeyError("mine")


async def test_a_wait_for_a_connection_ends_when_it_is_cancelled() -> None:
    """Also in the moment in which one comes back, which then goes to the next."""
    pool = Connections(_made, 1)
    first = await pool.acquire()
    waiting = [asyncio.ensure_future(pool.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    pool.release(first)
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert await waiting[1] is first


async def _made() -> Any:
    class Open:
        def is_closed(self) -> bool:
            return False

    return Open()


async def test_a_commit_is_called_out_to_other_nodes(schema: str) -> None:
    """By NOTIFY, before anybody looks by himself; one's own call is not heard."""
    one, two = PostgreSQLDatabase(schema), PostgreSQLDatabase(schema)
    await one.open()
    await two.open()
    heard: asyncio.Queue[str] = asyncio.Queue()
    first, second = one.wake(), two.wake()
    try:
        async with asyncio.timeout(30):
            for name, wake in (("first", first), ("second", second)):
                assert wake.open(partial(heard.put_nowait, name))
                # Once it listens it looks by itself.
                assert await heard.get() == name
            for wake, listening in ((first, "second"), (second, "first")):
                wake.ring()
                assert await heard.get() == listening
        assert heard.empty()
    finally:
        first.close()
        second.close()
        await one.close()
        await two.close()
