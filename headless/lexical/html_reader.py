"""From HTML: what a rich text can say of it. Programs, styles and unknown elements do not come through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

import nh3
import orjson

from headless.lexical import nodes, shapes
from headless.lexical.checking import ALIGNMENTS
from headless.lexical.html_writer import STEP, TAGS
from headless.lexical.links import SCHEMES, link_problem
from headless.lexical.shapes import Made

DEEPEST: Final = 100
"""Elements are nested so deep at most; what is in deeper ones counts as in the last."""

_VOID = frozenset({"br", "hr", "img", "input", "wbr"})
_UNSEEN = frozenset(
    {
        "script", "style", "template", "title", "iframe", "object", "svg", "math", "select", "textarea", "noscript",
    }
)  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset(
    {
        "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "address", "blockquote", "ul",
        "ol", "li", "dl", "dt", "dd", "hr", "pre", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption",
        "figure", "figcaption", "form", "fieldset", "details", "summary", "body", "html", *_HEADINGS,
    }
)  # fmt: skip
_FORMATS: Final[Mapping[str, int]] = {
    **{tag: bit for bit, tag in TAGS}, "b": nodes.BOLD, "i": nodes.ITALIC, "del": nodes.STRIKETHROUGH,
    "strike": nodes.STRIKETHROUGH, "ins": nodes.UNDERLINE, "kbd": nodes.CODE, "samp": nodes.CODE, "tt": nodes.CODE,
}  # fmt: skip
_KNOWN: Final = (
    _BLOCKS | _FORMATS.keys() | {"a", "span", "label", "br", "img", "input", "font", "small", "abbr", "cite"}
)
_ATTRIBUTES: Final = {
    "*": {"style", "align", "class", "data-upload", "data-relationship", "data-id", "data-block", "data-fields"},
    "span": {"data-inline-block"},
    "a": {"href", "target", "data-collection"},
    "img": {"src", "alt"},
    "input": {"type", "checked"},
    "ol": {"start"},
}
_SPACE = re.compile(r"[ \t\n\r\f]+")


@dataclass(slots=True)
class Element:
    """An element, with elements and texts in it."""

    tag: str
    attributes: Mapping[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def style(self) -> Mapping[str, str]:
        """What its style says, by property."""
        pairs = (part.partition(":") for part in self.attributes.get("style", "").lower().split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs}


class _Tree(HTMLParser):
    """Makes a tree of elements of what the cleaner has written, in which every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("body", {})
        self._open = [self.root]
        self._deeper = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        if len(self._open) < DEEPEST:
            self._open[-1].children.append(made)
        if tag in _VOID:
            return
        if len(self._open) < DEEPEST:
            self._open.append(made)
        else:
            self._deeper += 1

    def handle_endtag(self, tag: str) -> None:
        if self._deeper:
            self._deeper -= 1
        elif len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def from_html(source: str) -> Made:
    """The rich text that HTML stands for."""
    clean = nh3.clean(
        source, tags=set(_KNOWN), clean_content_tags=set(_UNSEEN), attributes=_ATTRIBUTES, url_schemes=set(SCHEMES),
        link_rel=None,
    )  # fmt: skip
    tree = _Tree()
    tree.feed(clean)
    tree.close()
    return shapes.document(list(_blocks(tree.root)))


@dataclass(slots=True)
class _Leaf:
    """A piece of a line before its spaces are put in order: a text, or a line break when it has none."""

    words: str | None
    format: int = 0
    link: Mapping[str, Any] | None = None
    as_is: bool = False
    made: Made | None = None
    """The node that it is, which no space around it is a part of."""


def _blocks(element: Element) -> Iterator[Made]:
    """The blocks in an element. What stands between them is in paragraphs."""
    line: list[_Leaf] = []
    for child in element.children:
        if isinstance(child, Element) and (child.tag in _BLOCKS or _has_blocks(child)):
            yield from _as_paragraph(line)
            line = []
            yield from _block(child)
        else:
            line += _leaves(child, 0, None, False)
    yield from _as_paragraph(line)


def _has_blocks(element: Element) -> bool:
    """Whether an element that is none has blocks in it, such as a link around a heading."""
    return any(
        isinstance(child, Element) and (child.tag in _BLOCKS or _has_blocks(child)) for child in element.children
    )


