"""Which index a query lacks: the one proposal that `headless explain` and `headless dev` make."""

from __future__ import annotations

from collections.abc import Iterator

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.query.conditions import AllOf, AnyOf, Comparison, Condition
from headless.query.sorting import Sort

RANGES = frozenset({"in", "greater_than", "greater_than_equal", "less_than", "less_than_equal"})
"""The operators that an index finds places for, without keeping what is found in the order of a sort.

SQLite takes such an index for what is not sorted, as a count; a sorted page it finds in the order of the sort.
"""


def lacking_indexes(collection: CompiledCollection, where: Condition, sort: Sort | None) -> list[tuple[str, ...]]:
    """The fields of each index that would help to find and to sort and is not there, by their dotted paths.

    Equalities come first in an index and the sort's key last: so SQLite finds the documents and has them in order.
    """
    equal, ranges = _compared(collection, where)
    key = _sort_node(collection, sort)
    if any(node.is_id or node.field.unique for node in equal):
        return []
    wanted = [[*equal, *([key] if key is not None and key not in equal else [])]]
    others = [] if equal else ranges
    wanted += [[node] for node in (*others, *_alternatives(collection, where)) if sort is None]
    lacking = [nodes for nodes in wanted if any(not leads(collection, node) for node in nodes)]
    return list(
        dict.fromkeys(tuple(node.dotted for node in nodes) for nodes in lacking if not _served(collection, nodes))
    )


def leads(collection: CompiledCollection, node: Node) -> bool:
    """Whether an index begins with the field's column."""
    return _served(collection, [node])


def _served(collection: CompiledCollection, nodes: list[Node]) -> bool:
    """Whether an index begins with these columns, the last one last."""
    columns = [str(node.column) for node in nodes]
    for index in collection.table.indexes:
        first = [column.name for column in index.columns][: len(columns)]
        if first[-1:] == columns[-1:] and set(first) == set(columns):
            return True
    return False


def _compared(collection: CompiledCollection, where: Condition) -> tuple[list[Node], list[Node]]:
    """The fields that must equal a value, and those that must lie among some, of every document that is found."""
    equal: dict[str, Node] = {}
    ranges: dict[str, Node] = {}
    for part in _parts(where):
        if isinstance(part, Comparison) and _indexable(collection, part):
            (equal if part.operator.name == "equals" else ranges)[part.node.dotted] = part.node
    return list(equal.values()), list(ranges.values())


def _parts(where: Condition) -> Iterator[Condition]:
    """The conditions that must all hold."""
    if isinstance(where, AllOf):
        for part in where.parts:
            yield from _parts(part)
    else:
        yield where


def _alternatives(collection: CompiledCollection, where: Condition) -> Iterator[Node]:
    """A field of each branch of an `or`, when every branch has one: SQLite follows as many indexes, or none."""
    for part in _parts(where):
        if isinstance(part, AnyOf):
            branches = [[node for nodes in _compared(collection, branch) for node in nodes] for branch in part.parts]
            if all(branches):
                yield from (nodes[0] for nodes in branches if not any(_is_found(collection, node) for node in nodes))


def _is_found(collection: CompiledCollection, node: Node) -> bool:
    return node.is_id or leads(collection, node)


def _indexable(collection: CompiledCollection, part: Comparison) -> bool:
    usual = part.operator.name == "equals" or part.operator.name in RANGES
    return usual and not part.keys and part.target is None and (part.node.is_id or _has_column(collection, part.node))


def _has_column(collection: CompiledCollection, node: Node) -> bool:
    """Whether it is one value in a column of its own, as an index can hold."""
    field = node.field
    single = not field.is_json and not field.has_list and not node.localized and node.rows is None
    return single and node.column is not None and node.column in collection.table.c


def _sort_node(collection: CompiledCollection, sort: Sort | None) -> Node | None:
    """The first key's field, where an index can keep its order: what follows it is only the id."""
    if sort is None or sort.by is not None or len(sort.keys) != 1:
        return None
    key = sort.keys[0]
    return key.node if not key.through and not key.node.is_id and _has_column(collection, key.node) else None
