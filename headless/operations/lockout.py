"""Counting wrong passwords, in SQL: an attempt takes its place before the hash is computed, so none can overtake."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import sqlalchemy as sa

from headless.clock import iso_from_ms
from headless.compile.collection import CompiledCollection
from headless.database import Database, Statement
from headless.errors import AuthenticationError
from headless.operations.core import Core

LOCKED: Final = "This user is locked due to having too many failed login attempts."
ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1")
ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0")


class Locked(AuthenticationError):
    """Nobody logs in to the account for a while, not even with the right password."""

    default_message = LOCKED


async def take_attempt(core: Core, collection: CompiledCollection, id: Any) -> bool | None:
    """Counts an attempt to log in; at most the declared number are under way or wrong at a time.

    Answers whether it is the last before the account is locked, and None when it is locked already. For an account that
    is not there the id is None: then no row is changed, and as much is done.
    """
    auth = collection.declaration.auth
    now = int(core.clock.now() * 1000)
    values = (auth.max_login_attempts, iso_from_ms(now + auth.lock_time), id, iso_from_ms(now))
    rows = await _run(core, collection, "take an attempt", _take, values)
    return rows[0][0] >= auth.max_login_attempts if rows else None


async def give_back_attempt(core: Core, collection: CompiledCollection, id: Any) -> None:
    """Takes back an attempt whose password was never looked at."""
    await _run(core, collection, "give an attempt back", _give_back, (id,))


async def forget_attempts(core: Core, collection: CompiledCollection, id: Any) -> None:
    """Begins to count anew, and unlocks the account."""
    await _run(core, collection, "forget attempts", _forget, (id,))


def forgetting(core: Core, collection: CompiledCollection, id: Any) -> Generator[Any, Any, None]:
    """The same, as a part of another store."""
    if collection.counts_attempts:
        yield _statement(core, collection, "forget attempts", _forget), (id,)


async def _run(core: Core, collection: CompiledCollection, name: str, make: Any, values: tuple[Any, ...]) -> Any:
    statement = _statement(core, collection, name, make)

    def store() -> Generator[Any, Any, Any]:
        return (yield statement, values)

    return await core.database.store(store)


def _statement(core: Core, collection: CompiledCollection, name: str, make: Any) -> Statement:
    return core.statements.remembered((name, collection.slug), lambda database: make(database, collection))


def _take(database: Database, collection: CompiledCollection) -> Statement:
    columns = collection.table.c
    counted = sa.case((columns.lockUntil.is_not(None), ONE), else_=sa.func.coalesce(columns.loginAttempts, ZERO) + ONE)
    last = counted >= sa.bindparam("most")
    query = (
        sa.update(collection.table)
        .values(loginAttempts=counted, lockUntil=sa.case((last, sa.bindparam("until")), else_=sa.null()))
        .where(
            columns.id == sa.bindparam("user"),
            sa.or_(columns.lockUntil.is_(None), columns.lockUntil <= sa.bindparam("now")),
        )
        .returning(columns.loginAttempts)
    )
    return database.compile(query, ["most", "until", "user", "now"])


def _give_back(database: Database, collection: CompiledCollection) -> Statement:
    columns = collection.table.c
    fewer = sa.case((columns.loginAttempts > ZERO, columns.loginAttempts - ONE), else_=ZERO)
    query = sa.update(collection.table).values(loginAttempts=fewer, lockUntil=sa.null())
    return database.compile(query.where(columns.id == sa.bindparam("user")), ["user"])


def _forget(database: Database, collection: CompiledCollection) -> Statement:
    query = sa.update(collection.table).values(loginAttempts=ZERO, lockUntil=sa.null())
    return database.compile(query.where(collection.table.c.id == sa.bindparam("user")), ["user"])