def _as_paragraph(line: list[_Leaf]) -> Iterator[Made]:
    made = _in_order(line)
    if made:
        yield shapes.paragraph(made)


def _block(element: Element) -> Iterable[Made]:
    attributes = element.attributes
    if element.tag == "hr":
        return [shapes.horizontal_rule()]
    if element.tag in ("ul", "ol"):
        return [_list(element)]
    for kind in ("upload", "relationship"):
        if f"data-{kind}" in attributes:
            id = attributes.get("data-id")
            return [shapes.referring(kind, attributes[f"data-{kind}"], None if id is None else shapes.whole(id))]
    if "data-block" in attributes and (fields := _block_fields(element)) is not None:
        return [shapes.block(attributes["data-block"], fields)]
    if element.tag == "pre":
        return [shapes.paragraph(shapes.written(_all_text(element).strip("\n"), nodes.CODE))]
    inside = list(_blocks(element))
    if element.tag == "blockquote":
        return [shapes.quote(shapes.flattened(inside), **_place(element))]
    if element.tag in _HEADINGS:
        return [shapes.heading(element.tag, _one_line(inside), **_place(element))]
    if element.tag == "p":
        return [shapes.paragraph(_one_line(inside), **_place(element))]
    return inside


def _one_line(blocks: Iterable[Made]) -> list[Made]:
    return [node for node in shapes.flattened(blocks) if node["type"] in nodes.INLINE]


