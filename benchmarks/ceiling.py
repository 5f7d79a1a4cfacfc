"""The yardstick for requests: one collection served by hand with raw ASGI, sqlite3 and orjson, nothing else.

It knows no access rules, hooks, validation, references or change log. Reads run inline on the event loop;
creates are committed together by one writer thread and answered after a durable commit (`synchronous=FULL`).
The database is named by `CEILING_DATABASE`; `python -m benchmarks.ceiling PATH POSTS` makes it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from benchmarks import content

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Document = dict[str, Any]

POST_COLUMNS = (
    "id", "title", "slug", "body", "rating", "featured", "publishedAt", "author", "category",
    "createdAt", "updatedAt",
)  # fmt: skip
SCHEMA = """
create table users(
  id integer primary key autoincrement, name text, email text, createdAt text, updatedAt text);
create table categories(
  id integer primary key autoincrement, name text, createdAt text, updatedAt text);
create table posts(
  id integer primary key autoincrement, title text not null, slug text, body text, rating real,
  featured integer, publishedAt text, author integer references users(id),
  category integer references categories(id), createdAt text, updatedAt text);
create index posts_published on posts(publishedAt);
create index posts_created on posts(createdAt);
"""
SELECT = "select id,title,slug,body,rating,featured,publishedAt,author,category,createdAt,updatedAt from posts"
COUNT = "select count(*) from posts"
INSERT = (
    "insert into posts(title,slug,body,rating,featured,publishedAt,author,category,createdAt,updatedAt)"
    " values(?,?,?,?,?,?,?,?,?,?)"
)
SELECT_USERS = "select id,name,email,createdAt,updatedAt from users where id in "
SELECT_CATEGORIES = "select id,name,createdAt,updatedAt from categories where id in "
OPERATORS = {"equals": "=", "greater_than": ">", "less_than": "<"}
REMEMBERED = 4096


class Plan(NamedTuple):
    """What one query string asks for, ready for the driver."""

    sql: str
    values: tuple[Any, ...]
    count_sql: str
    count_values: tuple[Any, ...]
    limit: int
    page: int
    depth: int


class Ceiling:
    """The state: a reading and a writing connection, remembered plans and totals, waiting creates."""

    select = SELECT
    insert = INSERT

    def __init__(self, path: str) -> None:
        self.reader = connect(path)
        self.writer = connect(path)
        self.plans: dict[bytes, Plan] = {}
        self.totals: dict[tuple[str, tuple[Any, ...]], tuple[int, int]] = {}
        self.waiting: list[tuple[Document, asyncio.Future[int]]] = []
        self.committing: asyncio.Task[None] | None = None
        self.thread = ThreadPoolExecutor(1)

    def find(self, query: bytes) -> bytes:
        """A page of posts, encoded."""
        plan = self.plans.get(query) or self._remember(query)
        docs = self.read(self.reader.execute(plan.sql, plan.values).fetchall(), plan.depth)
        total = self._total(plan)
        pages = -(-total // plan.limit)
        return orjson.dumps(
            {
                "docs": docs,
                "totalDocs": total,
                "limit": plan.limit,
                "totalPages": pages,
                "page": plan.page,
                "pagingCounter": (plan.page - 1) * plan.limit + 1,
                "hasPrevPage": plan.page > 1,
                "hasNextPage": plan.page < pages,
                "prevPage": plan.page - 1 if plan.page > 1 else None,
                "nextPage": plan.page + 1 if plan.page < pages else None,
            }
        )

    def get(self, id: str) -> bytes | None:
        """One post, encoded, or None."""
        rows = self.reader.execute(self.select + " where id=?", (id,)).fetchall()
        return orjson.dumps(self.read(rows, 0)[0]) if rows else None

    def read(self, rows: Sequence[Sequence[Any]], depth: int) -> list[Document]:
        """The posts of rows, with what they refer to at a depth above 0."""
        docs = [read_post(row) for row in rows]
        if depth:
            self._populate(docs)
        return docs

    async def create(self, body: bytes) -> tuple[int, bytes]:
        """Status and encoded answer, once the post is on disk."""
        doc: Document = orjson.loads(body)
        if not isinstance(doc.get("title"), str) or not doc["title"]:
            return 400, b'{"errors":[{"message":"title is required"}]}'
        doc["createdAt"] = doc["updatedAt"] = now()
        self.complete(doc)
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[int] = loop.create_future()
        self.waiting.append((doc, stored))
        if self.committing is None:
            self.committing = loop.create_task(self._commit_waiting(loop))
        doc["id"] = await stored
        return 201, orjson.dumps({"message": "Post successfully created.", "doc": doc})

    def complete(self, doc: Document) -> None:
        """Puts in what the server makes of a new post."""

    def row(self, doc: Document) -> tuple[Any, ...]:
        """The values of a post's columns, but for the id."""
        return tuple(map(doc.get, POST_COLUMNS[1:]))

    async def _commit_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        while self.waiting:
            group, self.waiting = self.waiting, []
            rows = [self.row(doc) for doc, _ in group]
            ids = await loop.run_in_executor(self.thread, self._insert, rows)
            for (_, stored), id in zip(group, ids, strict=True):
                if not stored.done():
                    stored.set_result(id)
        self.committing = None

    def _insert(self, rows: list[tuple[Any, ...]]) -> list[int]:
        execute = self.writer.execute
        execute("begin immediate")
        ids = [execute(self.insert, row).lastrowid or 0 for row in rows]
        execute("commit")
        return ids

    def _total(self, plan: Plan) -> int:
        """The count, asked once for each distinct query while nobody writes."""
        key = (plan.count_sql, plan.count_values)
        version: int = self.reader.execute("pragma data_version").fetchone()[0]
        known = self.totals.get(key)
        if known is not None and known[0] == version:
            return known[1]
        if len(self.totals) > REMEMBERED:
            self.totals.clear()
        total: int = self.reader.execute(plan.count_sql, plan.count_values).fetchone()[0]
        self.totals[key] = (version, total)
        return total

    def _remember(self, query: bytes) -> Plan:
        if len(self.plans) > REMEMBERED:
            self.plans.clear()
        return self.plans.setdefault(query, make_plan(query, self.select))

    def _populate(self, docs: list[Document]) -> None:
        authors = {row[0]: read_user(row) for row in self.rows(SELECT_USERS, {doc["author"] for doc in docs})}
        categories = {
            row[0]: read_category(row) for row in self.rows(SELECT_CATEGORIES, {doc["category"] for doc in docs})
        }
        for doc in docs:
            doc["author"] = authors.get(doc["author"], doc["author"])
            doc["category"] = categories.get(doc["category"], doc["category"])

    def rows(self, sql: str, ids: set[Any], order: str = "") -> list[tuple[Any, ...]]:
        """What a statement that ends with `in` finds for the ids."""
        ids.discard(None)
        if not ids:
            return []
        # Padded to a power of two, so that few distinct statements have to be prepared.
        size = 1 << (len(ids) - 1).bit_length()
        values = [*ids, *[next(iter(ids))] * (size - len(ids))]
        return self.reader.execute(f"{sql}({','.join('?' * size)}){order}", values).fetchall()


