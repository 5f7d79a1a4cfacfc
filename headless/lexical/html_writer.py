"""To HTML: safe to put into a page, whatever is in the document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

import orjson

from headless.lexical import nodes
from headless.lexical.blocks import BLOCK, INLINE_BLOCK, KIND, NONE, Blocks, fields_of, kind_of, written_by
from headless.lexical.checking import ALIGNMENTS
from headless.lexical.links import link_problem
from headless.lexical.nodes import LINKS, Node
from headless.lexical.shapes import is_nest

Address = Callable[[str, Any], str | None]
"""The address of a document, by its collection and what stands for it: its id, or itself where it is populated."""
Render = Mapping[str, Callable[[Node, str], str]]
"""How nodes of some types are written, by their type: given the node and the HTML of what is in it."""

TAGS: Final[tuple[tuple[int, str], ...]] = (
    (nodes.BOLD, "strong"), (nodes.ITALIC, "em"), (nodes.UNDERLINE, "u"), (nodes.STRIKETHROUGH, "s"),
    (nodes.SUBSCRIPT, "sub"), (nodes.SUPERSCRIPT, "sup"), (nodes.HIGHLIGHT, "mark"), (nodes.CODE, "code"),
)  # fmt: skip
STEP: Final = 40
"""How many pixels a level of indentation is."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_COLLAPSES = re.compile(r"[ \t\n\r\f]{2,}|[\t\n\r\f]", re.ASCII)


def to_html(
    value: Any,
    *,
    address: Address | None = None,
    render: Render | None = None,
    blocks: Blocks = NONE,
    classes: bool = False,
) -> str:
    """The HTML of a rich text; empty for what is none.

    `address(collection, value)` gives internal links and relationships theirs. `render` writes nodes of some types in a
    way of your own, `blocks` blocks of some kinds, by slug, given their fields: what they answer goes into the page as
    it is, so escape what you put in. Other blocks are empty elements with their fields in `data-fields`, as JSON. With
    `classes` there are classes (`align-center`, `indent-1`, `spaces`) in the place of styles, for pages whose policy
    forbids styles in the text.
    """
    writer = _Writer(address or (lambda slug, document: None), render or {}, blocks, classes)
    return "".join(writer.block(node, 0) for node in nodes.top(value))


