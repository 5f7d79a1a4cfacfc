"""A database with one small collection, written through the change log as operations write it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from headless.changes import Change
from headless.changes.feed import Feed
from headless.changes.log import ChangeLog
from headless.database import SQLiteDatabase, Store
from headless.database.sqlite_wake import SQLiteWake

MOMENT = "2026-11-23T21:00:00.000Z"
Document = dict[str, Any]

messages = sa.Table(
    "messages",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("doc", sa.Text, nullable=False),
)
_id, _doc = sa.bindparam("the_id", type_=sa.Integer), sa.bindparam("doc", type_=sa.Text)


class Journal:
    """Messages that are created, edited and deleted; every write stands in the log, at a moment the test sets."""

    def __init__(self, database: SQLiteDatabase, wake: SQLiteWake | None) -> None:
        self.database = database
        self.log = ChangeLog(database)
        self.feed = Feed(database, self.log, wake=wake)
        self.moment = MOMENT
        compile = database.compile
        self._insert = compile(messages.insert().values(doc=_doc).returning(messages.c.id), ["doc"])
        self._update = compile(messages.update().where(messages.c.id == _id).values(doc=_doc), ["doc", "the_id"])
        self._delete = compile(messages.delete().where(messages.c.id == _id), ["the_id"])
        self._find = compile(sa.select(messages.c.doc).where(messages.c.id == _id), ["the_id"])
        newest = sa.select(messages.c.id, messages.c.doc).order_by(messages.c.id.desc())
        self._newest = compile(newest.limit(sa.bindparam("limit", type_=sa.Integer)), ["limit"])

    async def create(self, **fields: Any) -> int:
        """Create a message and give its id."""

        def store() -> Store[int]:
            id = (yield self._insert, (orjson.dumps(fields).decode(),))[0][0]
            yield Change(None, "messages", id, "create", None, self.moment, None, {"id": id, **fields})
            return int(id)

        return await self.database.store(store)

    async def edit(self, id: int, **fields: Any) -> None:
        """Change fields of a message."""

        def store() -> Store[None]:
            old = orjson.loads((yield self._find, (id,))[0][0])
            new = {**old, **fields}
            yield self._update, (orjson.dumps(new).decode(), id)
            before = {name: old.get(name) for name in fields}
            yield Change(None, "messages", id, "update", None, self.moment, before, {"id": id, **new})

        await self.database.store(store)

    async def delete(self, id: int) -> None:
        """Delete a message."""

        def store() -> Store[None]:
            old = orjson.loads((yield self._find, (id,))[0][0])
            yield self._delete, (id,)
            yield Change(None, "messages", id, "delete", None, self.moment, {"id": id, **old}, None)

        await self.database.store(store)

    async def append(self, *changes: Change) -> None:
        """Log these, without documents."""

        def store() -> Store[None]:
            for change in changes:
                assert (yield change) == []

        await self.database.store(store)

    async def newest(self, count: int = 10) -> tuple[list[Document], int]:
        """The newest messages, newest first, and the sequence of the last change they include."""
        async with self.database.snapshot():
            cursor = await self.log.highest()
            rows = await self.database.read(self._newest, (count,))
        return [{"id": id, **orjson.loads(doc)} for id, doc in rows], cursor


@asynccontextmanager
async def opened(path: Path | str = ":memory:", *, wake: bool = False) -> AsyncIterator[Journal]:
    """A journal on the database at `path`, whose feed is started."""
    database = SQLiteDatabase(path)
    await database.open()
    create = "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT NOT NULL)"
    await database.call_writer(lambda connection: connection.exec_driver_sql(create))
    journal = Journal(database, SQLiteWake(Path(path)) if wake else None)
    journal.feed.start()
    try:
        yield journal
    finally:
        await journal.feed.stop()
        await database.close()


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Return as soon as the condition holds; raise TimeoutError when it does not come to."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what is waited for knows nothing of events)
            await asyncio.sleep(0.002)
