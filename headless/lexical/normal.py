"""The normal form of a rich text: two documents of the same one say the same thing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from headless.lexical import nodes
from headless.lexical.nodes import LINKS, Node
from headless.lexical.shapes import is_nest, written

_BOOKKEEPING: Final = frozenset({"version", "direction", "detail", "mode", "style", "textFormat", "textStyle", "id"})
"""What an editor notes for itself."""
_OF_LISTS: Final = frozenset({"tag", "value", "indent"})
"""What follows from where an item stands."""
_USUAL: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("format", ("", 0)), ("indent", (0,)), ("start", (1,)), ("checked", (False,)), ("fields", ({},)),
)  # fmt: skip
"""Values that say what goes without saying."""


def normal(value: Any) -> list[dict[str, Any]]:
    """The nodes under the root in their normal form.

    Left out are what an editor notes for itself, the ids of links, the numbers of items, and attributes that say what
    goes without saying. Texts of one format are one; an autolink is a link; a format of tabs does not count.
    """
    return [normal_node(node) for node in nodes.trimmed(value)]


def normal_node(node: Node) -> dict[str, Any]:
    """The normal form of one node."""
    kept = {key: item for key, item in node.items() if key not in _BOOKKEEPING and key != "children"}
    type_ = kept["type"] = "link" if nodes.kind(node) in LINKS else nodes.kind(node)
    if type_ in ("list", "listitem"):
        kept = {key: item for key, item in kept.items() if key not in _OF_LISTS}
    if type_ == "tab":
        kept = {"type": "tab"}
    if type_ == "link":
        kept["fields"] = _fields(node.get("fields"))
    for key, usual in (
        ("format", ("", 0)),
        ("indent", (0,)),
        ("start", (1,)),
        ("checked", (False,)),
        ("fields", ({},)),
    ):
        if kept.get(key) in (None, *usual):
            kept.pop(key, None)
    inside = nodes.children(node)
    if inside:
        kept["children"] = list(_joined(_items(inside) if type_ == "list" else inside))
    return kept


def _fields(given: Any) -> dict[str, Any]:
    fields = {key: item for key, item in given.items() if item is not None} if isinstance(given, Mapping) else {}
    if not fields.get("newTab"):
        fields.pop("newTab", None)
    if fields.get("linkType") == "internal":
        fields.pop("url", None)
    else:
        fields.pop("linkType", None)
        fields.pop("doc", None)
    return fields


def _items(items: Iterable[Node]) -> Iterator[Node]:
    """The items of a list; neighbours that only hold lists are one."""
    held: list[Any] = []
    for item in items:
        if is_nest(item):
            held += nodes.children(item)
            continue
        if held:
            yield {"type": "listitem", "children": held}
            held = []
        yield item
    if held:
        yield {"type": "listitem", "children": held}


def _joined(inside: Iterable[Node]) -> Iterator[dict[str, Any]]:
    """The children, texts of the same kind together and divided where a tab or a line end is in them."""
    before: dict[str, Any] | None = None
    for node in inside:
        made = normal_node(node)
        if before is not None and made["type"] == before["type"] == "text" and _same(made, before):
            before["text"] = f"{before.get('text', '')}{made.get('text', '')}"
            continue
        if before is not None:
            yield from _divided(before)
        before = made
    if before is not None:
        yield from _divided(before)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {**one, "text": ""} == {**other, "text": ""}


def _divided(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node["type"] != "text" or not isinstance(node.get("text"), str):
        yield node
        return
    for part in written(node["text"]):
        yield {**node, "text": part["text"]} if part["type"] == "text" else {"type": part["type"]}


def keeping(stored: Any, made: Any) -> Any:
    """The made document with those blocks of the stored one that say the same, in whatever order they are now."""
    if not nodes.is_document(stored):
        return made
    known: dict[str, list[Node]] = {}
    for node in nodes.top(stored):
        known.setdefault(_key(node), []).append(node)
    children = [known[key].pop(0) if known.get(key := _key(node)) else node for node in nodes.top(made)]
    return {**stored, "root": {**stored["root"], "children": children}}


def _key(node: Node) -> str:
    return json.dumps(normal_node(node), sort_keys=True, default=str)
