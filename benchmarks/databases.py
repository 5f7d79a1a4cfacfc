"""What a list costs on each database, without HTTP: `python -m benchmarks.databases [--database URL]`.

Three ways to the same ten posts of ten thousand, found by a filter and sorted: the framework on SQLite, the framework
on PostgreSQL, and an SQLAlchemy session on the same PostgreSQL. Processor time of this process per list, the server's
own left out; the ways take turns, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
import uvloop
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks import content
from benchmarks.app import app as declared
from benchmarks.reliability.__main__ import POSTGRESQL
from headless import Headless

TOGETHER: Final = 100
WARM: Final = 50

Way = Callable[[int], Awaitable[Any]]


class Base(DeclarativeBase):
    """The tables of the session."""


class Post(Base):
    """The table that the framework made."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    slug: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    rating: Mapped[float] = mapped_column(sa.Double)
    featured: Mapped[bool]
    published_at: Mapped[str] = mapped_column("publishedAt", sa.Text)
    author: Mapped[int] = mapped_column(sa.BigInteger)
    category: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[str] = mapped_column("createdAt", sa.Text)
    updated_at: Mapped[str] = mapped_column("updatedAt", sa.Text)


def by_framework(app: Headless) -> Way:
    """A list through the local API."""
    api = app.as_system()

    async def find(author: int) -> Any:
        where = {"author": {"equals": author}}
        return await api.find("posts", where=where, sort="-publishedAt", limit=10, depth=0, pagination=False)

    return find


def by_session(sessions: async_sessionmaker[AsyncSession]) -> Way:
    """The same list as documents, through a session for each."""
    names = [column.key for column in sa.inspect(Post).column_attrs]
    query = sa.select(Post).order_by(Post.published_at.desc()).limit(10)

    async def find(author: int) -> Any:
        async with sessions() as session:
            found = await session.scalars(query.where(Post.author == author))
            return [{name: getattr(post, name) for name in names} for post in found]

    return find


async def opened(url: str, posts: int) -> Headless:
    """An application with the content of every benchmark."""
    app = Headless(declared.declared, database=url, secret="x" * 40)
    await app.startup()
    api = app.as_system()
    everything = {"users": content.users(), "categories": content.categories(), "posts": content.posts(posts)}
    for slug, docs in everything.items():
        group = [{key: value for key, value in doc.items() if key != "id"} for doc in docs]
        for start in range(0, len(group), TOGETHER):
            await asyncio.gather(*(api.create(slug, data) for data in group[start : start + TOGETHER]))
    return app


async def measure(way: Way, lists: int) -> float:
    """Microseconds of processor time for one list."""
    begun = time.process_time()
    for number in range(lists):
        await way(number % content.USERS + 1)
    return (time.process_time() - begun) / lists * 1e6


async def compare(server: str, directory: Path, posts: int, rounds: int, lists: int) -> dict[str, float]:
    """The median of each way, which take turns."""
    schema = f"databases_{secrets.token_hex(6)}"
    separator = "&" if "?" in server else "?"
    filed = await opened(f"sqlite:///{directory}/posts.db", posts)
    served = await opened(f"{server}{separator}schema={schema}", posts)
    engine = create_async_engine(
        server.replace("postgresql://", "postgresql+asyncpg://"),
        connect_args={"server_settings": {"search_path": schema}},
    )
    ways = {
        "SQLite": by_framework(filed),
        "PostgreSQL": by_framework(served),
        "SQLAlchemy session": by_session(async_sessionmaker(engine)),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for way in ways.values():
            await measure(way, WARM)
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(await measure(way, lists))
    finally:
        await engine.dispose()
        await filed.aclose()
        await served.aclose()
        connection = await asyncpg.connect(server)
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await connection.close()
    return {name: statistics.median(figures) for name, figures in taken.items()}


def main(words: Sequence[str]) -> None:
    """Print the figures and their ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("--database", default=os.environ.get("TEST_POSTGRES_URL", POSTGRESQL), help="a server's URL")
    parser.add_argument("--posts", type=int, default=content.POSTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lists", type=int, default=1_000, help="lists in a round")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="databases-") as directory:
        work = compare(options.database, Path(directory), options.posts, options.rounds, options.lists)
        figures = uvloop.run(work)
    for name, microseconds in figures.items():
        print(f"{name:<20} {microseconds:7.0f} µs a list")
    print(f"PostgreSQL costs {figures['PostgreSQL'] / figures['SQLite']:.2f} times SQLite,")
    print(f"a session {figures['SQLAlchemy session'] / figures['PostgreSQL']:.2f} times the framework on PostgreSQL")


if __name__ == "__main__":
    main(sys.argv[1:])
