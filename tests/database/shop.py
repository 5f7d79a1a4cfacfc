"""A shop that is moved: every type of field, people who log in, references in circles, and what comes of using it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from headless import Collection, Headless, fields
from headless.database import Database, open_database
from headless.database.transfer import Outcome, Progress, Transfer
from headless.fields import registry
from headless.security.passwords import LIGHT, Passwords
from tests.fields.example import NOTHING, declare, example, other
from tests.postgres import Connected

TYPES = sorted(set(registry) - set(NOTHING))
PASSWORD = "correct horse battery staple"
Make = Callable[[str], str]
"""The URL of a new database of a kind."""

EITHER_WAY = pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite", "sqlite"),
        pytest.param("sqlite", "postgresql", marks=pytest.mark.postgres),
        pytest.param("postgresql", "sqlite", marks=pytest.mark.postgres),
        pytest.param("postgresql", "postgresql", marks=pytest.mark.postgres),
    ],
)


def slug(type_: str) -> str:
    return f"{type_.replace('_', '-')}-things"


OFFICE = [
    Collection("users", auth=True, fields=[fields.Relationship("boss", relation_to="users")]),
    Collection(
        "teams",
        fields=[fields.Text("title", unique=True), fields.Relationship("lead", relation_to="people")],
    ),
    Collection(
        "people",
        fields=[
            fields.Text("name"),
            fields.Number("rank"),
            fields.Checkbox("works"),
            fields.Relationship("boss", relation_to="people"),
            fields.Relationship("team", relation_to="teams"),
            fields.Array(
                "jobs",
                fields=[fields.Text("kind", index=True), fields.Relationship("of", relation_to=["teams", "people"])],
            ),
        ],
    ),
    Collection("codes", fields=[fields.Text("id"), fields.Text("meaning")]),
    Collection("tokens", id_type="uuid", fields=[fields.Number("worth")]),
]
STOCK = [*[Collection(slug(type_), fields=[declare(type_)]) for type_ in TYPES], Collection("targets", fields=[])]
SHOP = [*STOCK, *OFFICE]


class Silent:
    """A progress that nobody looks at."""

    def begin(self, what: str, rows: int) -> None: ...

    def advance(self, rows: int) -> None: ...


def declared(url: str, collections: Sequence[Collection]) -> Headless:
    return Headless(collections=collections, database=url, secret="for tests", passwords=Passwords(LIGHT))


@asynccontextmanager
async def started(url: str, collections: Sequence[Collection] = OFFICE) -> AsyncIterator[Headless]:
    """The application, on a database."""
    app = declared(url, collections)
    await app.startup()
    try:
        yield app
    finally:
        await app.aclose()


async def stock(app: Headless) -> None:
    """Two documents of every type, one of them changed, and a last one deleted."""
    api = app.as_system()
    for _ in range(2):
        await api.create("targets", {})
    for type_ in TYPES:
        first = await api.create(slug(type_), example(type_))
        await api.create(slug(type_), other(type_))
        await api.update(slug(type_), first["id"], example(type_))
        await api.delete(slug(type_), (await api.create(slug(type_), {}))["id"])


async def employ(app: Headless) -> None:
    """Somebody who is logged in, people who are each other's bosses, and ids of every kind."""
    api = app.as_system()
    await api.create("users", {"email": "ada@example.org", "password": PASSWORD})
    await app.sessions.login("users", {"email": "ada@example.org", "password": PASSWORD})
    team = await api.create("teams", {"title": "Ärger\nund Ehre"})
    people = [await api.create("people", {"name": f"person {n}", "team": team["id"]}) for n in range(12)]
    ids = [person["id"] for person in people]
    for one, boss in zip(ids, [*ids[1:], ids[0]], strict=True):
        jobs = [{"kind": "cook", "of": {"relationTo": "people", "value": boss}}, {"kind": "clerk"}]
        await api.update("people", one, {"boss": boss, "jobs": jobs})
    await api.update("teams", team["id"], {"lead": ids[-1]})
    for id in ("b", "a", "Ä", "z'", "B"):
        await api.create("codes", {"id": id, "meaning": "nothing"})
    for worth in (0, -1.5, 1e300, 2**53, 0.1):
        await api.create("tokens", {"worth": worth})


async def office(url: str) -> str:
    """The URL, on which there is an office now."""
    async with started(url) as app:
        await employ(app)
    return url


async def contents(app: Headless) -> dict[str, list[dict[str, Any]]]:
    """Every document of every collection as its system sees it."""
    api = app.as_system()
    return {
        collection.slug: [dict(doc) for doc in (await api.find(collection.slug, limit=0, sort="id", depth=0)).docs]
        for collection in app.config.collections
    }


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes URLs of databases, which are gone after the test."""
    schemas: list[str] = []
    server_url = request.getfixturevalue("postgres_url") if request.node.get_closest_marker("postgres") else ""

    def new(kind: str) -> str:
        name = f"transfer_{secrets.token_hex(6)}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        schemas.append(name)
        return f"{server_url}?schema={name}"

    yield new
    if schemas:
        server = Connected(server_url)
        for name in schemas:
            server.execute(f"SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {name} CASCADE")
        server.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def moved(
    source: str,
    target: str,
    *,
    collections: Sequence[Collection] = OFFICE,
    restart: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """The outcome of a transfer between two URLs."""
    metadata = declared("sqlite:///:memory:", collections).metadata
    async with opened(source) as given, opened(target) as filled:
        return await Transfer(given, filled, metadata, source, progress or Silent()).run(restart=restart)
