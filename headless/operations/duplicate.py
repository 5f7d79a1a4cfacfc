"""Duplicating a document: what the asker may read of it, made fit to be a second one, then created like any other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.errors import Forbidden, NotFound
from headless.fields.base import ABSENT
from headless.operations.change import Shown, before
from headless.operations.core import Asker
from headless.operations.create import create_from
from headless.operations.find import read_by_id
from headless.operations.page import Document
from headless.operations.present import parse_populate, run_field_hooks, shows
from headless.operations.write import Path


async def duplicate(
    asker: Asker, collection: CompiledCollection, id: Any, data: Mapping[str, Any], shown: Shown
) -> Document:
    """The copy, with `data` in place of what the original has. Raises NotFound, Forbidden and what a create raises.

    What the asker may not read of the original is not in the copy, and what he may not create has its default.
    """
    if not collection.declaration.can_duplicate and not asker.system:
        raise Forbidden(f"Collection {collection.slug} has disabled duplicating")
    shown = Shown(shown.depth, collection.selection(shown.select), parse_populate(shown.populate))
    async with asker.core.database.transaction():
        data = await before(asker, collection, "create", data, args={"duplicate_from": id})
        original = await read_by_id(asker, collection, id)
        if original is None:
            raise NotFound
        copy = await _Copying(asker, collection, original).level(collection.plan, original, ())
        given = without_ids(collection.plan, data, row_ids(collection.plan, original))
        return await create_from(asker, collection, merged(collection.plan, copy, given), shown)


def row_ids(plan: Plan, document: Document) -> set[Any]:
    """The ids of every row of a document."""
    return {
        row.get("id")
        for node in plan.walk()
        if node.plans and not node.flat
        for _, part in node.places(document)
        for _, row in node.parts(part.get(node.key))
    }


def without_ids(plan: Plan, part: Mapping[str, Any], ids: set[Any]) -> Document:
    """Given values whose rows do not claim to be rows of the original."""
    fresh = {key: value for key, value in part.items() if key != "id" or not isinstance(value, str) or value not in ids}
    for node in plan.nodes:
        if node.plans and node.key in fresh:
            fresh[node.key] = node.contains.with_parts(fresh[node.key], partial(_part_without_ids, node, ids))
    return fresh


def _part_without_ids(node: Node, ids: set[Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """One of no declared kind stays as it came, to be told of."""
    plan = node.plan_of(part)
    return part if plan is None else without_ids(plan, part, ids)


def merged(plan: Plan, copy: Document, data: Mapping[str, Any]) -> Document:
    """The copy with other values; groups are merged, everything else is replaced."""
    result = {**copy, **data}
    for node in plan.nodes:
        own, given = copy.get(node.key), data.get(node.key)
        if node.flat and isinstance(own, Mapping) and isinstance(given, Mapping):
            result[node.key] = merged(node.plans[""], dict(own), given)
    return result


class _Copying:
    """One original on its way to a copy: a walk over its fields."""

    def __init__(self, asker: Asker, collection: CompiledCollection, original: Document) -> None:
        self.asker = asker
        self.collection = collection
        self.original = original

    async def level(self, plan: Plan, part: Document, path: Path) -> Document:
        """The values of one level, without ids, what the platform writes itself and what may not be read."""
        copy = {key: value for key, value in part.items() if key != "id" and key not in plan.by_key}
        for node in plan.nodes:
            if node.key in part and await self._may_copy(node, part):
                value = await self._value(node, part, path)
                if value is not ABSENT:
                    copy[node.key] = value
        return copy

    async def _may_copy(self, node: Node, part: Document) -> bool:
        if node.managed or node.unlogged or not node.stored:
            return False
        return self.asker.system or await shows(self.asker, self.collection, node, part, self.original)

    async def _value(self, node: Node, part: Document, path: Path) -> Any:
        value = part[node.key]
        if node.plans:
            value = await self._inside(node, value, (*path, node.key))
        hooks = node.field.hooks.get("before_duplicate")
        if hooks:
            context = self.asker.hook_context(
                "create", self.collection, data=self.original, doc=self.original, path=(*path, node.key)
            )
            return await run_field_hooks(hooks, context, node, value, part)
        return node.field.for_copy(value) if node.field.unique else value

    async def _inside(self, node: Node, value: Any, path: Path) -> Any:
        """The value with a copy of each of its parts."""
        copies = {
            id(part): await self.level(plan, part, path if node.flat else (*path, place))
            for place, (plan, part) in enumerate(node.parts(value))
        }
        return node.with_parts(value, lambda plan, part: copies[id(part)])
