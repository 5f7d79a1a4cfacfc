"""The text of a rich text: whether there is any, and what a search looks into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from headless.lexical import nodes
from headless.lexical.blocks import FIELDS, INLINE_BLOCK, NONE, TYPES, Blocks, written_by
from headless.lexical.nodes import INLINE, Node

JOINED: Final = ("text", "link", "autolink")
"""Types of nodes within which a word goes on; a node of any other type begins a new one."""


def is_empty(value: Any) -> bool:
    """Whether a rich text has nothing in it, as Payload sees it: no node at all, or one paragraph without text."""
    top = nodes.top(value)
    if len(top) != 1 or nodes.kind(top[0]) != "paragraph":
        return not top
    inside = nodes.children(top[0])
    return not inside or (len(inside) == 1 and nodes.kind(inside[0]) == "text" and not inside[0].get("text"))


def written(value: Any) -> str | None:
    """Every text in the value, in its order, with a line end where a word cannot go on; None when there is none.

    It is the same as what SQL makes of the stored JSON: keys called `text` and `type` wherever they are, but not under
    `fields`, where blocks have values that not everybody may know.
    """
    parts = list(_parts(value))
    return "".join(parts) if parts else None


def _parts(value: Any) -> Iterator[str]:
    stack: list[tuple[Any, Any]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, Mapping):
            stack += reversed([pair for pair in item.items() if pair[0] != FIELDS])
        elif isinstance(item, list | tuple):
            stack += [("", inner) for inner in reversed(list(item))]
        elif isinstance(item, str):
            if key == "text":
                yield item
            elif key == "type" and item not in JOINED:
                yield "\n"


def to_text(value: Any, *, blocks: Blocks = NONE) -> str:
    """The plain text of a rich text: a line for each block and each item, and an empty line between blocks.

    `blocks` says what blocks of some kinds are, by their slugs, given the fields. Others have no text.
    """
    found = ("\n".join(_lines(node, 0, blocks)) for node in nodes.top(value))
    return "\n\n".join(lines for lines in found if lines.strip())


def _lines(node: Node, level: int, blocks: Blocks) -> list[str]:
    """The text of a block, in its lines."""
    inside = nodes.children(node)
    if (own := written_by(blocks, node) if nodes.kind(node) in TYPES else None) is not None:
        return own.split("\n")
    if level >= nodes.DEEPEST or all(nodes.kind(child) in INLINE or "text" in child for child in inside):
        return "".join(_line(inside, level, blocks)).split("\n") if inside else []
    return [line for child in inside for line in _lines(child, level + 1, blocks)]


def _line(inside: list[Node], level: int, blocks: Blocks) -> Iterator[str]:
    for node in inside:
        if nodes.kind(node) == "linebreak":
            yield "\n"
        elif nodes.kind(node) == INLINE_BLOCK:
            yield written_by(blocks, node) or ""
        elif isinstance(words := node.get("text"), str):
            yield words
        elif level < nodes.DEEPEST:
            yield from _line(nodes.children(node), level + 1, blocks)
