"""The nodes of a rich text: walking over them, and the documents that they refer to.

A rich text is `{"root": {"type": "root", "children": [node, …]}}`. Whatever is not of that shape has no nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Node = Mapping[str, Any]
Path = tuple[str | int, ...]

DEEPEST: Final = 40
"""Nodes are nested at most so deep; what lies deeper is not looked at."""
MOST_NODES: Final = 20_000

BOLD, ITALIC, STRIKETHROUGH, UNDERLINE, CODE, SUBSCRIPT, SUPERSCRIPT, HIGHLIGHT = (1 << bit for bit in range(8))
"""The bits of a text's `format`."""

LINKS: Final = frozenset({"link", "autolink"})
INLINE: Final = frozenset({"text", "linebreak", "tab", "inlineBlock", *LINKS})
"""The types of nodes that stand in a line."""


def is_document(value: Any) -> bool:
    """Whether the value has the shape of a rich text."""
    root = value.get("root") if isinstance(value, Mapping) else None
    return isinstance(root, Mapping) and isinstance(root.get("children"), list | tuple)


def top(value: Any) -> list[Node]:
    """The nodes directly under the root."""
    return children(value["root"]) if is_document(value) else []


def kind(node: Node, key: str = "type") -> str:
    """The type of a node, or another word that it is told apart by; empty where it is no word."""
    found = node.get(key)
    return found if isinstance(found, str) else ""


def children(node: Node) -> list[Node]:
    """The nodes directly inside one."""
    inside = node.get("children")
    return [child for child in inside if isinstance(child, Mapping)] if isinstance(inside, list | tuple) else []


def trimmed(value: Any) -> list[Node]:
    """The nodes under the root, without what lies deeper than any document that is written may be."""
    return [_trimmed(node, 1) for node in top(value)]


def _trimmed(node: Node, level: int) -> Node:
    inside = children(node)
    if not inside:
        return node
    return {**node, "children": [_trimmed(child, level + 1) for child in inside] if level < DEEPEST else []}


def walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Every node below the root with its path, in the order of the document; what is no node as it is."""
    if not is_document(value):
        return
    stack: list[tuple[Path, Any]] = _inside(("root",), value["root"])
    while stack:
        path, node = stack.pop()
        yield path, node
        if isinstance(node, Mapping) and depth(path) < DEEPEST:
            stack += _inside(path, node)


def depth(path: Path) -> int:
    """How many nodes lead to the one at a path: 1 for those directly under the root."""
    return len(path) // 2


def _inside(path: Path, node: Node) -> list[tuple[Path, Any]]:
    inside = node.get("children")
    if not isinstance(inside, list | tuple):
        return []
    return [((*path, "children", place), child) for place, child in reversed(list(enumerate(inside)))]


def reference(node: Any) -> Node | None:
    """The part of a node that refers to a document, by `relationTo` and `value`; None when there is none."""
    if not isinstance(node, Mapping):
        return None
    if kind(node) in ("relationship", "upload"):
        return node
    if kind(node) in LINKS and isinstance(fields := node.get("fields"), Mapping):
        document = fields.get("doc")
        return document if isinstance(document, Mapping) else None
    return None


def references(value: Any) -> list[tuple[Any, Any]]:
    """(collection, id) of each document that a rich text refers to; those whose target is gone are left out."""
    found = (reference(node) for _, node in walk(value))
    return [
        (part.get("relationTo"), part["value"]) for part in found if part is not None and part.get("value") is not None
    ]


def linked_to(value: Any) -> Iterator[tuple[Path, str]]:
    """The collection of each document that a link leads to, with the path of the link."""
    for path, node in walk(value):
        if not isinstance(node, Mapping) or kind(node) not in LINKS or (part := reference(node)) is None:
            continue
        if node["fields"].get("linkType") == "internal":
            yield path, kind(part, "relationTo")


def with_references(value: Any, change: Callable[[Any, Any], Any]) -> Any:
    """The rich text with each reference's value replaced by what `change(collection, value)` answers.

    None takes the reference out: the node stays, with null in the place of what it referred to.
    """
    if not is_document(value):
        return value
    root = _changed(value["root"], change, 0)
    return value if root is value["root"] else {**value, "root": root}


def _changed(node: Any, change: Callable[[Any, Any], Any], level: int) -> Any:
    """The node, or a copy when something in it changed."""
    if not isinstance(node, Mapping):
        return node
    part = reference(node)
    if part is not None and part.get("value") is not None:
        new = change(part.get("relationTo"), part["value"])
        if new is not part["value"]:
            node = _referring(node, part, new)
    inside = node.get("children")
    if level >= DEEPEST or not isinstance(inside, list | tuple):
        return node
    made = [_changed(child, change, level + 1) for child in inside]
    same = all(new is old for new, old in zip(made, inside, strict=True))
    return node if same else {**node, "children": made}


def _referring(node: Node, part: Node, value: Any) -> Node:
    if part is node:
        return {**node, "value": value}
    return {**node, "fields": {**node["fields"], "doc": None if value is None else {**part, "value": value}}}
