"""Verifying that an e-mail address is its user's: a token is mailed, and who brings it back may log in."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from headless.compile.accounts import VERIFICATION_COLUMN, VERIFIED
from headless.compile.collection import CompiledCollection
from headless.database import Database, Statement
from headless.errors import Forbidden
from headless.operations.change import Shown, before, collection_hooks
from headless.operations.core import Asker
from headless.operations.find import stored
from headless.operations.identity import find_account, require_identity
from headless.operations.letters import VERIFY, write_letter
from headless.operations.page import Document
from headless.operations.update import update
from headless.query.conditions import ALWAYS
from headless.security.secrets import hash_of_token, new_token

INVALID: Final = "Verification token is invalid."


def new_verification(collection: CompiledCollection, document: Document) -> tuple[str | None, dict[str, Any]]:
    """The token for a new user who has to verify his address, and the column that keeps its hash."""
    auth = collection.declaration.auth
    if auth is None or auth.verify is None or document.get(VERIFIED) or not document.get("email"):
        return None, {}
    token = new_token()
    return token, {VERIFICATION_COLUMN: hash_of_token(token)}


def without_verification(collection: CompiledCollection) -> dict[str, Any]:
    """What makes a new user one who need not verify his address."""
    auth = collection.declaration.auth
    return {VERIFIED: True} if auth is not None and auth.verify is not None else {}


def send_verification(asker: Asker, collection: CompiledCollection, user: Document, token: str | None) -> None:
    """Mails the token, once the user is stored."""
    if token is not None:
        options = collection.declaration.auth.verify
        asker.core.post.send(lambda: write_letter(asker, collection, VERIFY, options, user, token))


async def verify_email(asker: Asker, collection: CompiledCollection, token: Any) -> None:
    """Verifies the user whose token it is, which counts once. Raises Forbidden."""
    core = asker.core
    await before(asker, collection, "verify", {})
    if collection.declaration.auth is None or collection.declaration.auth.verify is None:
        raise Forbidden(INVALID)
    if not isinstance(token, str) or not token:
        raise Forbidden(INVALID)
    statement = core.statements.remembered(("verify", collection.slug), lambda db: _spend(db, collection))

    def store() -> Generator[Any, Any, Any]:
        return (yield statement, (hash_of_token(token),))

    async with core.database.transaction():
        rows = await core.database.store(store)
        if not rows:
            raise Forbidden(INVALID)
        user = await confirm(asker, collection, rows[0][0])
        await collection_hooks(asker, collection, "after_verify", "verify", "doc", doc=dict(user), id=user["id"])


async def confirm(asker: Asker, collection: CompiledCollection, id: Any) -> Document:
    """Writes down that the user's address is his: a change of the document like any other."""
    user = await stored(asker.core, collection, id)
    if user is not None and not user.get(VERIFIED):
        system = Asker(asker.core, system=True, request=asker.request)
        await update(system, collection, id, {VERIFIED: True}, Shown())
        user = await stored(asker.core, collection, id)
    assert user is not None
    return user


async def request_verification(
    asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], *, send_email: bool = True
) -> str | None:
    """A fresh token for the account that `data` names, in place of the one before, unless it is verified. It is mailed.

    Raises BadRequest.
    """
    core = asker.core
    account = await find_account(core, collection, require_identity(collection, data))
    if account is None or account.document.get(VERIFIED, True):
        return None
    token = new_token()
    statement = core.statements.update(collection, (VERIFICATION_COLUMN,), ALWAYS, checked=False)

    def store() -> Generator[Any, Any, None]:
        yield statement, (hash_of_token(token), account.id)

    await core.database.store(store)
    if send_email and account.document.get("email"):
        send_verification(asker, collection, account.document, token)
    return token


def _spend(database: Database, collection: CompiledCollection) -> Statement:
    table = collection.table
    query = sa.update(table).values({VERIFICATION_COLUMN: sa.null()})
    query = query.where(table.c[VERIFICATION_COLUMN] == sa.bindparam("hash")).returning(table.c.id)
    return database.compile(query, ["hash"])
