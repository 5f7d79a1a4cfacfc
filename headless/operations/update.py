"""Updating documents: one, or all that match, each by itself. Contention alone never refuses an update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from headless.compile.accounts import PASSWORD_COLUMN
from headless.compile.collection import CompiledCollection
from headless.compile.selection import parse_selection
from headless.database import current_transaction
from headless.errors import BadRequest, Conflict, Forbidden, HeadlessError, NotFound, TransactionTimeout, Unavailable
from headless.operations.accounts import end_sessions, normalize, secret_columns, withdraw_token
from headless.operations.change import (
    Shown,
    before,
    collection_hooks,
    has_write_hooks,
    shown_after,
    translated,
)  # fmt: skip
from headless.operations.core import Asker
from headless.operations.find import Query, both, by_id
from headless.operations.page import BulkResult, Document
from headless.operations.present import parse_populate
from headless.operations.store import Changed, Store, save
from headless.operations.store import update as store_update
from headless.operations.write import Preparation
from headless.query.binding import bind_rule, bind_where
from headless.query.conditions import Condition
from headless.query.sorting import bind_sort

TRIES = 3
UNSAVED = 0
"""The revision of a document that has no row yet."""
Located = tuple[Document, int, Condition]
"""A document, its revision and the rule it was found under."""
OWN_CHANGE = "The document was changed by a hook of this very change: change `data` instead, or use a hook after it."


async def update(
    asker: Asker,
    collection: CompiledCollection,
    id: Any,
    data: Mapping[str, Any],
    shown: Shown,
    *,
    revision: int | None = None,
) -> Document:
    """The changed document. With `revision`, raises Conflict when the document has another one by now.

    Raises Forbidden, NotFound, ValidationError and whatever a hook raises; then nothing was stored.
    """
    shown = Shown(shown.depth, collection.selection(shown.select), parse_populate(shown.populate))

    async def once() -> Document:
        return await _update(asker, collection, id, data, shown, revision)

    return await contended(asker, collection, once)


async def contended(asker: Asker, collection: CompiledCollection, once: Callable[[], Awaitable[Document]]) -> Document:
    """Runs a change until no other comes between, at last with the writer held: contention alone refuses nothing.

    With hooks it holds the writer from the start. Raises Conflict when one of them changed the document itself.
    """
    for _ in range(0 if has_write_hooks(collection) else TRIES):
        try:
            return await once()
        except Changed:
            continue
    try:
        async with asker.core.database.transaction():
            return await once()
    except Changed as error:
        raise Conflict(OWN_CHANGE) from error


async def _update(
    asker: Asker, collection: CompiledCollection, id: Any, data: Mapping[str, Any], shown: Shown, expected: int | None
) -> Document:
    data = await before(asker, collection, "update", data, id)
    located = await locate(asker, collection, id, "update", data, expected)
    return await change(asker, collection, data, located, shown)


async def change(
    asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], located: Located, shown: Shown
) -> Document:
    """The located document with the data in it, stored. Raises Changed when another write comes between."""
    stored, revision, rule = located
    preparation = Preparation(asker, collection, "update", id=stored["id"], stored=stored)
    document = await preparation.fill_document(_without_id(data))
    document = await collection_hooks(
        asker,
        collection,
        "before_validate",
        "update",
        "data",
        data=document,
        doc=stored,
        previous=stored,
        id=stored["id"],
    )
    document = await collection_hooks(
        asker,
        collection,
        "before_change",
        "update",
        "data",
        data=document,
        doc=stored,
        previous=stored,
        id=stored["id"],
    )
    collection.ids.keep(document, stored["id"])
    normalize(collection, document)
    if collection.declaration.timestamps:
        _stamp(document, stored, data, asker.core.clock.text())
    secrets = await _validated(asker, collection, data, preparation, document, stored)
    collection.clear_unstored(document)

    def store() -> Store:
        if revision == UNSAVED:
            return (yield from save(asker, collection, stored, document))
        yield from store_update(asker, collection, stored, revision, document, secrets, rule)
        if PASSWORD_COLUMN in secrets:
            document.update((yield from end_sessions(asker, collection, stored["id"])))
        if collection.declaration.auth is not None and (secrets or document.get("email") != stored.get("email")):
            # Sent to the address that was, for the password that was.
            yield from withdraw_token(asker.core, collection, stored["id"])

    try:
        await asker.core.database.store(store)
    except Changed:
        raise
    except Exception as error:
        meant = await translated(error, preparation)
        if meant is None:
            raise
        raise meant from error
    whole = {"id": stored["id"], **document, **collection.constants}
    return await shown_after(asker, collection, "update", whole, stored, shown, data)


def _without_id(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data as it is filled in: a document keeps its id, whatever is sent along."""
    return {key: value for key, value in data.items() if key != "id"} if "id" in data else data


