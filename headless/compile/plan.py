"""The plan of a collection's fields: each data field in its place, with what walking to it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headless.fields.base import Absent, Containing, DataField, Field, Referring


@dataclass(slots=True, eq=False)
class Node:
    """A data field in its place. `path` holds the names from the document down; rows add none."""

    field: DataField
    key: str
    path: tuple[str, ...]
    around: tuple[Field, ...]
    parent: Node | None
    managed: bool = False
    """Written by the platform only: what a request says is ignored."""
    unlogged: bool = False
    """Left out of the change log, and of queries: log-in state."""
    plan: Plan | None = None
    column: str | None = None
    localized: bool = False
    by_locale: bool = False
    """A localized group: it has no column, so each of its leaves is kept by locale."""
    conditions: tuple[Callable[..., Any], ...] = ()
    refers: Any = None
    """The field, where its value refers to documents (`Referring`); else None."""
    contains: Any = None
    """The field, where its value is made of other fields' (`Containing`); else None."""
    plain: bool = False
    """Whether anyone may name it in a query, and its value is one scalar of the document itself."""

    def __post_init__(self) -> None:
        self.refers = self.field if isinstance(self.field, Referring) else None
        self.contains = self.field if isinstance(self.field, Containing) else None
        guarded = self.field.hidden or "read" in self.field.access or self.unlogged
        single = self.refers is None and self.contains is None and not self.field.has_list
        self.plain = self.parent is None and single and not guarded

    @property
    def dotted(self) -> str:
        """The path as queries and errors write it."""
        return ".".join(self.path)

    @property
    def rows(self) -> Node | None:
        """The nearest array this node lives in."""
        node = self.parent
        while node is not None and node.flat:
            node = node.parent
        return node

    @property
    def flat(self) -> bool:
        """Whether this is a container whose children have columns of their own."""
        return self.contains is not None and self.contains.flat

    @property
    def chain(self) -> tuple[Node, ...]:
        """The nodes from the document down to this one."""
        return (*self.parent.chain, self) if self.parent is not None else (self,)

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
    by_key: Mapping[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_key = {node.key: node for node in self.nodes}

    def walk(self) -> Iterator[Node]:
        """Every node, containers before what they contain."""
        for node in self.nodes:
            yield node
            if node.plan is not None:
                yield from node.plan.walk()

    def leaves(self) -> Iterator[Node]:
        """The nodes that have a column: everything but groups, and nothing inside rows."""
        for node in self.nodes:
            if node.flat and node.plan is not None:
                yield from node.plan.leaves()
            else:
                yield node

    def references(self) -> list[Node]:
        """The nodes whose values refer to other documents, wherever they are."""
        return [node for node in self.walk() if node.refers is not None]

    def complete(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A stored row as it reads today: its id, each declared key, nothing else."""
        whole: dict[str, Any] = {"id": row["id"]} if "id" in row else {}
        for node in self.nodes:
            value = row.get(node.key)
            if value is None:
                value = node.field.empty()
            if node.plan is not None and value:
                parts = [node.plan.complete(part) for part in node.contains.parts(value)]
                value = parts[0] if node.flat else parts
            elif node.flat and node.plan is not None:
                value = node.plan.complete({})
            whole[node.key] = value
        return {key: value for key, value in whole.items() if not isinstance(value, Absent)}


def build_plan(
    fields: Iterable[Field],
    *,
    parent: Node | None = None,
    path: tuple[str, ...] = (),
    localize: bool = False,
) -> Plan:
    """The plan of a list of fields. `localize` says whether `localized: true` has an effect."""
    nodes = list(_nodes(fields, parent, path, (), (), localize))
    return Plan(tuple(nodes))


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
            node.plan = build_plan(declared.children, parent=node, path=node.path, localize=localize)
        yield node


def _in_localized(node: Node | None) -> bool:
    return node is not None and (node.localized or _in_localized(node.parent))
