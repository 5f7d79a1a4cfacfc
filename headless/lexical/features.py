"""What an editor can be allowed to do, by the names of Payload's features, and the nodes that each one makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from headless.lexical import nodes
from headless.lexical.nodes import Node

FORMATS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "bold": nodes.BOLD,
        "italic": nodes.ITALIC,
        "strikethrough": nodes.STRIKETHROUGH,
        "underline": nodes.UNDERLINE,
        "inline_code": nodes.CODE,
        "subscript": nodes.SUBSCRIPT,
        "superscript": nodes.SUPERSCRIPT,
    }
)
"""The features that format text, with their bits."""
LISTS: Final[Mapping[str, str]] = MappingProxyType(
    {"bullet": "unordered_list", "number": "ordered_list", "check": "checklist"}
)
"""The features that make lists, by the lists' types."""
TYPES: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "paragraph": None,
        "text": None,
        "linebreak": None,
        "tab": None,
        "list": None,
        "listitem": None,
        "heading": "heading",
        "quote": "blockquote",
        "link": "link",
        "autolink": "link",
        "upload": "upload",
        "relationship": "relationship",
        "horizontalrule": "horizontal_rule",
    }
)
"""The known types of nodes with the feature that makes them; None where every editor has them."""
NAMES: Final = (
    "paragraph", "heading", *FORMATS, "align", "indent", *LISTS.values(), "link", "blockquote", "upload",
    "relationship", "horizontal_rule",
)  # fmt: skip
"""Every feature, all of which Payload's own editor has."""


def missing(node: Node, enabled: Iterable[str] | None) -> str | None:
    """The feature, or the type of node, that a node needs and that is not among those enabled; None when none is.

    With `enabled` None nodes of unknown types are fine: somebody's editor made them.
    """
    if enabled is None:
        return None
    needed = [*_needed(node)]
    return next((name for name in needed if name not in enabled), None)


def _needed(node: Node) -> Iterable[str]:
    type_ = nodes.kind(node)
    feature = TYPES.get(type_, type_)
    if feature is not None:
        yield feature
    if type_ == "list" and nodes.kind(node, "listType") in LISTS:
        yield LISTS[node["listType"]]
    if type_ == "text" and isinstance(node.get("format"), int):
        yield from (name for name, bit in FORMATS.items() if node["format"] & bit)
    if type_ in ("paragraph", "heading", "quote"):
        yield from (name for name, key in (("align", "format"), ("indent", "indent")) if node.get(key))
