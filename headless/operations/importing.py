"""Importing users whose passwords were hashed elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from headless.compile.accounts import PASSWORD
from headless.compile.collection import CompiledCollection
from headless.errors import Forbidden
from headless.operations.accounts import Hashed
from headless.operations.change import Shown
from headless.operations.core import Asker
from headless.operations.create import create
from headless.operations.page import Document
from headless.operations.verification import without_verification


async def import_user(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], hashed: str) -> Document:
    """A new user with the hash of his password; he need not verify his address. Raises Forbidden but to the system."""
    if not asker.system:
        raise Forbidden
    known = {**without_verification(collection), **data, PASSWORD: Hashed(secrets.token_urlsafe(32), hashed)}
    return await create(asker, collection, known, Shown())
