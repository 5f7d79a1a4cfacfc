"""The open sessions of a user, as they are kept in his row: parts of stores that open, prolong and end them.

They are no change of the document: neither its revision nor the change log know of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa

from headless.clock import iso_from_ms
from headless.compile.accounts import PASSWORD_COLUMN
from headless.compile.collection import CompiledCollection
from headless.database import Database, Statement
from headless.errors import AuthenticationError, Forbidden
from headless.operations.core import Core
from headless.operations.credentials import WRONG
from headless.operations.identity import Account
from headless.operations.lockout import forgetting
from headless.query.conditions import ALWAYS

MOST: Final = 100
"""Of one user; the one that was opened first is forgotten."""

Sessions = list[dict[str, Any]]
Change = Callable[[Sessions], Sessions]


def changing(
    core: Core, collection: CompiledCollection, id: Any, change: Change, account: Account | None = None
) -> Generator[Any, Any, Sessions]:
    """Rewrites a user's sessions; with an account, only if it is still as it was when its password was checked."""
    if account is not None:
        yield from admitting(core, collection, account)
    rows = yield _reading(core, collection, "sessions"), (id,)
    sessions: Sessions = change(orjson.loads(rows[0][0] or "[]")) if rows else []
    statement = core.statements.update(collection, ("sessions",), ALWAYS, checked=False)
    yield statement, (orjson.dumps(sessions).decode(), id)
    return sessions


def admitting(core: Core, collection: CompiledCollection, account: Account) -> Generator[Any, Any, None]:
    """Raises AuthenticationError when the password was changed since it was checked; else forgets wrong ones."""
    rows = yield _reading(core, collection, PASSWORD_COLUMN), (account.id,)
    if [tuple(row) for row in rows] != [(account.hash,)]:
        raise AuthenticationError(WRONG)
    yield from forgetting(core, collection, account.id)


def closing(core: Core, collection: CompiledCollection, id: Any, sid: str | None = None) -> Generator[Any, Any, Any]:
    """Ends every session of a user but the one named; without sessions, every token that was made until now.

    Answers the sessions that are left, None where there are none at all.
    """
    if collection.declaration.auth.use_sessions:
        return (yield from changing(core, collection, id, lambda found: [each for each in found if each["id"] == sid]))
    since = iso_from_ms(int(core.clock.now()) * 1000)
    yield core.statements.update(collection, ("tokensSince",), ALWAYS, checked=False), (since, id)
    return None


def renewing(session: Mapping[str, Any], *, prolonged: bool) -> Change:
    """Puts a session last among those that live. Raises Forbidden for one to prolong that does not."""

    def renewed(sessions: Sessions) -> Sessions:
        alive = [old for old in sessions if old["expiresAt"] > session["createdAt"]]
        same = next((old for old in alive if old["id"] == session["id"]), None)
        if prolonged and same is None:
            # Logged out between the look-up and here: what has ended is not prolonged.
            raise Forbidden
        kept = [old for old in alive if old is not same][-(MOST - 1) :]
        return [*kept, {**session, "createdAt": same["createdAt"] if same else session["createdAt"]}]

    return renewed


def _reading(core: Core, collection: CompiledCollection, name: str) -> Statement:
    """Reads a column of one user, whose row is then nobody else's to write until the store is over."""

    def make(database: Database) -> Statement:
        table = collection.table
        query = sa.select(table.c[name]).where(table.c.id == sa.bindparam("id")).with_for_update()
        return database.compile(query, ["id"])

    return core.statements.remembered(("for update", collection.slug, name), make)
