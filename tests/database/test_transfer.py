"""A transfer loses nothing, goes on where it was interrupted, and never leaves half of it looking whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headless import Headless
from headless.changes.log import ChangeLog
from headless.database.transfer import LeftBehind, left_behind, refuse_undeclared, refuse_unfinished
from headless.database.transfer import source as reading
from headless.errors import ConfigError
from tests.database.shop import (
    EITHER_WAY,
    OFFICE,
    PASSWORD,
    SHOP,
    TYPES,
    Make,
    Silent,
    contents,
    declared,
    employ,
    make,
    moved,
    office,
    opened,
    slug,
    started,
    stock,
)

__all__ = ["make"]


NUL = "a text with the character NUL, which PostgreSQL does not store"
DIGITS = "a whole number of more digits than PostgreSQL keeps in a number"
ADD_CHANGE = "INSERT INTO _changes (collection, document, operation, at) VALUES ('people', '1', 'update', '2026')"


def in_file(url: str, *statements: str) -> None:
    """Runs statements in a file of SQLite, past the platform."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def resumed(app: Headless, cursor: int, events: int) -> list[tuple[int | None, str, Any]]:
    """What a stream of the people tells first that goes on after a cursor."""
    told: list[tuple[int | None, str, Any]] = []
    async for event in app.as_system().watch("people", since=cursor):
        told.append((event.id, event.name, event.document_id))
        if len(told) == events:
            break
    return told


@EITHER_WAY
async def test_everything_is_there_afterwards_and_the_application_goes_on(source: str, target: str, make: Make) -> None:
    """Documents, passwords, sessions, references and cursors; ids that were given once do not return."""
    old, new = make(source), make(target)
    async with started(old, SHOP) as app:
        await stock(app)
        await employ(app)
        before = await contents(app)
        cursor = (await ChangeLog(app.database).highest()) - 20
        missed = await resumed(app, cursor, 3)
        login = await app.sessions.login("users", {"email": "ada@example.org", "password": PASSWORD})
    outcome = await moved(old, new, collections=SHOP)
    assert outcome.is_done
    assert not outcome.resumed
    async with started(new, SHOP) as app:
        assert await app.schema_plan() == []
        assert await contents(app) == before
        assert await resumed(app, cursor, 3) == missed
        assert await app.sessions.find_user(login.token)
        await app.sessions.login("users", {"email": "ada@example.org", "password": PASSWORD})
        api = app.as_system()
        for type_ in TYPES:
            assert (await api.create(slug(type_), {}))["id"] == 4
        found = await api.find("people", where={"jobs.of.value": {"equals": 1}, "jobs.kind": {"equals": "cook"}})
        assert [person["id"] for person in found.docs] == [12]
        assert await ChangeLog(app.database).highest() == cursor + 20 + len(TYPES)


@EITHER_WAY
async def test_a_round_trip_changes_nothing(source: str, target: str, make: Make) -> None:
    """There and back is what it was."""
    first, second, third = await office(make(source)), make(target), make(source)
    there, back = await moved(first, second), await moved(second, third)
    assert back.is_done
    assert [one.target for one in back.tables] == [one.source for one in there.tables]


class Interruption(Exception):
    """What stops a transfer."""


def interrupted(monkeypatch: pytest.MonkeyPatch, kind: type, at: int, *, before: bool) -> None:
    """The target fails at its write number `at`: before anything is written, or when it is durable but not told."""
    original: Callable[..., Any] = kind.call_writer  # type: ignore[attr-defined]
    calls = 0

    async def call_writer(self: Any, call: Callable[[sa.Connection], Any]) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == at:
            raise Interruption
        answer = await original(self, call)
        if calls == at:
            raise Interruption
        return answer

    monkeypatch.setattr(kind, "call_writer", call_writer)