class _Writer:
    def __init__(self, address: Address, render: Render, blocks: Blocks, classes: bool) -> None:
        self._address = address
        self._render = render
        self._blocks = blocks
        self._classes = classes

    def block(self, node: Node, level: int) -> str:
        type_ = nodes.kind(node)
        if type_ in self._render:
            return self._render[type_](node, self._children(node, level))
        write = _BLOCKS.get(type_)
        return self._children(node, level) if write is None else write(self, node, level)

    def _children(self, node: Node, level: int) -> str:
        """What is in a node of any type: blocks, or a line."""
        inside = nodes.children(node)
        if level >= nodes.DEEPEST:
            return ""
        if all(nodes.kind(child) not in _BLOCKS for child in inside):
            return self.line(inside, level)
        return "".join(self.block(child, level + 1) for child in inside)

    def paragraph(self, node: Node, level: int) -> str:
        return f"<p{self._place(node)}>{self._children(node, level) or '<br>'}</p>"

    def heading(self, node: Node, level: int) -> str:
        tag = nodes.kind(node, "tag") if nodes.kind(node, "tag") in _HEADINGS else "h2"
        return f"<{tag}{self._place(node)}>{self._children(node, level)}</{tag}>"

    def quote(self, node: Node, level: int) -> str:
        return f"<blockquote{self._place(node)}>{self._children(node, level)}</blockquote>"

    def rule(self, node: Node, level: int) -> str:
        return "<hr>"

    def list(self, node: Node, level: int) -> str:
        if level >= nodes.DEEPEST:
            return ""
        tag = "ol" if nodes.kind(node, "listType") == "number" else "ul"
        start = node.get("start")
        begins = f' start="{start}"' if tag == "ol" and isinstance(start, int) and start != 1 else ""
        return f"<{tag}{begins}>{''.join(self._items(node, level))}</{tag}>"

    def _items(self, node: Node, level: int) -> Iterator[str]:
        """The items, with the lists below each inside of it."""
        open_ = ""
        for item in nodes.children(node):
            if is_nest(item):
                lists = "".join(self.list(each, level + 1) for each in nodes.children(item))
                yield f"{lists}</li>" if open_ else f'<li class="nest">{lists}</li>'
                open_ = ""
                continue
            if open_:
                yield open_
            done = " checked" if item.get("checked") else ""
            box = (
                f'<input type="checkbox" disabled aria-label="Done"{done}>'
                if nodes.kind(node, "listType") == "check"
                else ""
            )
            yield f"<li>{box}{self._children(item, level)}"
            open_ = "</li>"
        yield open_

    def upload(self, node: Node, level: int) -> str:
        value = node.get("value")
        inside = self._file(value, node.get("fields")) if isinstance(value, Mapping) else ""
        return f"<figure{_reference('upload', node)}>{inside}</figure>"

    def _file(self, value: Mapping[str, Any], fields: Any) -> str:
        if link_problem(value.get("url")):
            return ""
        url = str(value["url"])
        alt = (fields.get("alt") if isinstance(fields, Mapping) else None) or value.get("alt")
        if not str(value.get("mimeType", "")).startswith("image/"):
            return f'<a href="{escape(url)}">{escape(str(value.get("filename") or url))}</a>'
        size = "".join(f' {key}="{value[key]}"' for key in ("width", "height") if isinstance(value.get(key), int))
        return f'<img src="{escape(url)}" alt="{escape(str(alt or ""))}"{size}>'

    def relationship(self, node: Node, level: int) -> str:
        url = self._address(str(node.get("relationTo")), node.get("value"))
        inside = f'<a href="{escape(url)}">{escape(url)}</a>' if url and not link_problem(url) else ""
        return f"<div{_reference('relationship', node)}>{inside}</div>"

    def own_block(self, node: Node, level: int) -> str:
        written = written_by(self._blocks, node)
        return f"<div{_fields(node, 'block')}></div>" if written is None else written

    def _inline_block(self, node: Node) -> str:
        written = written_by(self._blocks, node)
        return f"<span{_fields(node, 'inline-block')}></span>" if written is None else written

    def _place(self, node: Node) -> str:
        """How a block is aligned and indented, as an attribute."""
        align, indent = node.get("format"), node.get("indent")
        named = isinstance(align, str) and align in ALIGNMENTS[1:]
        steps = indent if isinstance(indent, int) and 0 < indent <= 100 else 0
        if self._classes:
            parts = [*([f"align-{align}"] if named else []), *([f"indent-{int(steps)}"] if steps else [])]
            return f' class="{" ".join(parts)}"' if parts else ""
        parts = [f"text-align:{align}"] if named else []
        parts += [f"padding-inline-start:{steps * STEP}px"] if steps else []
        return f' style="{";".join(parts)}"' if parts else ""

    def _text(self, node: Node, is_kept: bool) -> str:
        words = escape(str(node.get("text", "")), quote=False)
        if is_kept:
            said = 'class="spaces"' if self._classes else 'style="white-space:pre-wrap"'
            words = f"<span {said}>{words}</span>"
        format = node.get("format")
        for bit, tag in reversed(TAGS):
            if isinstance(format, int) and format & bit:
                words = f"<{tag}>{words}</{tag}>"
        return words

    def line(self, inside: Iterable[Node], level: int) -> str:
        inside = list(inside)
        kept = _kept(inside)
        written = "".join(self._piece(node, level, kept) for node in inside)
        # A last line break is not seen in HTML, one more is.
        return f"{written}<br>" if _ends_in_break(inside, 0) else written

    def _piece(self, node: Node, level: int, kept: set[int]) -> str:
        type_ = nodes.kind(node)
        if type_ in self._render:
            return self._render[type_](node, self._children(node, level))
        if type_ == "linebreak":
            return "<br>"
        if type_ in ("text", "tab"):
            return self._text(node, id(node) in kept)
        if type_ == INLINE_BLOCK:
            return self._inline_block(node)
        written = (
            ""
            if level >= nodes.DEEPEST
            else "".join(self._piece(child, level + 1, kept) for child in nodes.children(node))
        )
        return self._link(node, written) if type_ in LINKS else written

    def _link(self, node: Node, inside: str) -> str:
        given = node.get("fields")
        fields: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        part = nodes.reference(node)
        new_tab = ' target="_blank" rel="noopener noreferrer"' if fields.get("newTab") else ""
        if fields.get("linkType") != "internal":
            url = fields.get("url")
            return inside if link_problem(url) else f'<a href="{escape(str(url))}"{new_tab}>{inside}</a>'
        if part is None or part.get("value") is None:
            return inside
        url = self._address(str(part.get("relationTo")), part["value"])
        leads = "" if link_problem(url) else f' href="{escape(str(url))}"'
        return f"<a{leads}{_reference('collection', part)}{new_tab}>{inside}</a>"


