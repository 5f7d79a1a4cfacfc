"""A small schema for the tests of the database, and the statements they use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headless.changes import Change
from headless.database import SQLiteDatabase, Statement, Store, compile_statement, open_database, schema

metadata = sa.MetaData()
users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("rating", sa.Numeric),
    sa.Column("meta", sa.JSON),
    sa.Column("author", sa.Integer, sa.ForeignKey("users.id", ondelete="RESTRICT")),
    sqlite_autoincrement=True,
)
sa.Index("ux_users_email", users.c.email, unique=True)
sa.Index("ux_posts_title", posts.c.title, unique=True)

ADD_USER = compile_statement(sa.insert(users).values(email=sa.bindparam("email")).returning(users.c.id), ["email"])
ADD_POST = compile_statement(
    sa.insert(posts).values(title=sa.bindparam("title"), author=sa.bindparam("author")).returning(posts.c.id),
    ["title", "author"],
)
RENAME_POST = compile_statement(
    sa.update(posts).where(posts.c.id == sa.bindparam("key")).values(title=sa.bindparam("new")), ["key", "new"]
)
DELETE_USER = compile_statement(sa.delete(users).where(users.c.id == sa.bindparam("id")), ["id"])
TITLES = compile_statement(sa.select(posts.c.title).order_by(posts.c.id), [])
COUNT_POSTS = compile_statement(sa.select(sa.func.count()).select_from(posts), [])
COUNT_USERS = compile_statement(sa.select(sa.func.count()).select_from(users), [])


def on_sqlite(url: str, data_dir: Path | None = None) -> SQLiteDatabase:
    """A database that is not open yet."""
    database = open_database(url, data_dir)
    assert isinstance(database, SQLiteDatabase)
    return database


async def make_tables(database: SQLiteDatabase) -> None:
    await schema.apply(database, metadata.sorted_tables)


def counting_up() -> Statement:
    """A query that counts to its value, and does nothing else: as long as one likes, without a table."""
    numbers = sa.select(sa.bindparam("first").label("n")).cte("numbers", recursive=True)
    following = sa.select(numbers.c.n + sa.bindparam("step")).where(numbers.c.n < sa.bindparam("last"))
    numbers = numbers.union_all(following)
    return compile_statement(sa.select(sa.func.max(numbers.c.n)), ["first", "step", "last"])


def created(id: int, title: str = "") -> Change:
    return Change(
        seq=None,
        collection="posts",
        id=id,
        operation="create",
        actor={"collection": "users", "id": 1},
        at="2026-01-31T09:30:00.000Z",
        before=None,
        after={"id": id, "title": title},
    )


def add_post(title: Any, author: int | None = None) -> Store[int]:
    """A store: one row and its change."""
    rows = yield ADD_POST, (title, author)
    id: int = rows[0][0]
    yield created(id, title)
    return id


async def titles(database: SQLiteDatabase) -> list[str]:
    return [title for (title,) in await database.read(TITLES)]


@asynccontextmanager
async def failing_transaction(database: SQLiteDatabase) -> AsyncIterator[None]:
    """A transaction, or a part of one, that raises at its end."""
    with pytest.raises(KeyError):  # noqa: PT012
        async with database.transaction():
            yield
            raise KeyError("no")


def flat(commits: Iterable[list[Change]]) -> list[Change]:
    """The changes of several commits."""
    return list(chain.from_iterable(commits))
