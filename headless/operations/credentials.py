"""Checking a password: one hash for every attempt, whether the account exists, is locked, or neither."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from headless.compile.accounts import PASSWORD_COLUMN, VERIFIED
from headless.compile.collection import CompiledCollection
from headless.errors import AuthenticationError, Forbidden, Unavailable
from headless.operations.change import collection_hooks
from headless.operations.core import Asker, Core
from headless.operations.identity import Account, Identity, find_account
from headless.operations.lockout import Locked, forget_attempts, give_back_attempt, take_attempt
from headless.query.conditions import ALWAYS

WRONG: Final = "The email or password provided is incorrect."
UNVERIFIED: Final = "Please verify your email before logging in."


async def check_password(asker: Asker, collection: CompiledCollection, identity: Identity, password: str) -> Account:
    """The account whose password it is. Raises AuthenticationError, and Locked after too many wrong ones.

    Raises Forbidden for a user who has not verified his address.

    The attempt is counted before the password is looked at: however many come at once, no more than the declared
    number of them are looked at before the account is locked.
    """
    core = asker.core
    account = await find_account(core, collection, identity)
    is_last = await take_attempt(core, collection, account and account.id) if collection.counts_attempts else False
    is_locked = account is not None and is_last is None
    try:
        right = await core.passwords.verify(account.hash if account and not is_locked else None, password)
    except Unavailable:
        if account is not None and collection.counts_attempts and not is_locked:
            await give_back_attempt(core, collection, account.id)
        raise
    if is_locked:
        await failed(asker, collection, identity, account, "locked")
        raise Locked
    if account is None or not right:
        await failed(asker, collection, identity, account, "credentials")
        if account is not None and is_last:
            await _hooks(asker, collection, "after_lockout", account, {"identity": identity.value})
        raise AuthenticationError(WRONG)
    if not account.document.get(VERIFIED, True):
        if collection.counts_attempts:
            await forget_attempts(core, collection, account.id)
        await failed(asker, collection, identity, account, "unverified")
        raise Forbidden(UNVERIFIED)
    return account


async def failed(
    asker: Asker, collection: CompiledCollection, identity: Identity, account: Account | None, reason: str
) -> None:
    """Runs the hooks of a log-in that is refused."""
    await _hooks(asker, collection, "after_login_failure", account, {"identity": identity.value, "reason": reason})


async def _hooks(
    asker: Asker, collection: CompiledCollection, kind: str, account: Account | None, args: Mapping[str, Any]
) -> None:
    document = None if account is None else dict(account.document)
    id = None if account is None else account.id
    await collection_hooks(asker, collection, kind, "login", "doc", doc=document, id=id, args=dict(args))


async def renew_hash(core: Core, collection: CompiledCollection, account: Account, password: str) -> None:
    """Brings an older form of hash up to date, unless the password was changed meanwhile."""
    if account.hash is None or not core.passwords.needs_rehash(account.hash):
        return
    fresh = await core.passwords.hash(password)
    statement = core.statements.update(collection, (PASSWORD_COLUMN,), ALWAYS, checked=False)

    def store() -> Generator[Any, Any, None]:
        yield statement, (fresh, account.id)

    await core.database.store(store)
