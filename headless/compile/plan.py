"""The plan of a collection's fields: each data field in its place, with what walking to it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from headless.compile.selection import Selection
from headless.fields.abilities import Containing, Joining, Referring
from headless.fields.base import Absent, DataField, Field


@dataclass(frozen=True, slots=True)
class Lead:
    """A path from a document to a value elsewhere: the references on the way, each with its target, and the end."""

    steps: tuple[tuple[Node, str], ...]
    end: Node

    @property
    def many(self) -> bool:
        """Whether it leads to several values."""
        listed = any(node.field.has_list or node.rows is not None for node, _ in self.steps)
        return listed or self.end.rows is not None


@dataclass(slots=True, eq=False)
class Node:
    """A data field in its place. `path` holds the names from the document down, with the kinds of parts that differ.

    Rows add nothing to it: `links.label`, and `layout.hero.heading` in the rows that are of the kind `hero`.
    """

    field: DataField
    key: str
    path: tuple[str, ...]
    around: tuple[Field, ...]
    parent: Node | None
    managed: bool = False
    """Written by the platform only: what a request says is ignored."""
    unlogged: bool = False
    """Left out of the change log, and of queries: log-in state."""
    plans: Mapping[str, Plan] = dataclasses.field(default_factory=dict)
    """The plans of what it contains, by kind of part."""
    column: str | None = None
    type: sa.types.TypeEngine[Any] = dataclasses.field(default_factory=sa.Text)
    """The type of its value in SQL, of a list that of an element."""
    kept: str | None = None
    """The column of the table of values, of a leaf inside rows that has one."""
    localized: bool = False
    by_locale: bool = False
    """A localized group: it has no column, so each of its leaves is kept by locale."""
    conditions: tuple[Callable[..., Any], ...] = ()
    refers: Any = None
    """The field, where its value refers to documents (`Referring`); else None."""
    slugs: tuple[str, ...] = ()
    """The collections that its value may refer to."""
    contains: Any = None
    """The field, where its value is made of other fields' (`Containing`); else None."""
    is_id: bool = False
    """The document's own id."""
    joins: Any = None
    """The field, where its value is the documents that refer to this one (`Joining`); else None."""
    sources: tuple[tuple[str, Node], ...] = ()
    """Of a join, the collections that it brings documents of, each with the field of it that refers."""
    lead: Lead | None = None
    """Where the value is, if it is that of another document."""
    plain: bool = False
    """Whether anyone may name it in a query, and its value is one scalar of the document itself."""
    validators: tuple[Callable[..., Any], ...] = ()
    """What is asked of a value that the field's own check accepts."""
    stored: bool = True
    """Whether it has a place in the row; the value of one that has not is made when the document is read."""

    flat: bool = False
    """Whether this is a container whose children have columns of their own."""
    chain: tuple[Node, ...] = ()
    """The nodes from the document down to this one."""

    def __post_init__(self) -> None:
        self.chain = (*self.parent.chain, self) if self.parent is not None else (self,)
        self.refers = self.field if isinstance(self.field, Referring) else None
        self.contains = self.field if isinstance(self.field, Containing) else None
        self.flat = self.contains is not None and self.contains.flat
        self.joins = self.field if isinstance(self.field, Joining) else None
        self.validators = self.field.validators
        self.stored = self.field.is_stored
        guarded = self.field.hidden or "read" in self.field.access or self.unlogged
        single = self.refers is None and self.contains is None and not self.field.has_list
        self.plain = self.parent is None and single and not guarded and self.stored and not self.is_id

    def targets(self, value: Any) -> list[tuple[str, Any]]:
        """The (collection, id) pairs in a value, as far as the collections are there."""
        found = self.refers.targets(value)
        return [(slug, id) for slug, id in found if slug in self.slugs and isinstance(id, int | str)]

    @property
    def dotted(self) -> str:
        """The path as queries and errors write it."""
        return ".".join(self.path)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that lead to the value, from the document or the row that it stands in."""
        return (*self.parent.keys, self.key) if self.parent is not None and self.parent.flat else (self.key,)

    @property
    def rows(self) -> Node | None:
        """The nearest array this node lives in."""
        node = self.parent
        while node is not None and node.flat:
            node = node.parent
        return node

    @property
    def is_foreign_key(self) -> bool:
        """Whether its column points at the one document it refers to; other references are in a table of them."""
        return self.refers is not None and self.column is not None and not self.field.is_json and not self.localized

    def plan_of(self, part: Mapping[str, Any]) -> Plan | None:
        """The plan of one of the parts that the value is made of; None for a part of no declared kind."""
        return self.plans.get(self.contains.level_of(part))

    def parts(self, value: Any) -> Iterator[tuple[Plan, dict[str, Any]]]:
        """The mappings in a value that hold the children's values, each with its plan."""
        for part in self.contains.parts(value):
            plan = self.plan_of(part)
            if plan is not None:
                yield plan, part

    def with_parts(self, value: Any, change: Callable[[Plan, dict[str, Any]], dict[str, Any]]) -> Any:
        """The value with what `change` makes of each of these mappings; a part of no declared kind is left out."""

        def changed(part: dict[str, Any]) -> dict[str, Any] | None:
            plan = self.plan_of(part)
            return None if plan is None else change(plan, part)

        return self.contains.with_parts(value, changed)

    def complete(self, value: Any) -> Any:
        """A stored value as it reads today: its parts have each declared key and no other."""
        if self.flat and not isinstance(value, dict):
            value = {}
        return self.with_parts(value, lambda plan, part: plan.complete(part))

    def trim(self, value: Any, selection: Selection) -> Any:
        """What a selection shows of the value; of one that has several kinds of parts it selects by kind."""
        if not self.plans:
            return selection.trim(value)
        return self.with_parts(value, lambda plan, part: plan.trim(part, selection.within(plan.kind)))

    def places(self, document: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
        """The mappings of a document in which the node's key may stand, each with the id of its row or None."""
        places: list[tuple[Any, dict[str, Any]]] = [(None, document)]
        if self.parent is None:
            return places
        for container, child in pairwise(self.chain):
            places = [
                (row if container.flat else inner.get("id"), inner)
                for row, part in places
                for plan, inner in container.parts(part.get(container.key))
                if plan.by_key.get(child.key) is child
            ]
        return places

    def label(self, prefix: str) -> str:
        """How errors call the field, after the label of what it stands in."""
        for part in self.around:
            prefix = part.rename(prefix)
        return f"{prefix} > {self.field.title}" if prefix else self.field.title

    def prefix(self, prefix: str) -> str:
        """The label that a container's own children are called after."""
        for part in self.around:
            prefix = part.rename(prefix)
        return prefix


@dataclass(slots=True, eq=False)
class Plan:
    """The data fields of one level: a document, a group or a row."""

    nodes: tuple[Node, ...]
    kind: str = ""
    """Of which kind the parts are that it is of, where a field has several."""
    by_key: Mapping[str, Node] = dataclasses.field(default_factory=dict)
    sparse: tuple[str, ...] = ()
    """The keys that documents have only with a value."""
    row: tuple[str, ...] = ()
    """The keys of a row that is stored as it reads; none where a value of it may have to be looked into."""
    filled: tuple[str, ...] = ()
    """The keys that are never null."""

    def __post_init__(self) -> None:
        if not any(node.plans or isinstance(node.field.empty(), Absent) for node in self.nodes):
            self.row = ("id", *(node.key for node in self.nodes))
            self.filled = tuple(node.key for node in self.nodes if node.field.empty() is not None)
        self.sparse = tuple(node.key for node in self.nodes if isinstance(node.field.empty(), Absent))
        self.by_key = {node.key: node for node in self.nodes}

    def walk(self) -> Iterator[Node]:
        """Every node, containers before what they contain."""
        for node in self.nodes:
            yield node
            for plan in node.plans.values():
                yield from plan.walk()

    def leaves(self) -> Iterator[Node]:
        """The nodes that have a column of their own: everything stored but groups and the id; nothing inside rows."""
        for node in self.nodes:
            if node.flat:
                yield from node.plans[""].leaves()
            elif node.stored and not node.is_id:
                yield node

    def references(self) -> list[Node]:
        """The nodes whose values refer to other documents, wherever they are."""
        return [node for node in self.walk() if node.refers is not None]

    def trim(self, part: Mapping[str, Any], wanted: Selection | bool) -> dict[str, Any]:
        """What a selection shows of a document or a part of one; its id is always there, and what says its kind."""
        kept: dict[str, Any] = {}
        for key, item in part.items():
            node = self.by_key.get(key)
            identifies = key == "id" or (node is not None and node.field.identifies)
            chosen = True if identifies else wanted.of(key) if isinstance(wanted, Selection) else wanted
            if chosen is True:
                kept[key] = item
            elif chosen is not False:
                kept[key] = chosen.trim(item) if node is None else node.trim(item, chosen)
        return kept

    def complete(self, row: dict[str, Any]) -> dict[str, Any]:
        """A stored row as it reads today: its id, each declared key, nothing else. Itself, where it is just that."""
        if tuple(row) == self.row and None not in map(row.get, self.filled):
            return row
        whole: dict[str, Any] = {"id": row["id"]} if "id" in row else {}
        for node in self.nodes:
            value = row.get(node.key)
            if value is None:
                value = node.field.empty()
            whole[node.key] = node.complete(value) if node.plans else value
        return {key: value for key, value in whole.items() if not isinstance(value, Absent)}


def build_plan(
    fields: Iterable[Field],
    *,
    parent: Node | None = None,
    path: tuple[str, ...] = (),
    kind: str = "",
    localize: bool = False,
) -> Plan:
    """The plan of a list of fields. `localize` says whether `localized: true` has an effect."""
    nodes = list(_nodes(fields, parent, path, (), (), localize))
    return Plan(tuple(nodes), kind)


def _nodes(
    fields: Iterable[Field],
    parent: Node | None,
    path: tuple[str, ...],
    around: tuple[Field, ...],
    conditions: tuple[Callable[..., Any], ...],
    localize: bool,
) -> Iterator[Node]:
    for declared in fields:
        own = (declared.admin.condition,) if declared.admin.condition is not None else ()
        if not isinstance(declared, DataField):
            yield from _nodes(declared.children, parent, path, (*around, declared), (*conditions, *own), localize)
            continue
        node = Node(declared, declared.name, (*path, declared.name), around, parent, conditions=(*conditions, *own))
        inherited = parent is not None and (parent.localized or _in_localized(parent))
        asked = declared.localized or (parent is not None and parent.by_locale)
        node.localized = localize and asked and not inherited and not node.flat
        node.by_locale = localize and asked and not inherited and node.flat
        if node.contains is not None:
            node.plans = {
                level: build_plan(inner, parent=node, path=_inside(node.path, level), kind=level, localize=localize)
                for level, inner in declared.levels.items()
            }
        yield node


def _in_localized(node: Node | None) -> bool:
    return node is not None and (node.localized or _in_localized(node.parent))


def _inside(path: tuple[str, ...], level: str) -> tuple[str, ...]:
    return (*path, level) if level else path