def connect(path: str) -> sqlite3.Connection:
    """A connection set up like the framework's own: WAL and a durable commit."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=512)
    for pragma in (
        "journal_mode=wal", "synchronous=full", "mmap_size=268435456", "cache_size=-32000",
        "temp_store=memory", "busy_timeout=10000",
    ):  # fmt: skip
        connection.execute(f"pragma {pragma}")
    return connection


def make_plan(query: bytes, select: str) -> Plan:
    """The plan of a query string; unknown columns and operators are KeyErrors or ValueErrors."""
    conditions: list[str] = []
    values: list[Any] = []
    options = {"limit": "10", "page": "1", "depth": "2", "sort": "-createdAt"}
    for key, value in parse_qsl(query.decode()):
        if key.startswith("where["):
            column, operator = key[6:-1].split("][")
            conditions.append(f"{_column(column)}{OPERATORS[operator]}?")
            values.append(float(value) if column == "rating" else value)
        else:
            options[key] = value
    limit, page = int(options["limit"]), int(options["page"])
    where = f" where {' and '.join(conditions)}" if conditions else ""
    direction = " desc" if options["sort"].startswith("-") else ""
    order = f" order by {_column(options['sort'].lstrip('-'))}{direction}"
    return Plan(
        f"{select}{where}{order} limit ? offset ?",
        (*values, limit, (page - 1) * limit),
        COUNT + where,
        tuple(values),
        limit,
        page,
        int(options["depth"]),
    )


def _column(name: str) -> str:
    return POST_COLUMNS[POST_COLUMNS.index(name)]


def read_post(row: Sequence[Any]) -> Document:
    """A post as its readers see it."""
    return {
        "id": row[0], "title": row[1], "slug": row[2], "body": row[3], "rating": row[4],
        "featured": row[5] == 1, "publishedAt": row[6], "author": row[7], "category": row[8],
        "createdAt": row[9], "updatedAt": row[10],
    }  # fmt: skip


def read_user(row: Sequence[Any]) -> Document:
    """A user as its readers see it."""
    return {"id": row[0], "name": row[1], "email": row[2], "createdAt": row[3], "updatedAt": row[4]}


def read_category(row: Sequence[Any]) -> Document:
    """A category as its readers see it."""
    return {"id": row[0], "name": row[1], "createdAt": row[2], "updatedAt": row[3]}


def now() -> str:
    """The present moment, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def prepare(path: str, count: int = content.POSTS) -> None:
    """Make the database and fill it."""
    connection = connect(path)
    connection.executescript(SCHEMA)
    connection.execute("begin")
    insert_all(connection, "users", content.users())
    insert_all(connection, "categories", content.categories())
    insert_all(connection, "posts", content.posts(count))
    connection.execute("commit")
    connection.execute("analyze")
    connection.close()


def insert_all(connection: sqlite3.Connection, table: str, docs: Iterable[Document]) -> None:
    """Insert documents whose keys are the table's columns."""
    for doc in docs:
        marks = ",".join("?" * len(doc))
        connection.execute(f"insert into {table}({','.join(doc)}) values({marks})", tuple(doc.values()))


async def read_body(receive: Receive) -> bytes:
    """The whole request body."""
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def answer(send: Send, status: int, body: bytes) -> None:
    """Send one JSON response."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Receive, send: Send) -> None:
    """The lifespan protocol, with nothing to start or stop."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def make_app(ceiling: Ceiling) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application over one database."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["method"] == "POST":
            await answer(send, *await ceiling.create(await read_body(receive)))
        elif scope["path"] == "/api/posts":
            await answer(send, 200, ceiling.find(scope["query_string"]))
        else:
            doc = ceiling.get(scope["path"][11:])
            missing = b'{"errors":[{"message":"Not Found"}]}'
            await (answer(send, 404, missing) if doc is None else answer(send, 200, doc))

    return app


if __name__ == "__main__":
    prepare(sys.argv[1], int(sys.argv[2]))
elif "CEILING_DATABASE" in os.environ:
    app = make_app(Ceiling(os.environ["CEILING_DATABASE"]))
