"""Forgotten passwords: a token is mailed, and whoever has it sets a new password once."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from headless.clock import iso_from_ms
from headless.compile.accounts import PASSWORD, PASSWORD_COLUMN, RESET_COLUMN, VERIFICATION_COLUMN
from headless.compile.collection import CompiledCollection
from headless.database import Database, Statement
from headless.errors import Forbidden, ValidationError
from headless.fields.base import FieldContext
from headless.operations.accounts import password_problem
from headless.operations.change import before, collection_hooks
from headless.operations.core import Asker, Core
from headless.operations.find import stored
from headless.operations.identity import find_account, require_identity
from headless.operations.letters import RESET, write_letter
from headless.operations.lockout import forgetting
from headless.operations.open_sessions import closing
from headless.operations.verification import confirm
from headless.security.secrets import hash_of_token, new_token

FOREVER: Final = "9999-12-31T23:59:59.999Z"
INVALID: Final = "Token is either invalid or has expired."


async def forgot_password(
    asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], *, send_email: bool = True
) -> str | None:
    """Mails a token to the account that `data` names. Nothing tells whether there is one. Raises BadRequest.

    Of several requests within the declared interval the first counts. Answers the token if there is one: to the system,
    which may send it in a way of its own without `send_email`.
    """
    core, options = asker.core, collection.declaration.auth.forgot_password
    data = await before(asker, collection, "forgot_password", data)
    identity = require_identity(collection, data)
    account = await find_account(core, collection, identity)
    reachable = account is not None and (not send_email or bool(account.document.get("email")))
    id = account.id if account is not None and reachable else None
    interval = options.min_request_interval if send_email else 0
    token = await issue_token(core, collection, id, options.expiration, interval)
    user = None if account is None else account.document
    if token is not None and user is not None and send_email:
        core.post.send(lambda: write_letter(asker, collection, RESET, options, user, token))
    await collection_hooks(
        asker, collection, "after_forgot_password", "forgot_password", "doc", doc=user and dict(user),
        id=user and user["id"], args={"identity": identity.value},
    )  # fmt: skip
    return token if asker.system else None


async def issue_token(
    core: Core, collection: CompiledCollection, id: Any, lifetime: int, interval: int = 0
) -> str | None:
    """A token for a user, in place of the one before; None within the interval since that, and for nobody.

    Both are in milliseconds.
    """
    token, now = new_token(), int(core.clock.now() * 1000)
    earliest = iso_from_ms(now - interval) if interval else FOREVER
    values = hash_of_token(token), iso_from_ms(now + lifetime), iso_from_ms(now), id, earliest
    statement = core.statements.remembered(("ask for a reset", collection.slug), lambda db: _ask(db, collection))

    def store() -> Generator[Any, Any, bool]:
        return bool((yield statement, values))

    return token if await core.database.store(store) else None


async def reset_password(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any]) -> Any:
    """Sets a new password for whom the token was mailed to, ends all his sessions and opens one; unlocks the account.

    Answers what a log-in does.
    Raises Forbidden for a token that is unknown, used or too old, and ValidationError for a password that will not do.
    """
    core, auth = asker.core, collection.declaration.auth
    data = await before(asker, collection, "reset_password", data)
    hashed, password = hashed_token(data.get("token")), data.get(PASSWORD)
    rows = await core.database.read(_statement(asker, collection, "token", _look), (hashed, core.clock.text()))
    owner = await stored(core, collection, rows[0][0]) if rows else None
    if owner is None:
        raise Forbidden(INVALID)
    context = FieldContext("update", owner, owner, owner["id"], None, request=asker.request, now=core.clock.text)
    message = await password_problem(collection, password, context)
    if message is not None:
        raise ValidationError([{"message": message, "path": PASSWORD}], collection=collection.slug)
    fresh = await core.passwords.hash(str(password))

    def store() -> Generator[Any, Any, Any]:
        spend = _statement(asker, collection, "spend", _spend)
        rows = yield spend, (fresh, hashed, core.clock.text())
        if not rows:
            raise Forbidden(INVALID)
        yield from closing(core, collection, rows[0][0])
        yield from forgetting(core, collection, rows[0][0])
        return rows[0][0]

    async with core.database.transaction():
        id = await core.database.store(store)
        if auth.verify is not None:
            # Whoever has the token has the mailbox.
            await confirm(asker, collection, id)
        user = await stored(core, collection, id)
        assert user is not None
        await collection_hooks(
            asker, collection, "after_reset_password", "reset_password", "doc", doc=dict(user), id=id
        )
        return await core.sessions.admit(collection, user, asker.request)


def hashed_token(token: Any) -> str:
    """What is stored of a token. Raises Forbidden for what is none, such as an object that a database would obey."""
    if not isinstance(token, str) or not token:
        raise Forbidden(INVALID)
    return hash_of_token(token)


def _statement(asker: Asker, collection: CompiledCollection, name: str, make: Any) -> Statement:
    return asker.core.statements.remembered((f"reset: {name}", collection.slug), lambda db: make(db, collection))


def _ask(database: Database, collection: CompiledCollection) -> Statement:
    columns = collection.table.c
    asked = columns.resetPasswordRequestedAt
    query = (
        sa.update(collection.table)
        .values(
            {
                RESET_COLUMN: sa.bindparam("hash"),
                "resetPasswordExpiration": sa.bindparam("until"),
                "resetPasswordRequestedAt": sa.bindparam("now"),
            }
        )
        .where(columns.id == sa.bindparam("user"), sa.or_(asked.is_(None), asked <= sa.bindparam("earliest")))
        .returning(columns.id)
    )
    return database.compile(query, ["hash", "until", "now", "user", "earliest"])


def _look(database: Database, collection: CompiledCollection) -> Statement:
    query = sa.select(collection.table.c.id).where(*_alive(collection))
    return database.compile(query, ["hash", "now"])


def _spend(database: Database, collection: CompiledCollection) -> Statement:
    used: dict[str, Any] = {PASSWORD_COLUMN: sa.bindparam("password"), RESET_COLUMN: sa.null()}
    used["resetPasswordExpiration"] = sa.null()
    if collection.declaration.auth.verify is not None:
        used[VERIFICATION_COLUMN] = sa.null()
    query = sa.update(collection.table).values(used).where(*_alive(collection)).returning(collection.table.c.id)
    return database.compile(query, ["password", "hash", "now"])


def _alive(collection: CompiledCollection) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    columns = collection.table.c
    return columns[RESET_COLUMN] == sa.bindparam("hash"), columns.resetPasswordExpiration > sa.bindparam("now")
