"""Virtual fields with a path: values of other documents, read by one query for each collection and step of the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Lead, Node
from headless.operations.core import Asker
from headless.operations.page import Document

Read = Callable[[str, set[Any], Sequence[Node]], Awaitable[Mapping[Any, Document]]]
"""Reads the documents of these ids with at least these fields, those and of those what the asker may see."""


class _Way:
    """One virtual field on its way: for each document, the documents that its path has led to so far."""

    def __init__(self, node: Node, documents: Sequence[Document]) -> None:
        assert node.lead is not None
        self.node = node
        self.lead: Lead = node.lead
        self.documents = documents
        self.reached: list[list[Document]] = [[document] for document in documents]

    def targets(self, step: int) -> list[list[Any]]:
        """For each document the ids that the next step leads to."""
        reference, _ = self.lead.steps[step]
        return [[id for here in reached for id in _ids(reference, here)] for reached in self.reached]

    def go(self, ids: Sequence[Sequence[Any]], found: Mapping[Any, Document]) -> None:
        """Takes a step."""
        self.reached = [[found[id] for id in own if id in found] for own in ids]

    def arrive(self) -> None:
        """Puts the values in their places; a value that there is none of is no key, as one of nothing."""
        for document, reached in zip(self.documents, self.reached, strict=True):
            values = [value for here in reached for value in _values(self.lead.end, here)]
            for _, part in self.node.places(document):
                if self.node.key not in part:
                    continue
                if self.lead.many:
                    part[self.node.key] = [value for value in values if value is not None]
                elif values:
                    part[self.node.key] = values[0]
                else:
                    del part[self.node.key]


async def fill_virtual(
    asker: Asker, collection: CompiledCollection, documents: Sequence[Document], read: Read, own: Read
) -> None:
    """Fills in the fields whose value is that of another document, under the rights that the asker has there.

    `own` reads what of the documents themselves is needed and was not selected.
    """
    nodes = [node for node in collection.led if any(_is_wanted(node, document) for document in documents)]
    if not nodes or not documents:
        return
    begun = await _whole(asker, collection, documents, nodes, own)
    ways = [_Way(node, documents) for node in nodes]
    for way in ways:
        reference, _ = way.lead.steps[0]
        open_ = all([each.field.hidden is False and await asker.opens(collection, each) for each in reference.chain])
        way.reached = [[document] if open_ or asker.system else [] for document in begun]
    for step in range(max(len(way.lead.steps) for way in ways)):
        await _step(step, [way for way in ways if len(way.lead.steps) > step], read)
    for way in ways:
        way.arrive()


async def _step(step: int, ways: Sequence[_Way], read: Read) -> None:
    ids = [way.targets(step) for way in ways]
    wanted: dict[str, set[Any]] = {}
    nodes: dict[str, list[Node]] = {}
    for way, own in zip(ways, ids, strict=True):
        _, slug = way.lead.steps[step]
        wanted.setdefault(slug, set()).update(id for each in own for id in each)
        nodes.setdefault(slug, []).append(_next(way.lead, step))
    found = {slug: await read(slug, wanted[slug], nodes[slug]) if wanted[slug] else {} for slug in wanted}
    for way, own in zip(ways, ids, strict=True):
        way.go(own, found[way.lead.steps[step][1]])


def _next(lead: Lead, step: int) -> Node:
    """What is asked of the documents that a step leads to."""
    return lead.steps[step + 1][0] if step + 1 < len(lead.steps) else lead.end


async def _whole(
    asker: Asker, collection: CompiledCollection, documents: Sequence[Document], nodes: Sequence[Node], own: Read
) -> Sequence[Document]:
    """The documents with the references that the paths go out by, also where these were not selected."""
    outgoing = [node.lead.steps[0][0] for node in nodes if node.lead is not None]
    if all(reference.chain[0].key in document for reference in outgoing for document in documents):
        return documents
    found = await own(collection.slug, {document["id"] for document in documents}, outgoing)
    return [found.get(document["id"], document) for document in documents]


def _is_wanted(node: Node, document: Document) -> bool:
    return any(node.key in part for _, part in node.places(document))


def _ids(reference: Node, document: Document) -> Iterator[Any]:
    for value in _values(reference, document):
        if value is not None:
            yield from (id for _, id in reference.targets(value))


def _values(node: Node, document: Document) -> Iterator[Any]:
    """The values of a node in a document: one, or one of each row."""
    if node.parent is None:
        if node.key in document:
            yield document[node.key]
        return
    for _, part in node.places(document):
        if node.key in part:
            yield part[node.key]
