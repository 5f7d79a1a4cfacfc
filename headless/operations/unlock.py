"""Unlocking an account before its time, by somebody who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.errors import BadRequest, Forbidden, NotFound
from headless.operations.change import before, collection_hooks
from headless.operations.core import Asker
from headless.operations.identity import find_account, require_identity
from headless.operations.lockout import forget_attempts
from headless.operations.update import locate


def auth_collection(asker: Asker, slug: str) -> CompiledCollection:
    """A collection that users log in to. Raises BadRequest for another."""
    collection = asker.collection(slug)
    if collection.declaration.auth is None:
        raise BadRequest(f"The collection {slug!r} has no log-in.")
    return collection


async def unlock(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any]) -> None:
    """Unlocks the account that `data` names, and begins to count anew.

    Without a rule for `unlock` it is for staff who may update the user. Raises Forbidden, also when there is no such
    account, and BadRequest.
    """
    data = await before(asker, collection, "unlock", data)
    identity = require_identity(collection, data)
    account = await find_account(asker.core, collection, identity)
    try:
        id = None if account is None else account.id
        await locate(asker, collection, id, "unlock", data)
        if "unlock" not in collection.declaration.access:
            await locate(asker, collection, id, "update", data)
    except NotFound:
        raise Forbidden from None
    if account is None:
        raise Forbidden
    if collection.counts_attempts:
        await forget_attempts(asker.core, collection, account.id)
    await collection_hooks(asker, collection, "after_unlock", "unlock", "doc", doc=account.document, id=account.id)