def _place(element: Element) -> dict[str, Any]:
    """How a block is aligned and indented."""
    classes = element.attributes.get("class", "")
    named = re.search(r"\balign-([a-z]+)", classes)
    align = named[1] if named else element.style.get("text-align") or element.attributes.get("align", "").lower()
    pixels = re.fullmatch(r"(\d{1,4})px", element.style.get("padding-inline-start", ""))
    counted = re.search(r"\bindent-(\d{1,3})\b", classes)
    steps = min(int(counted[1]) if counted else int(pixels[1]) // STEP if pixels else 0, 100)
    return {"align": align if align in ALIGNMENTS else "", "indent": steps}


def _list(element: Element) -> Made:
    items = [child for child in element.children if isinstance(child, Element)]
    boxes = [_box(item) for item in items]
    kind = "number" if element.tag == "ol" else "check" if any(box is not None for box in boxes) else "bullet"
    made: list[Made] = []
    for item, box in zip(items, boxes, strict=True):
        inside = list(shapes.flattened([_list(item)] if item.tag in ("ul", "ol") else _blocks(item)))
        checked = (box is not None and "checked" in box.attributes) if kind == "check" else None
        only_lists = bool(inside) and all(child["type"] == "list" for child in inside)
        if only_lists and (item.tag != "li" or item.attributes.get("class") == "nest"):
            made.append(shapes.nested(inside))
        else:
            made += shapes.item_and_nest(inside, checked=checked)
    start = element.attributes.get("start", "1")
    return shapes.listing(kind, made, int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1)


def _box(element: Element) -> Element | None:
    """The box of a task: the first thing in the item, be it in a paragraph or a label."""
    for child in element.children:
        if isinstance(child, str):
            if child.strip():
                return None
            continue
        if child.tag == "input" and child.attributes.get("type", "").lower() == "checkbox":
            return child
        return _box(child) if child.tag in ("p", "label", "span") else None
    return None


def _all_text(element: Element) -> str:
    parts = []
    for child in element.children:
        if isinstance(child, str):
            parts.append(child)
        else:
            parts.append("\n" if child.tag == "br" else _all_text(child))
    return "".join(parts)


def _leaves(child: Element | str, format: int, link: Mapping[str, Any] | None, as_is: bool) -> Iterator[_Leaf]:
    if isinstance(child, str):
        yield _Leaf(child, format, link, as_is)
        return
    if child.tag == "br":
        yield _Leaf(None, 0, link)
    elif "data-inline-block" in child.attributes and (fields := _block_fields(child)) is not None:
        made = shapes.inline_block(child.attributes["data-inline-block"], fields)
        yield _Leaf("\ufffc", 0, link, True, made)
    elif child.tag == "img":
        yield from _image(child, format, link)
    else:
        link = _fields(child) or link if child.tag == "a" else link
        as_is = as_is or child.style.get("white-space", "").startswith("pre")
        as_is = as_is or child.attributes.get("class") == "spaces"
        for inner in child.children:
            yield from _leaves(inner, _format(child, format), link, as_is)


def _block_fields(element: Element) -> dict[str, Any] | None:
    """The fields of the block that an element stands for; None where that is not to be read."""
    try:
        fields = orjson.loads(element.attributes.get("data-fields", "{}"))
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None


def _image(element: Element, format: int, link: Mapping[str, Any] | None) -> Iterator[_Leaf]:
    """A picture from elsewhere is no upload: a link to it remains."""
    url, alt = element.attributes.get("src", ""), element.attributes.get("alt", "")
    if alt or not link_problem(url):
        fields = None if link_problem(url) else {"linkType": "custom", "url": url, "newTab": False}
        yield _Leaf(alt or url, format, link or fields)


def _format(element: Element, format: int) -> int:
    """The format of what is in an element: by its tag, and by what its style says of it."""
    format |= _FORMATS.get(element.tag, 0)
    style = element.style
    weight = style.get("font-weight", "")
    if weight in ("bold", "bolder") or (weight.isdigit() and int(weight[:4]) >= 600):
        format |= nodes.BOLD
    elif weight == "normal" or (weight.isdigit() and int(weight[:4]) < 600):
        format &= ~nodes.BOLD
    if style.get("font-style") == "italic":
        format |= nodes.ITALIC
    line = style.get("text-decoration", style.get("text-decoration-line", ""))
    format |= nodes.UNDERLINE if "underline" in line else 0
    return format | (nodes.STRIKETHROUGH if "line-through" in line else 0)


def _fields(element: Element) -> Mapping[str, Any] | None:
    """The fields of a link; None for one that leads nowhere."""
    attributes = element.attributes
    new_tab = attributes.get("target") == "_blank"
    slug, id = attributes.get("data-collection"), attributes.get("data-id")
    if slug and id:
        document = {"relationTo": slug, "value": shapes.whole(id)}
        return {"linkType": "internal", "doc": document, "newTab": new_tab}
    url = attributes.get("href", "")
    return None if link_problem(url) else {"linkType": "custom", "url": url, "newTab": new_tab}


def _in_order(line: list[_Leaf]) -> list[Made]:
    """The nodes of a line, its spaces as a browser shows them."""
    leaves = _collapsed(line)
    if leaves and leaves[-1].words is None:
        # The last line break of a block is not seen.
        del leaves[-1]
    made: list[Made] = []
    place = 0
    while place < len(leaves):
        link, start = leaves[place].link, place
        while place < len(leaves) and leaves[place].link is link:
            place += 1
        inside = shapes.merged(node for leaf in leaves[start:place] for node in _nodes(leaf))
        made += inside if link is None else [shapes.link(link, inside)]
    return made


def _nodes(leaf: _Leaf) -> Iterator[Made]:
    if leaf.made is not None:
        return iter([leaf.made])
    return iter([shapes.line_break()]) if leaf.words is None else shapes.written(leaf.words, leaf.format)


def _collapsed(line: list[_Leaf]) -> list[_Leaf]:
    kept: list[_Leaf] = []
    for leaf in line:
        if leaf.words is None:
            _trim(kept)
        elif not leaf.as_is:
            leaf.words = _SPACE.sub(" ", leaf.words)
            if leaf.words.startswith(" ") and _is_begun_by_space(kept):
                leaf.words = leaf.words[1:]
            if not leaf.words:
                continue
        kept.append(leaf)
    _trim(kept)
    return kept


def _is_begun_by_space(kept: list[_Leaf]) -> bool:
    """Whether a space that follows is none: at the beginning of a line, or after another space."""
    last = kept[-1] if kept else None
    return last is None or last.words is None or last.words.endswith((" ", "\t", "\n"))


def _trim(kept: list[_Leaf]) -> None:
    """Takes the space at the end of a line away."""
    while kept and kept[-1].words is not None and not kept[-1].as_is:
        words = kept[-1].words.rstrip(" ")
        if words:
            kept[-1].words = words
            return
        kept.pop()
