"""Creating a document: before-operation, access, fields, validation, store, read back, after hooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.errors import Forbidden
from headless.operations.accounts import normalize, secret_columns
from headless.operations.change import (
    Shown,
    before,
    collection_hooks,
    in_transaction,
    shown_after,
    translated,
)  # fmt: skip
from headless.operations.core import Asker
from headless.operations.page import Document
from headless.operations.present import parse_populate
from headless.operations.store import insert
from headless.operations.verification import new_verification, send_verification
from headless.operations.write import Preparation


async def create(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], shown: Shown) -> Document:
    """The new document. Raises Forbidden, ValidationError and whatever a hook raises; then nothing was stored."""
    shown = Shown(shown.depth, collection.selection(shown.select), parse_populate(shown.populate))
    return await in_transaction(asker, collection, lambda: _create(asker, collection, data, shown))


async def _create(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], shown: Shown) -> Document:
    data = await before(asker, collection, "create", data)
    return await create_from(asker, collection, data, shown)


async def create_from(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], shown: Shown) -> Document:
    """The new document, once the hooks before the operation have run."""
    if await asker.decide(collection, "create", data=data) is not True:
        raise Forbidden
    preparation = Preparation(asker, collection, "create")
    document = await preparation.fill_document(data)
    document = await collection_hooks(asker, collection, "before_validate", "create", "data", data=document)
    document = await collection_hooks(asker, collection, "before_change", "create", "data", data=document)
    normalize(collection, document)
    secrets = await _validated(asker, collection, data, preparation, document)
    _stamp(collection, document, asker.core.clock.text())
    collection.clear_unstored(document)
    token, verification = new_verification(collection, document)
    apart = {**collection.ids.columns(document, asker.core.new_uuid), **secrets, **verification}
    try:
        id = await asker.core.database.store(lambda: insert(asker, collection, document, apart))
    except Exception as error:
        meant = await translated(error, preparation)
        if meant is None:
            raise
        raise meant from error
    whole = {"id": id, **document, **collection.constants}
    send_verification(asker, collection, whole, token)
    return await shown_after(asker, collection, "create", whole, None, shown, data)


async def _validated(
    asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], preparation: Preparation, document: Document
) -> dict[str, Any]:
    """Validates everything, the password too; answers the secret columns."""
    await preparation.finish(collection.plan, document, None, (), "")
    preparation.document = document
    secrets = await secret_columns(asker, collection, data, preparation)
    if preparation.errors:
        await preparation.check_references()
        preparation.refuse()
    return secrets


def _stamp(collection: CompiledCollection, document: Document, now: str) -> None:
    """Sets the timestamps that were not given."""
    if collection.declaration.timestamps:
        for key in ("updatedAt", "createdAt"):
            if document.get(key) is None:
                document[key] = now
