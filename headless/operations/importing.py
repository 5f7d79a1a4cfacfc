"""Importing users whose passwords were hashed elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from typing import Any

from headless.compile.accounts import PASSWORD, PASSWORD_COLUMN
from headless.compile.collection import CompiledCollection
from headless.errors import Forbidden
from headless.operations.change import Shown
from headless.operations.core import Asker
from headless.operations.create import create
from headless.operations.page import Document
from headless.operations.verification import without_verification
from headless.query.conditions import ALWAYS


async def import_user(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], hashed: str) -> Document:
    """A new user with the hash of his password; he need not verify his address. Raises Forbidden but to the system."""
    if not asker.system:
        raise Forbidden
    core = asker.core
    statement = core.statements.update(collection, (PASSWORD_COLUMN,), ALWAYS, checked=False)
    unknown = {PASSWORD: secrets.token_urlsafe(32)}
    async with core.database.transaction():
        made = await create(asker, collection, {**without_verification(collection), **data, **unknown}, Shown())

        def store() -> Generator[Any, Any, None]:
            yield statement, (hashed, made["id"])

        await core.database.store(store)
    return made
