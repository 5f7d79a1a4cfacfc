"""What tests look at behind the API: the change log, raw rows, and the statements that were run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from headless.changes import Change
from headless.database import Statement
from headless.database.schema.catalog import catalog_of
from headless.testing import TestClient


def logged(client: TestClient, after: int = 0) -> list[Change]:
    """The changes that were committed."""

    async def read() -> list[Change]:
        return await client.app.hub.log.following(after, 1_000)

    return client.run(read())


def rows(client: TestClient, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the database as they are."""

    async def read() -> list[tuple[Any, ...]]:
        return list(await client.app.database.inspect(lambda db: [tuple(row) for row in db.exec_driver_sql(sql)]))

    return client.run(read())


def tables(client: TestClient) -> set[str]:
    """The names of the tables there are."""
    return client.run(client.app.database.inspect(lambda db: catalog_of(db).tables()))


def columns(client: TestClient, table: str) -> dict[str, str]:
    """The columns of a table with their types, as the database names them."""
    found = client.run(client.app.database.inspect(lambda db: catalog_of(db).columns(table)))
    return {name: shape.type for name, shape in found.items()}


def indexed(client: TestClient, table: str, index: str) -> list[str]:
    """The columns of an index, in its order."""
    found = client.run(client.app.database.inspect(lambda db: catalog_of(db).indexes(table)))
    return [part.split()[0].strip('"') for part in found[index].partition("(")[2].rstrip(")").split(", ")]


class Statements:
    """The SQL texts of the statements that were run: `reads`, and `writes` of stores."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.writes: list[str] = []


@contextmanager
def statements(client: TestClient) -> Iterator[Statements]:
    """Notes every statement that operations give to the database."""
    database, seen = client.app.database, Statements()
    read, read_inline, store = database.read, database.read_inline, database.store

    async def noted_read(statement: Statement, values: Any = ()) -> Any:
        seen.reads.append(statement.sql)
        return await read(statement, values)

    def noted_read_inline(statement: Statement, values: Any = ()) -> Any:
        found = read_inline(statement, values)
        if found is not None:
            seen.reads.append(statement.sql)
        return found

    async def noted_store(make: Callable[[], Any]) -> Any:
        return await store(lambda: _noted(make(), seen))

    database.read, database.read_inline, database.store = noted_read, noted_read_inline, noted_store
    try:
        yield seen
    finally:
        del database.read, database.read_inline, database.store


def _noted(steps: Any, seen: Statements) -> Iterator[Any]:
    answer = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if isinstance(step, tuple):
            seen.writes.append(step[0].sql)
        answer = yield step


def everything(client: TestClient) -> str:
    """All that the database holds, as text."""
    names = [row[0] for row in rows(client, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return str({name: rows(client, f'SELECT * FROM "{name}"') for name in names})


def five_seconds_later(client: TestClient) -> None:
    """Lets what is done every few seconds for open streams be done, as if they had passed."""

    async def move() -> None:
        keeper = client.app.hub.time
        clock = keeper._clock
        keeper._clock = lambda: clock() + 5
        keeper.tick()

    client.run(move())
