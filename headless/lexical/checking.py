"""What is wrong with a rich text: its nodes one by one, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from headless.lexical import nodes
from headless.lexical.features import LISTS, missing
from headless.lexical.links import link_problem
from headless.lexical.nodes import INLINE, Node, Path

MOST_TOLD: Final = 5
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
ALIGNMENTS: Final = ("", "left", "start", "center", "right", "end", "justify")

_ELEMENTS = frozenset({"paragraph", "heading", "quote", "listitem", "list", "link", "autolink"})


def problems(value: Any, enabled: Collection[str] | None, unclean: Callable[[str], str | None]) -> list[str]:
    """What is wrong with a document, each sentence with the path of its node; the first few. `unclean` judges texts.

    Nodes of unknown types are left as they are, unless the features that are `enabled` are named.
    """
    told: list[str] = []
    for count, (path, node) in enumerate(nodes.walk(value)):
        if count >= nodes.MOST_NODES:
            return [*told, f"There are more than {nodes.MOST_NODES:,} nodes."]
        told += [f"{_dotted(path)}: {problem}." for problem in _wrong(path, node, enabled, unclean)]
        if len(told) >= MOST_TOLD:
            return [*told[:MOST_TOLD], "There may be more."]
    return told


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _wrong(
    path: Path, node: Any, enabled: Collection[str] | None, unclean: Callable[[str], str | None]
) -> Iterator[str]:
    if not isinstance(node, Mapping) or not isinstance(node.get("type"), str):
        yield "a node is an object with a type"
        return
    if node.get("children") is not None and not isinstance(node["children"], list | tuple):
        yield "children are a list of nodes"
    elif nodes.depth(path) >= nodes.DEEPEST and node.get("children"):
        yield f"nodes are nested more than {nodes.DEEPEST} deep"
    if nodes.depth(path) == 1 and node["type"] in INLINE:
        yield f"{node['type']} stands in a paragraph, not by itself"
    feature = missing(node, enabled)
    if feature is not None:
        yield f"{feature.replace('_', ' ')} is not enabled for this field"
    if node["type"] in _ELEMENTS:
        yield from _element(node)
    check = _CHECKS.get(node["type"])
    if check is not None:
        yield from check(node)
    if isinstance(text := node.get("text"), str) and unclean(text):
        yield "a text has characters that cannot be stored"


def _element(node: Node) -> Iterator[str]:
    align, indent = node.get("format"), node.get("indent")
    if align is not None and align not in ALIGNMENTS and not _whole(align, 6):
        yield f"format is one of {', '.join(ALIGNMENTS[1:])}"
    if indent is not None and not _whole(indent, 100):
        yield "indent is a number from 0 to 100"


def _text(node: Node) -> Iterator[str]:
    if not isinstance(node.get("text"), str):
        yield "text is a text"
    if node.get("format") is not None and not _whole(node["format"], 2**16):
        yield "format is a number, a bit for each way to format"


def _heading(node: Node) -> Iterator[str]:
    if nodes.kind(node, "tag") not in HEADINGS:
        yield f"tag is one of {', '.join(HEADINGS)}"


def _list(node: Node) -> Iterator[str]:
    if nodes.kind(node, "listType") not in LISTS:
        yield f"listType is one of {', '.join(LISTS)}"
    if any(nodes.kind(child) != "listitem" for child in nodes.children(node)):
        yield "a list holds nodes of the type listitem"


def _link(node: Node) -> Iterator[str]:
    fields = node.get("fields")
    if not isinstance(fields, Mapping):
        yield "a link has fields"
        return
    if fields.get("linkType") == "internal":
        if fields.get("doc") is not None:
            yield from _reference(nodes.reference(node))
    else:
        problem = link_problem(fields.get("url"))
        if problem is not None:
            yield problem


def _reference(part: Node | None) -> Iterator[str]:
    if part is None or not isinstance(part.get("relationTo"), str):
        yield "a reference says its collection in relationTo, and in value the id"


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


_CHECKS: Final[Mapping[str, Callable[[Node], Iterator[str]]]] = MappingProxyType(
    {
        "text": _text,
        "tab": _text,
        "heading": _heading,
        "list": _list,
        "link": _link,
        "autolink": _link,
        "upload": _reference,
        "relationship": _reference,
    }
)
