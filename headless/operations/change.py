"""What create, update and delete share: hooks around the change, their transaction, what failures of the store mean."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from headless.compile.collection import CompiledCollection
from headless.database import current_transaction
from headless.errors import HeadlessError, ValidationError
from headless.hooks import WRITE_HOOKS, HookContext, run_hooks
from headless.operations.core import Asker
from headless.operations.page import Document
from headless.operations.present import present, run_field_hooks
from headless.operations.write import Preparation

T = TypeVar("T")
logger = logging.getLogger("headless.hooks")


@dataclass(slots=True)
class Shown:
    """How the answer of a write shows the document."""

    depth: int = 0
    select: Any = None
    populate: Any = None


def has_write_hooks(collection: CompiledCollection) -> bool:
    """Whether an operation runs in a transaction from its first hook to its last."""
    return collection.write_hooked or any(kind in WRITE_HOOKS for kind in collection.hooks)


async def in_transaction(asker: Asker, collection: CompiledCollection, run: Callable[[], Awaitable[T]]) -> T:
    """Runs an operation in a transaction when its collection declares hooks around writes."""
    if not has_write_hooks(collection):
        return await run()
    async with asker.core.database.transaction():
        return await run()


async def before(
    asker: Asker, collection: CompiledCollection, operation: str, data: Any, id: Any = None, **more: Any
) -> Any:
    """Before-operation hooks; answers the data they leave."""
    hooks = collection.hooks.get("before_operation")
    if not hooks:
        return data
    context = asker.hook_context(operation, collection, data=data, id=id, **more)
    await run_hooks(hooks, context, "data")
    return context.data


async def collection_hooks(
    asker: Asker, collection: CompiledCollection, kind: str, operation: str, attribute: str, **more: Any
) -> Any:
    """The collection's hooks of one kind; answers what they leave in `attribute`."""
    hooks = collection.hooks.get(kind)
    if not hooks:
        return more.get(attribute)
    context = asker.hook_context(operation, collection, **more)
    await run_hooks(hooks, context, attribute)
    return getattr(context, attribute)


async def shown_after(
    asker: Asker,
    collection: CompiledCollection,
    operation: str,
    document: Document,
    previous: Document | None,
    shown: Shown,
    data: Any,
) -> Document:
    """The answer of a write: read back as the asker sees it, after-change and after-operation hooks run."""
    documents = await present(
        asker, collection, [selected(collection, document, shown.select)], depth=shown.depth,
        populate=shown.populate, after_write=True,
    )  # fmt: skip
    answer = documents[0]
    if collection.change_hooked:
        await _field_after_change(asker, collection, operation, answer, previous, data)
    answer = await collection_hooks(
        asker,
        collection,
        "after_change",
        operation,
        "doc",
        doc=answer,
        previous=previous or {},
        data=data,
        id=document["id"],
    )
    answer = await collection_hooks(
        asker, collection, "after_operation", operation, "result", result=answer, doc=answer, id=document["id"]
    )
    await after_commit(asker, collection, operation, answer, previous)
    return answer  # type: ignore[no-any-return]


def selected(collection: CompiledCollection, document: Document, selection: Any) -> Document:
    """A copy of the document with the selected keys, which may be populated without changing the original."""
    copied: Document = _copied(document)
    if selection is None:
        return copied
    return collection.plan.trim(copied, selection)


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied(item) if type(item) in _NESTED else item for key, item in value.items()}
    return [_copied(item) if type(item) in _NESTED else item for item in value]


_NESTED = frozenset({dict, list})


async def _field_after_change(
    asker: Asker,
    collection: CompiledCollection,
    operation: str,
    document: Document,
    previous: Document | None,
    data: Any,
) -> None:
    for node in collection.change_hooked:
        before = dict(node.places(previous)) if previous is not None else {}
        for row, part in node.places(document):
            context = asker.hook_context(
                operation, collection, doc=document, previous=previous, data=data, id=document["id"]
            )
            context.previous_sibling_data = before.get(row)
            context.previous_value = before.get(row, {}).get(node.key)
            part[node.key] = await run_field_hooks(
                node.field.hooks["after_change"], context, node, part.get(node.key), part
            )


async def after_commit(
    asker: Asker, collection: CompiledCollection, operation: str, document: Any, previous: Any
) -> None:
    """After-commit hooks, once the change is durable: at once, or when the transaction around it ends."""
    hooks = collection.hooks.get("after_commit")
    if not hooks:
        return
    context = asker.hook_context(operation, collection, doc=document, previous=previous, id=document.get("id"))
    transaction = current_transaction()
    if transaction is not None:
        transaction.after_commit(lambda: _run_after_commit(hooks, context))
    else:
        await _run_after_commit(hooks, context)


async def _run_after_commit(hooks: Any, context: HookContext) -> None:
    """The change stands whatever these hooks do: what they raise is logged."""
    for hook in hooks:
        try:
            answer = hook(context)
            if inspect.isawaitable(answer):
                await answer
        except Exception:
            logger.exception("after_commit hook %r of %r failed", getattr(hook, "__name__", hook), context.collection)


async def translated(error: Exception, preparation: Preparation) -> HeadlessError | None:
    """What a failure of the store means to the asker, or None when it is not his to mend."""
    dialect = preparation.asker.core.database.dialect
    failure = dialect.classify(error)
    kind = type(failure).__name__
    if kind == "Unique":
        return _not_unique(failure, preparation)
    if kind == "ForeignKey":
        await preparation.check_references()
        if preparation.errors:
            return preparation.collection.invalid(preparation.errors, preparation.id)
    if kind == "Unstorable":
        return preparation.collection.invalid([{"message": "A value cannot be stored.", "path": ""}])
    return None


def _not_unique(failure: Any, preparation: Preparation) -> ValidationError:
    collection = preparation.collection
    columns = set(failure.columns)
    if failure.index is not None:
        found = [index.columns for index in collection.table.indexes if index.name == failure.index]
        # The key has an index of its own, which nobody declared.
        columns = {column.name for column in (found[0] if found else collection.table.primary_key.columns)}
    paths = [node.dotted for node in collection.plan.walk() if node.column in columns]
    path = _first_declared(collection, columns) or (paths[0] if paths else "")
    auth = collection.declaration.auth
    if auth is not None and path in ("email", *auth.identifiers) and preparation.operation == "create":
        problem = {"message": f"A user with the given {path} is already registered.", "path": path}
    else:
        problem = {"message": "Value must be unique", "path": path, "tableName": collection.table_name}
    return collection.invalid([problem], preparation.id)


def _first_declared(collection: CompiledCollection, columns: set[str]) -> str | None:
    for declared in collection.declaration.indexes:
        if {"__".join(path.split(".")) for path in declared.fields} == columns:
            return str(declared.fields[0])
    return None
