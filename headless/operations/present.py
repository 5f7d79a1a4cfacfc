"""Reading back: what of a document the asker sees, what after-read hooks make of it, and what its references show."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.compile.selection import Selection, parse_selection
from headless.errors import BadRequest
from headless.fields.base import ABSENT
from headless.hooks import HookContext, run_hooks
from headless.operations.core import Asker
from headless.operations.join import WITHOUT, Joins, fill_joins
from headless.operations.page import Document
from headless.operations.virtual import fill_virtual
from headless.operators import in_
from headless.query.binding import ID, bind_rule
from headless.query.conditions import ALWAYS, AllOf, Comparison, Condition

Populate = Mapping[str, Selection | None]
Source = tuple[str, tuple[str, ...]]
"""Where references lead: a collection, and the fields of it that are shown whatever its read rule says."""


def parse_populate(given: Any) -> Populate:
    """Reads `populate`: for each collection, the selection of its documents when they are shown in place of ids."""
    if given is None or given == "":
        return {}
    if not isinstance(given, Mapping):
        raise BadRequest("'populate' maps collections to selections of fields.")
    return {
        str(slug): parse_selection(selection)
        for slug, selection in given.items()
        if not isinstance(selection, bool | str)
    }


async def present(
    asker: Asker,
    collection: CompiledCollection,
    documents: list[Document],
    *,
    depth: int = 0,
    populate: Populate | None = None,
    selection: Selection | None = None,
    joins: Joins = WITHOUT,
    find_many: bool = False,
    after_write: bool = False,
) -> list[Document]:
    """The documents as the asker may see them, populated `depth` levels deep.

    `joins` are those of the documents themselves, of which `selection` chooses. The hooks before reading run of what is
    read, not of what a write shows of its own result.
    """
    if not after_write and "before_read" in collection.hooks:
        documents = await _with_hooks(asker, collection, "before_read", documents, find_many)
    if (documents and collection.references and depth > 0) or not collection.is_whole:
        await _populate(asker, _Found(collection, documents, selection, joins), depth, populate or {})
    if collection.reads_plainly:
        return documents
    return await finish_reading(asker, collection, documents, find_many=find_many)


async def _with_hooks(
    asker: Asker, collection: CompiledCollection, kind: str, documents: list[Document], find_many: bool
) -> list[Document]:
    """The collection's hooks of one kind, of each document. Those before reading see it as it is stored."""
    hooks = collection.hooks.get(kind)
    if not hooks:
        return documents
    shown = []
    for document in documents:
        context = asker.hook_context(
            "read", collection, doc=document, id=document.get("id"), args={"find_many": find_many}
        )
        await run_hooks(hooks, context, "doc")
        shown.append(context.doc)
    return shown


async def finish_reading(
    asker: Asker, collection: CompiledCollection, documents: list[Document], *, find_many: bool = False
) -> list[Document]:
    """After-read hooks of the fields, then what is hidden or unreadable taken away, then the collection's hooks."""
    if collection.read_hooked:
        for document in documents:
            await _field_hooks(asker, collection, collection.plan, document, document)
    if collection.guarded:
        for document in documents:
            await _strip(asker, collection, collection.plan, document, document)
    return await _with_hooks(asker, collection, "after_read", documents, find_many)


async def _strip(asker: Asker, collection: CompiledCollection, plan: Plan, part: Document, document: Document) -> None:
    for node in plan.nodes:
        if node.key not in part:
            continue
        if not asker.system and not await shows(asker, collection, node, part, document):
            del part[node.key]
        elif node.plans:
            for plan, inner in node.parts(part[node.key]):
                await _strip(asker, collection, plan, inner, document)


async def shows(asker: Asker, collection: CompiledCollection, node: Node, part: Document, document: Document) -> bool:
    """Whether a value of this document is shown to the asker."""
    if node.field.hidden:
        return False
    rule = node.field.access.get("read")
    if rule is None:
        return True
    return await asker.allows_field(
        rule, "read", collection.slug, id=document.get("id"), doc=document, sibling_data=part
    )


