"""API keys: a program asks in the name of a user who has one. Only a keyed hash of it is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from headless.compile.accounts import API_KEY, API_KEY_COLUMN, KEY_ENABLED, VERIFIED
from headless.compile.collection import CompiledCollection
from headless.database import Database
from headless.operations.change import collection_hooks
from headless.operations.core import Asker
from headless.operations.page import Document
from headless.operations.write import Preparation
from headless.security.secrets import KeyHashes

_KEY: Final = re.compile(r"[!-~]{16,255}")
WEAK: Final = "An API key has 16 to 255 visible ASCII characters: make it at random."


def key_columns(
    hashes: KeyHashes, collection: CompiledCollection, data: Mapping[str, Any], preparation: Preparation
) -> dict[str, Any]:
    """The column that a write of a user changes: his key's hash, or nothing in its place once keys are switched off."""
    if not collection.declaration.auth.use_api_key or not {API_KEY, KEY_ENABLED} & set(data):
        return {}
    if not preparation.document.get(KEY_ENABLED):
        return {API_KEY_COLUMN: None}
    if API_KEY not in data:
        return {}
    key = data[API_KEY]
    if key is None or key == "":
        return {API_KEY_COLUMN: None}
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        preparation.errors.append({"message": WEAK, "path": API_KEY})
        return {}
    return {API_KEY_COLUMN: hashes.of(key)[0]}


async def user_of_key(asker: Asker, slug: str, hashes: Sequence[str]) -> Document | None:
    """The user of a collection whose key it is, by its hashes; None when there is none, or keys are switched off."""
    core, collection = asker.core, asker.core.collections.get(slug)
    if collection is None or collection.declaration.auth is None or not collection.declaration.auth.use_api_key:
        return None
    statement = core.statements.remembered(("user of key", slug), lambda database: _find(database, collection))
    for hashed in hashes:
        rows = await core.database.read(statement, (hashed,))
        user = collection.reader().read_one(rows[0]) if rows else None
        if user is not None and user.get(KEY_ENABLED) and user.get(VERIFIED, True):
            user = {**user, "_strategy": "api-key", "_key": hashed}
            await collection_hooks(asker, collection, "after_key_use", "auth", "doc", doc=dict(user), id=user["id"])
            return user
    return None


def _find(database: Database, collection: CompiledCollection) -> Any:
    table = collection.table
    query = sa.select(*collection.reader().columns).where(table.c[API_KEY_COLUMN] == sa.bindparam("hash"))
    return database.compile(query, ["hash"])