@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("target", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_a_transfer_goes_on_wherever_it_was_interrupted(
    target: str, before: bool, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its writes; until it has ended, no application starts on what is there."""
    monkeypatch.setattr(reading, "ROWS", 20)
    old = await office(make("sqlite"))
    whole = [one.source for one in (await moved(old, make("sqlite"))).tables]
    async with opened(make(target)) as database:
        kind = type(database)
    at = 0
    while True:
        at += 1
        new = make(target)
        # On PostgreSQL opening is a write by the same way.
        skipped = 1 if target == "postgresql" else 0
        with monkeypatch.context() as patch:
            interrupted(patch, kind, at + skipped, before=before)
            try:
                await moved(old, new)
                break
            except Interruption:
                pass
        if before is False and not await _is_unfinished(new):
            break
        assert await _is_unfinished(new) is not (before and at == 1)
        outcome = await moved(old, new)
        assert outcome.is_done
        assert outcome.resumed is not (before and at == 1)
        assert [one.target for one in outcome.tables] == whole
    assert at > 15


async def _is_unfinished(url: str) -> bool:
    async with opened(url) as database:
        try:
            await refuse_unfinished(database)
        except ConfigError:
            return True
        return False


async def test_no_application_starts_on_what_is_not_whole(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to do, and that is what helps."""
    old, new = await office(make("sqlite")), make("sqlite")
    await unfinished(old, new, monkeypatch)
    with pytest.raises(ConfigError, match=r"not whole: a transfer from .* has not ended.*goes on where it was"):
        async with started(new):
            pass
    assert (await moved(old, new)).resumed
    async with started(new):
        pass


async def test_only_an_empty_database_is_filled(make: Make) -> None:
    """Nothing that is there is overwritten, and the source is not even read."""
    old, new = await office(make("sqlite")), make("sqlite")
    async with started(new) as app:
        await app.as_system().create("teams", {"title": "mine"})
    with pytest.raises(ConfigError, match=r"not empty.*teams \(1\), _changes \(1\)"):
        await moved(old, new)
    async with started(new) as app:
        assert [team["title"] for team in (await app.as_system().find("teams")).docs] == ["mine"]


async def test_a_database_on_which_the_application_was_only_started_is_empty(make: Make) -> None:
    """What it remembers of its schema is no document: the migrations that the source has had are its own then."""
    old, new = await office(make("sqlite")), make("sqlite")
    async with started(new):
        pass
    had = "INSERT INTO _migrations (name, checksum, applied_at) VALUES "
    in_file(old, f"{had} ('0001_first', 'a', '2025'), ('0002_second', 'b', '2026')")
    in_file(new, f"{had} ('0001_first', 'a', '2026')")
    outcome = await moved(old, new)
    assert outcome.is_done
    assert [one.target.rows for one in outcome.tables if one.table == "_migrations"] == [2]


async def unfinished(source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(target) as database:
        kind = type(database)
    with monkeypatch.context() as patch:
        interrupted(patch, kind, 9, before=True)
        with pytest.raises(Interruption):
            await moved(source, target)


async def test_another_source_is_refused_until_it_is_begun_anew(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mixture of two instances is none."""
    old, other, new = await office(make("sqlite")), await office(make("sqlite")), make("sqlite")
    await unfinished(old, new, monkeypatch)
    with pytest.raises(ConfigError, match=r"unfinished transfer from .*--restart"):
        await moved(other, new)
    outcome = await moved(other, new, restart=True)
    assert outcome.is_done
    assert not outcome.resumed


async def test_a_source_that_was_written_to_since_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was copied before may be out of date; begun anew, all of it is copied."""
    old, new = await office(make("sqlite")), make("sqlite")
    await unfinished(old, new, monkeypatch)
    async with started(old) as app:
        await app.as_system().update("people", 1, {"name": "somebody else"})
    with pytest.raises(ConfigError, match="written to since"):
        await moved(old, new)
    assert (await moved(old, new, restart=True)).is_done
    async with started(new) as app:
        assert (await app.as_system().get("people", 1))["name"] == "somebody else"


async def test_writes_while_it_is_copied_are_told(make: Make) -> None:
    """The copy is what was there at one moment; it is not taken for whole when more came."""
    old, new = await office(make("sqlite")), make("sqlite")

    class Writing(Silent):
        def begin(self, what: str, rows: int) -> None:
            if what == "Copying":
                in_file(old, "UPDATE people SET name = 'late' WHERE id = 1", ADD_CHANGE)

    outcome = await moved(old, new, progress=Writing())
    assert outcome.written_since == 1
    assert all(one.is_equal for one in outcome.tables)
    assert not outcome.is_done
    assert await _is_unfinished(new)


@pytest.mark.postgres
async def test_values_that_cannot_be_stored_are_named_before_anything_is_written(make: Make) -> None:
    """Each with its table, key and column, never with the value."""
    old, new = await office(make("sqlite")), make("postgresql")
    in_file(
        old,
        "UPDATE people SET rank = 9007199254740993, works = 7, jobs = 'nonsense' WHERE id = 3",
        "UPDATE people SET name = 'a' || char(0) || 'secret' WHERE id = 4",
        "UPDATE users SET _password = x'00'",
    )
    with pytest.raises(ConfigError) as refused:
        await moved(old, new)
    assert sorted(refused.value.problems) == [
        "the target cannot store table people, key 3, jobs: not JSON",
        f"the target cannot store table people, key 3, rank: {DIGITS}",
        "the target cannot store table people, key 3, works: neither true nor false",
        f"the target cannot store table people, key 4, name: {NUL}",
        "the target cannot store table users, key 1, _password: not a text",
    ]
    async with opened(new) as database:
        assert not await database.inspect(lambda connection: sa.inspect(connection).has_table("people"))


@pytest.mark.postgres
async def test_a_row_that_is_refused_is_named(make: Make) -> None:
    """What only the target knows, such as how long a text its index holds; mended, the transfer goes on."""
    old, new = await office(make("sqlite")), make("postgresql")
    in_file(old, "UPDATE teams SET title = (SELECT group_concat(hex(randomblob(9))) FROM _changes, _changes AS more)")
    with pytest.raises(ConfigError, match="refuses table teams, key 1: a value is too large for a column or its index"):
        await moved(old, new)
    in_file(old, "UPDATE teams SET title = 'short'")
    assert (await moved(old, new)).is_done


async def test_a_source_that_is_not_as_declared_is_refused(make: Make, tmp_path: Path) -> None:
    """A column that nobody declares would be lost, and an empty file is no shop. Other tables are only told."""
    tables = list(declared("sqlite:///:memory:", OFFICE).metadata.tables.values())
    old = await office(make("sqlite"))
    in_file(old, "CREATE TABLE ledger (entry TEXT)", "INSERT INTO ledger VALUES ('1'), ('2')")
    async with opened(old) as database:
        await refuse_undeclared("FROM", database, tables)
        assert await left_behind(database, tables) == [LeftBehind("ledger", 2)]
    in_file(old, "ALTER TABLE people ADD COLUMN nickname TEXT")
    async with opened(old) as database:
        with pytest.raises(ConfigError, match=r"FROM is not as declared: column people\.nickname is no longer"):
            await refuse_undeclared("FROM", database, tables)
    async with opened(make("sqlite")) as database:
        with pytest.raises(ConfigError, match="FROM holds nothing of this project"):
            await refuse_undeclared("FROM", database, tables)