async def _field_hooks(
    asker: Asker, collection: CompiledCollection, plan: Plan, part: Document, document: Document
) -> None:
    for node in plan.nodes:
        hooks = node.field.hooks.get("after_read")
        if hooks and node.key in part:
            context = asker.hook_context("read", collection, doc=document, data=document, id=document.get("id"))
            part[node.key] = await run_field_hooks(hooks, context, node, part.get(node.key), part)
        if node.plans:
            for plan, inner in node.parts(part.get(node.key)):
                await _field_hooks(asker, collection, plan, inner, document)


async def run_field_hooks(hooks: Iterable[Any], context: HookContext, node: Node, value: Any, siblings: Any) -> Any:
    """Runs a field's hooks and answers the value they leave."""
    context.field, context.sibling_data, context.value = node.field, siblings, value
    for hook in hooks:
        answer = hook(context)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not None:
            context.value = answer
    return context.value


@dataclass(frozen=True, slots=True)
class _Found:
    """Documents of a collection that were read with a selection, and what is asked of their joins."""

    collection: CompiledCollection
    documents: Sequence[Document]
    selection: Selection | None
    joins: Joins


async def _populate(asker: Asker, first: _Found, depth: int, populate: Populate) -> None:
    """Replaces references by documents: one query for each collection that is referred to, at each level.

    The joins of the documents of each level, and their fields whose values are elsewhere, are filled in before.
    """
    levels: list[tuple[list[_References], dict[Source, list[Document]]]] = []
    current = [first]
    while current:
        joined = [await _complete(asker, found) for found in current]
        if len(levels) == depth:
            break
        here = [
            _References(found.collection, found.documents, len(levels), nodes)
            for found, nodes in zip(current, joined, strict=True)
        ]
        wanted: dict[Source, set[Any]] = {}
        for references in here:
            references.add_to(wanted)
        fetched = {source: await _fetch(asker, source, ids, populate) for source, ids in wanted.items() if ids}
        levels.append((here, fetched))
        targets = [(asker.collection(slug), found) for (slug, names), found in fetched.items() if found and not names]
        current = [
            _Found(target, found, _selection(target, populate), Joins())
            for target, found in targets
            if target.references or not target.is_whole
        ]
    for here, fetched in reversed(levels):
        shown = {source: await _finished(asker, source, found) for source, found in fetched.items()}
        for references in here:
            references.replace(shown)


class _References:
    """The references in some documents of a collection, at one level of population."""

    __slots__ = ("_bare", "_documents", "_joins", "_places")

    def __init__(
        self, collection: CompiledCollection, documents: Sequence[Document], level: int, joins: Sequence[Node]
    ) -> None:
        nodes = [node for node in collection.references if _populates(node.refers, level)]
        self._joins = [
            (node, part)
            for node in joins
            if _populates(node.joins, level)
            for document in documents
            for part in _parts(node, document)
        ]
        self._documents = documents
        self._bare = [node for node in nodes if node.parent is None and node.refers.bare]
        others = [node for node in nodes if node not in self._bare]
        self._places = [(node, part) for node in others for document in documents for part in _parts(node, document)]

    def add_to(self, wanted: dict[Source, set[Any]]) -> None:
        """Notes what they refer to."""
        for node in self._bare:
            ids = wanted.setdefault((node.slugs[0], node.refers.populate_as_system), set())
            ids.update([document[node.key] for document in self._documents if document.get(node.key) is not None])
        referring = []
        for node, part in self._places:
            if targets := node.targets(part[node.key]):
                referring.append((node, part))
                for slug, id in targets:
                    wanted.setdefault((slug, node.refers.populate_as_system), set()).add(id)
        self._places = referring
        for node, part in self._joins:
            for slug, id in node.joins.targets(part[node.key]):
                wanted.setdefault((slug, ()), set()).add(id)

    def replace(self, found: Mapping[Source, Mapping[Any, Document]]) -> None:
        """Puts the documents in the ids' place."""
        for node in self._bare:
            targets = found.get((node.slugs[0], node.refers.populate_as_system), {})
            for document in self._documents:
                id = document.get(node.key)
                if id is not None:
                    document[node.key] = targets.get(id, id)
        for node, part in self._places:
            part[node.key] = node.refers.replace(part[node.key], _finder(found, node.refers.populate_as_system))
        for node, part in self._joins:
            part[node.key] = node.joins.replace(part[node.key], _finder(found, ()))


