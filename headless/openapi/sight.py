"""How much of the API a description tells of: all of it, or the part that one asker may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headless.access import AccessContext, BuiltIn, Rule, constant, decide_ahead, for_user
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.endpoint import Endpoint
from headless.operations.core import Asker

OF_FIELDS = ("create", "read", "update")

Route = tuple[str, str, Endpoint | None, str, str | None]
"""Method, path, endpoint, what declares it, and the collection it belongs to."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is told. Hidden fields, and those that a rule denies to everybody, are told to nobody.

    `refused` are operations of collections, `closed` the places of routes, `denied` fields: collection, path and
    operation. `whole` is the sight of those who may know everything else, the rules included.
    """

    whole: bool
    refused: frozenset[tuple[str, str]] = frozenset()
    closed: frozenset[int] = frozenset()
    denied: frozenset[tuple[str, str, str]] = frozenset()

    def may(self, slug: str, operation: str) -> bool:
        """Whether the operation is told of."""
        return (slug, operation) not in self.refused

    def knows(self, slug: str) -> bool:
        """Whether the documents of a collection are told of: whoever may do nothing with them need not know."""
        return any(self.may(slug, operation) for operation in OF_FIELDS)

    def includes(self, slug: str, node: Node, operation: str) -> bool:
        """Whether the field is there when documents are read, created or updated."""
        if node.field.hidden or constant(node.field.access.get(operation)) is False:
            return False
        if operation != "read" and (node.managed or node.unlogged or not node.stored):
            return False
        if operation == "update" and node.is_id:
            return False
        return (slug, node.dotted, operation) not in self.denied


WHOLE = Sight(True)


async def sight_of(asker: Asker, routes: Iterable[Route]) -> Sight:
    """What the asker may use. A rule that answers with a where is a yes, one of a field only when it answers True."""
    refused: set[tuple[str, str]] = set()
    denied: set[tuple[str, str, str]] = set()
    for slug, collection in asker.core.compiled.by_slug.items():
        for operation, rule in collection.rules.items():
            if not await _says_yes(rule, asker.context(operation, slug), where=True):
                refused.add((slug, operation))
        denied |= {(slug, path, operation) for path, operation in await _denied(asker, collection)}
    closed = {place for place, route in enumerate(routes) if not await _admits(asker, route, refused)}
    return Sight(False, frozenset(refused), frozenset(closed), frozenset(denied))


async def _denied(asker: Asker, collection: CompiledCollection) -> list[tuple[str, str]]:
    return [
        (node.dotted, operation)
        for node in collection.plan.walk()
        for operation in OF_FIELDS
        if (rule := node.field.access.get(operation)) is not None
        and not await _says_yes(rule, asker.context(operation, collection.slug))
    ]


async def _admits(asker: Asker, route: Route, refused: Iterable[tuple[str, str]]) -> bool:
    _, _, endpoint, _, slug = route
    if endpoint is None or (slug is not None and (slug, endpoint.operation) in refused):
        return False
    return endpoint.access is None or await _says_yes(endpoint.access, asker.context("endpoint", slug or ""))


async def _says_yes(rule: Rule, context: AccessContext, *, where: bool = False) -> bool:
    """Whether a rule lets the asker through."""
    answer = await decide_ahead(rule, context)
    return answer is True or (where and answer is not False)


def needs_user(rule: Rule, context: AccessContext) -> bool:
    """Whether a rule surely refuses those who are not logged in. A function is not asked: it may let them in."""
    if isinstance(rule, tuple):
        return all(needs_user(item, context) for item in rule)
    if isinstance(rule, Mapping):
        return for_user(rule, None) is False
    return isinstance(rule, BuiltIn) and not rule(context)