def _stamp(document: Document, stored: Document, data: Mapping[str, Any], now: str) -> None:
    """Sets the time of the change unless it was given; a document never loses its timestamps."""
    if data.get("updatedAt") is None:
        document["updatedAt"] = now
    if document.get("createdAt") is None:
        document["createdAt"] = stored["createdAt"] or now


async def _validated(
    asker: Asker,
    collection: CompiledCollection,
    data: Mapping[str, Any],
    preparation: Preparation,
    document: Document,
    stored: Document,
) -> dict[str, Any]:
    preparation.document = document
    await preparation.finish(collection.plan, document, stored, (), "")
    secrets = await secret_columns(asker, collection, data, preparation)
    if preparation.errors:
        await preparation.check_references()
        preparation.refuse()
    return secrets


async def locate(
    asker: Asker, collection: CompiledCollection, id: Any, operation: str, data: Any = None, expected: int | None = None
) -> Located:
    """The document to change. A transaction holds it from here on.

    Raises Forbidden when the asker may change none, or not this one; NotFound when there is none, and Conflict
    when it has another revision than the expected.
    """
    decision = await asker.decide(collection, operation, id=id, data=data)
    if decision is False:
        raise Forbidden
    missing: type[HeadlessError] = NotFound if decision is True else Forbidden
    known = collection.read_id(id)
    if known is None:
        raise missing
    rule = await bind_rule(decision, collection, asker)
    where = both(by_id(known), rule)
    reader = collection.reader(None, None)
    held = current_transaction(asker.core.database) is not None
    statement = asker.core.statements.find(collection, reader, where, None, limited=False, revision=True, held=held)
    rows = await asker.core.database.read(statement, tuple(where.values()))
    if not rows:
        raise missing
    revision = rows[0][-1]
    if expected is not None and expected != revision:
        raise Conflict
    return reader.read_one(rows[0]), revision, rule


async def matching_ids(asker: Asker, collection: CompiledCollection, query: Query, operation: str) -> list[Any]:
    """The ids of the documents that match and that the asker may change. Raises Forbidden, QueryError, BadRequest."""
    decision = await asker.decide(collection, operation)
    if decision is False:
        raise Forbidden
    asked = await bind_where(query.where, collection, asker)
    where = both(asked, await bind_rule(decision, collection, asker))
    sort = await bind_sort(query.sort, collection, asker)
    reader = collection.reader(parse_selection({"id": True}), None)
    statement = asker.core.statements.find(collection, reader, where, sort, limited=True)
    if query.limit is not None and query.limit < 0:
        raise BadRequest("'limit' is 0 or more.")
    limit = query.limit if query.limit else 2**53
    rows = await asker.core.database.read(statement, (*where.values(), limit, 0))
    return [row[0] for row in rows]


async def update_many(
    asker: Asker, collection: CompiledCollection, query: Query, data: Mapping[str, Any], shown: Shown
) -> BulkResult:
    """Updates every document that matches, each by itself: some may succeed and others fail."""
    if collection.declaration.disable_bulk_edit and not asker.system:
        raise Forbidden(f"Collection {collection.slug} has disabled bulk edit")
    return await each_matching(
        asker, collection, query, "update", lambda id: update(asker, collection, id, data, shown)
    )


async def each_matching(
    asker: Asker,
    collection: CompiledCollection,
    query: Query,
    operation: str,
    change: Callable[[Any], Awaitable[Document]],
) -> BulkResult:
    """Changes every document that matches; with `atomic` all of them or none. Raises Unavailable for too many."""
    if not query.atomic:
        return await each(await matching_ids(asker, collection, query, operation), change)
    result = BulkResult([], [])
    try:
        async with asker.core.database.transaction():
            result = await each(await matching_ids(asker, collection, query, operation), change)
            if result.errors:
                raise _TakenBack
    except _TakenBack:
        return BulkResult([], result.errors, taken_back=len(result.docs))
    except TransactionTimeout as error:
        raise Unavailable("Changing so many documents at once takes too long: nothing was changed.") from error
    return result


class _TakenBack(Exception):
    """One change of several that go together was refused."""


async def each(ids: list[Any], change: Callable[[Any], Awaitable[Document]]) -> BulkResult:
    """One change after the other; what is refused is told, not raised."""
    result = BulkResult([], [])
    for id in ids:
        try:
            result.docs.append(await change(id))
        except HeadlessError as error:
            message = error.message if error.is_public else "Something went wrong."
            result.errors.append({"id": id, "isPublic": error.is_public, "message": message})
    return result
