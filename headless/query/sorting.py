"""Sorting: `-createdAt,title` and paths through groups, rows and relations.

A key that the asker may not read is left out like one that names nothing, so that the two cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.errors import BadRequest, QueryError
from headless.operators import Expression
from headless.query.binding import ID, Access
from headless.query.conditions import AllOf, Comparison, Condition

MOST_KEYS = 8


class Closed(Exception):
    """A sort key is not for the asker to know of."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key: a field's node, with the relations on the way to it."""

    node: Node
    descending: bool
    through: tuple[tuple[Node, str], ...] = ()

    @property
    def shape(self) -> Hashable:
        """What identifies the key in a cache."""
        return (self.node.path, self.descending, tuple((node.path, slug) for node, slug in self.through))


class Sort:
    """Bound sort keys. The id comes last, newest first, so that the order is total.

    `by` is a comparison whose operator has an order of its own, such as nearness: it goes before the keys.
    """

    __slots__ = ("by", "keys", "shape", "values")

    def __init__(self, keys: Sequence[SortKey], by: Comparison | None = None) -> None:
        self.keys = tuple(keys)
        self.by = by
        self.shape: Hashable = (*(key.shape for key in self.keys), None if by is None else by.shape)
        self.values: tuple[Any, ...] = () if by is None else by.bound[:1]
        """The values that its expressions are given."""

    def expressions(self, scope: Any, collection: CompiledCollection) -> list[Expression]:
        """ORDER BY expressions; NULL first ascending on every database."""
        made = [] if self.by is None else [self.by.order(scope)]
        made += [scope.dialect.ordered(scope.sorted_by(key), descending=key.descending) for key in self.keys]
        if not any(key.node is ID for key in self.keys):
            made.append(collection.table.c.id.desc())
        return made

    def risky(self, collection: CompiledCollection) -> bool:
        """Whether sorting has no index to follow and must look at every row."""
        if self.by is not None:
            return True
        if not self.keys:
            return False
        first = self.keys[0]
        if first.node is ID:
            return False
        indexed = {next(iter(index.columns)).name for index in collection.table.indexes if len(index.columns) > 0}
        return bool(first.through) or first.node.rows is not None or first.node.column not in indexed


def sort_names(given: Any) -> list[str]:
    """The keys of a sort given as a comma list or a list."""
    if given is None or given == "":
        return []
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise BadRequest("'sort' is a field's name, or a list of them.")
    names = [name.strip() for item in items for name in item.split(",") if name.strip()]
    if len(names) > MOST_KEYS:
        raise BadRequest(f"'sort' has at most {MOST_KEYS} keys.")
    return names


async def bind_sort(given: Any, collection: CompiledCollection, access: Access) -> Sort:
    """The bound sort. A key that names nothing, or nothing that the asker may read, is left out."""
    if given is None or isinstance(given, str):
        known: Sort | None = collection.sorts.get(given or "")
        if known is not None:
            return known
    keys, same_for_all = [], True
    for name in sort_names(given) or collection.default_sort:
        try:
            key = await _bind(name.removeprefix("-"), name.startswith("-"), collection, access)
        except Closed:
            same_for_all = False
            continue
        if key is not None:
            keys.append(key)
    if not keys and sort_names(given):
        return await bind_sort(None, collection, access)
    sort = Sort(keys)
    plain = same_for_all and all(key.node.plain or key.node is ID for key in keys)
    if plain and (given is None or isinstance(given, str)):
        _remember(collection, given or "", sort)
    return sort


def nearest(asked: Condition) -> Comparison | None:
    """The comparison that orders what a condition finds by itself, if there is one that everything found fulfils."""
    if isinstance(asked, AllOf):
        return next((found for part in asked.parts if (found := nearest(part)) is not None), None)
    return asked if isinstance(asked, Comparison) and asked.orders else None


async def bind_keys(names: Sequence[str], collection: CompiledCollection, access: Access) -> list[SortKey | None]:
    """The bound key of each name, None for one that names nothing here, or nothing that the asker may read."""
    return [await _open(name, collection, access) for name in names]


async def _open(name: str, collection: CompiledCollection, access: Access) -> SortKey | None:
    try:
        return await _bind(name.removeprefix("-"), name.startswith("-"), collection, access)
    except Closed:
        return None


def _remember(collection: CompiledCollection, given: str, sort: Sort) -> None:
    """Keeps a sort that is the same for every asker."""
    if not any(key.through for key in sort.keys) and len(given) < 200:
        if len(collection.sorts) > 256:
            collection.sorts.clear()
        collection.sorts[given] = sort


async def _bind(path: str, descending: bool, collection: CompiledCollection, access: Access) -> SortKey | None:
    through: list[tuple[Node, str]] = []
    plan: Plan = collection.plan
    names = path.split(".")
    for place, name in enumerate(names):
        if name == "id" and place == len(names) - 1 and plan is collection.plan:
            return SortKey(ID, descending, tuple(through))
        node = plan.by_key.get(name)
        if node is None:
            return None
        if not await access.opens(collection, node):
            raise Closed
        if node.lead is not None and place == len(names) - 1:
            return await _led(path, node, SortKey(node, descending, tuple(through)), collection, access)
        if not node.stored:
            raise QueryError(path)
        if place == len(names) - 1:
            unsortable = (
                bool(node.plans) or not node.field.operators or (node.rows is not None and node.rows.rows is not None)
            )
            return None if unsortable else SortKey(node, descending, tuple(through))
        if "" in node.plans:
            plan = node.plans[""]
        elif node.refers is not None and not node.field.is_json:
            slug = node.slugs[0]
            if await access.reads(slug) is not True:
                raise Closed
            collection = access.collection(slug)
            plan = collection.plan
            through.append((node, slug))
        else:
            return None
    return None


async def _led(path: str, node: Node, asked: SortKey, collection: CompiledCollection, access: Access) -> SortKey | None:
    """The key of a virtual field: that of the path which its value lies at."""
    try:
        found = await _bind(str(node.field.leads), asked.descending, collection, access)
    except QueryError:
        raise QueryError(path) from None
    return None if found is None else SortKey(found.node, found.descending, (*asked.through, *found.through))