def _finder(found: Mapping[Source, Mapping[Any, Document]], names: tuple[str, ...]) -> Callable[[str, Any], Any]:
    """What stands in a reference's place: the document, or the id of one that the asker may not read."""

    def find(slug: str, id: Any) -> Any:
        return found.get((slug, names), {}).get(id, id) if _is_id(id) else id

    return find


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _populates(field: Any, level: int) -> bool:
    limit = field.max_depth
    return limit is None or level < limit


def _parts(node: Node, document: Document) -> list[Document]:
    """The mappings of a document in which the node's key stands."""
    return [part for _, part in node.places(document) if part.get(node.key, ABSENT) not in (ABSENT, None)]


async def _fetch(asker: Asker, source: Source, ids: set[Any], populate: Populate) -> list[Document]:
    slug, names = source
    target = asker.collection(slug)
    if names:
        shown = Selection(True, tuple((name, None) for name in sorted(names)))
        system = Asker(asker.core, system=True)
        return await _with_values(system, target, await _by_ids(system, target, ids, ALWAYS, shown))
    decision = await asker.reads(slug)
    if decision is False:
        return []
    rule = await bind_rule(decision, target, asker)
    documents = await _by_ids(asker, target, ids, rule, _selection(target, populate))
    return await _with_hooks(asker, target, "before_read", documents, True)


def _selection(target: CompiledCollection, populate: Populate) -> Selection | None:
    """What is shown of the documents of a collection in place of their ids."""
    return target.with_forced(populate[target.slug]) if target.slug in populate else target.in_place


async def _complete(asker: Asker, found: _Found) -> list[Node]:
    """Fills in what is not in the documents' own rows. Answers the joins among it."""
    if found.collection.is_whole:
        return []
    await _with_values(asker, found.collection, found.documents)
    return await fill_joins(asker, found.collection, found.documents, found.selection, found.joins)


async def _with_values(asker: Asker, collection: CompiledCollection, documents: Sequence[Document]) -> list[Document]:
    """The documents with the values that are those of other documents."""

    async def read(slug: str, ids: set[Any], nodes: Sequence[Node]) -> Mapping[Any, Document]:
        target, decision = asker.collection(slug), await asker.reads(slug)
        if decision is False:
            return {}
        rule = await bind_rule(decision, target, asker)
        # What hooks and rules make of a value may depend on the whole document.
        found = await _by_ids(asker, target, ids, rule, _keys(nodes) if target.reads_plainly else None)
        found = await _with_hooks(asker, target, "before_read", found, True)
        return await _finished(asker, (slug, ()), found)

    async def own(slug: str, ids: set[Any], nodes: Sequence[Node]) -> Mapping[Any, Document]:
        found = await _by_ids(asker, asker.collection(slug), ids, ALWAYS, _keys(nodes))
        return {document["id"]: document for document in found}

    if collection.led:
        await fill_virtual(asker, collection, documents, read, own)
    return list(documents)


def _keys(nodes: Sequence[Node]) -> Selection:
    """The selection of the fields that these nodes are, or are in."""
    return Selection(True, tuple((key, None) for key in sorted({node.chain[0].key for node in nodes})))


async def _finished(asker: Asker, source: Source, documents: list[Document]) -> dict[Any, Document]:
    """The documents by id as the asker may see them, now that their own references are replaced."""
    slug, names = source
    target = asker.collection(slug)
    if not names and not target.reads_plainly:
        documents = await finish_reading(asker, target, documents, find_many=True)
    return {document["id"]: document for document in documents}


async def _by_ids(
    asker: Asker, collection: CompiledCollection, ids: set[Any], rule: Condition, selection: Selection | None
) -> list[Document]:
    among = Comparison(ID, in_, tuple(sorted(ids, key=str)))
    where: Condition = among if rule is ALWAYS else AllOf([among, rule])
    reader = collection.reader(selection, asker.locale)
    statement = asker.core.statements.find(collection, reader, where, None, limited=False)
    return reader.read(await asker.core.database.read(statement, tuple(where.values())))
