"""Blocks in a rich text: nodes that hold fields of their own, by themselves or in a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from headless.lexical import nodes
from headless.lexical.nodes import Node, Path

BLOCK: Final = "block"
INLINE_BLOCK: Final = "inlineBlock"
TYPES: Final = (BLOCK, INLINE_BLOCK)
"""The types of their nodes: `{"type": "block", "fields": {"id", "blockType", "blockName", …}}`."""
FIELDS: Final = "fields"
KIND: Final = "blockType"

Blocks = Mapping[str, Callable[[Mapping[str, Any]], str]]
"""How blocks of some kinds are written, by slug: given the values of the block's fields."""
NONE: Final[Blocks] = MappingProxyType({})


def blocks(value: Any) -> list[tuple[Path, Node]]:
    """The nodes that are blocks, of either type, with their paths."""
    return [(path, node) for path, node in nodes.walk(value) if isinstance(node, Mapping) and nodes.kind(node) in TYPES]


def fields_of(node: Node) -> dict[str, Any] | None:
    """The values of a block's fields; None for one that has none."""
    fields = node.get(FIELDS)
    return fields if isinstance(fields, dict) else None


def kind_of(node: Node) -> str:
    """The slug of a block; empty for one that does not say it."""
    return nodes.kind(fields_of(node) or {}, KIND)


def written_by(converters: Blocks, node: Node) -> str | None:
    """What the converter of its kind makes of a block; None where there is none."""
    convert, fields = converters.get(kind_of(node)), fields_of(node)
    return None if convert is None or fields is None else convert(fields)


def with_fields(value: Any, made: Mapping[Path, Mapping[str, Any] | None]) -> Any:
    """The rich text with other fields of the blocks at some paths; without those whose fields are None."""
    if not made:
        return value
    root = _rebuilt(value["root"], ("root",), made, {path[:end] for path in made for end in range(1, len(path), 2)})
    return {**value, "root": root}


def _rebuilt(node: Node, path: Path, made: Mapping[Path, Mapping[str, Any] | None], above: set[Path]) -> Node:
    """The node with what is made below it; `above` are the paths of the nodes that have something below them."""
    if path in made:
        node = {**node, FIELDS: made[path]}
    if path not in above:
        return node
    children = []
    for place, child in enumerate(node["children"]):
        below = (*path, "children", place)
        if made.get(below, child) is not None:
            children.append(_rebuilt(child, below, made, above) if below in made or below in above else child)
    return {**node, "children": children}
