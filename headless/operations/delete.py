"""Deleting documents, with what refers to them: cleared, refused or deleted too, as each reference declares."""

from __future__ import annotations

from typing import Any

from headless.compile.collection import CompiledCollection
from headless.errors import Forbidden
from headless.operations.change import Shown, after_commit, before, collection_hooks, selected
from headless.operations.core import Asker
from headless.operations.find import Query
from headless.operations.page import BulkResult, Document
from headless.operations.present import parse_populate, present
from headless.operations.store import delete as store_delete
from headless.operations.update import contended, each_matching, locate


async def delete(
    asker: Asker, collection: CompiledCollection, id: Any, shown: Shown, *, revision: int | None = None
) -> Document:
    """The document that was. With `revision`, raises Conflict when the document has another one by now.

    Raises Forbidden, NotFound, ApiError when a reference forbids it, and what hooks raise.
    """
    shown = Shown(shown.depth, collection.selection(shown.select), parse_populate(shown.populate))

    async def once() -> Document:
        return await _delete(asker, collection, id, shown, revision)

    return await contended(asker, collection, once)


async def _delete(
    asker: Asker, collection: CompiledCollection, id: Any, shown: Shown, expected: int | None
) -> Document:
    await before(asker, collection, "delete", None, id)
    stored, revision, rule = await locate(asker, collection, id, "delete", expected=expected)
    await collection_hooks(asker, collection, "before_delete", "delete", "data", id=stored["id"], doc=stored)
    whole = selected(collection, stored, shown.select)
    documents = await present(asker, collection, [whole], depth=shown.depth, populate=shown.populate, after_write=True)
    answer = documents[0]
    await asker.core.database.store(lambda: store_delete(asker, collection, stored, revision, rule))
    answer = await collection_hooks(asker, collection, "after_delete", "delete", "doc", doc=answer, id=stored["id"])
    answer = await collection_hooks(
        asker, collection, "after_operation", "delete", "result", result=answer, doc=answer, id=stored["id"]
    )
    await after_commit(asker, collection, "delete", answer, stored)
    return answer  # type: ignore[no-any-return]


async def delete_many(asker: Asker, collection: CompiledCollection, query: Query, shown: Shown) -> BulkResult:
    """Deletes every document that matches, each by itself: some may succeed and others fail."""
    if collection.declaration.disable_bulk_delete and not asker.system:
        raise Forbidden(f"Collection {collection.slug} has disabled bulk delete")
    return await each_matching(asker, collection, query, "delete", lambda id: delete(asker, collection, id, shown))