_BLOCKS: Final[Mapping[str, Callable[[_Writer, Node, int], str]]] = {
    "paragraph": _Writer.paragraph, "heading": _Writer.heading, "quote": _Writer.quote, "list": _Writer.list,
    "horizontalrule": _Writer.rule, "upload": _Writer.upload, "relationship": _Writer.relationship,
    BLOCK: _Writer.own_block,
}  # fmt: skip


def _ends_in_break(inside: list[Node], level: int) -> bool:
    last = inside[-1] if inside else {}
    if nodes.kind(last) in LINKS and level < nodes.DEEPEST:
        return _ends_in_break(nodes.children(last), level + 1)
    return nodes.kind(last) == "linebreak"


def _reference(kind: str, part: Node) -> str:
    """The attributes that say which document is meant."""
    value = part.get("value")
    id = value.get("id") if isinstance(value, Mapping) else value
    named = "" if id is None else f' data-id="{escape(str(id))}"'
    return f' data-{kind}="{escape(str(part.get("relationTo")))}"{named}'


def _fields(node: Node, name: str) -> str:
    """The attributes that say what a block is and what is in it."""
    inside = {key: value for key, value in (fields_of(node) or {}).items() if key != KIND}
    try:
        written = orjson.dumps(inside).decode()
    except orjson.JSONEncodeError:
        written = "{}"
    return f' data-{name}="{escape(kind_of(node))}" data-fields="{escape(written)}"'


def _kept(inside: Iterable[Node]) -> set[int]:
    """The texts, by identity, of which a browser would leave out spaces, unless it is told to keep them."""
    kept: set[int] = set()
    leaves: list[Node | None] = [None, *_leaves(inside, 0), None]
    for before, node, after in zip(leaves, leaves[1:], leaves[2:], strict=False):
        words = _words(node)
        if not words:
            continue
        edges = (words[0] == " " and _ends(before)) or (words[-1] == " " and not _words(after))
        if edges or _COLLAPSES.search(words):
            kept.add(id(node))
    return kept


_SOMETHING: Final[Node] = {"text": "\ufffc"}
"""Stands for what is seen in a line without being a text, so that a space beside it is seen too."""


def _leaves(inside: Iterable[Node], level: int) -> Iterator[Node | None]:
    for node in inside:
        if nodes.kind(node) in ("text", "tab"):
            if _words(node):
                yield node
        elif nodes.kind(node) in LINKS and level < nodes.DEEPEST:
            yield from _leaves(nodes.children(node), level + 1)
        else:
            yield _SOMETHING if nodes.kind(node) == INLINE_BLOCK else None


def _words(node: Node | None) -> str:
    return str(node.get("text", "")) if node is not None else ""


def _ends(before: Node | None) -> bool:
    """Whether a space after it would be left out."""
    words = _words(before)
    return not words or words[-1] in " \t\n\r\f"
