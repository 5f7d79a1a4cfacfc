"""From Markdown: CommonMark with strikethrough and tasks, and the few tags for what Markdown has no signs for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import orjson
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from headless.lexical import markdown_blocks, nodes, shapes
from headless.lexical.links import link_problem
from headless.lexical.shapes import Made

INSIDE: Final = "doc:"
"""The scheme of addresses of documents: `doc:posts/7`."""
NEW_TAB: Final = "_blank"
"""The title of a link that opens a new tab."""
FENCE: Final = "lexical"
"""What a fenced block is marked with that holds a node as JSON."""

_TAGS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "strong": nodes.BOLD, "b": nodes.BOLD, "em": nodes.ITALIC, "i": nodes.ITALIC, "s": nodes.STRIKETHROUGH,
        "del": nodes.STRIKETHROUGH, "u": nodes.UNDERLINE, "code": nodes.CODE, "sub": nodes.SUBSCRIPT,
        "sup": nodes.SUPERSCRIPT, "mark": nodes.HIGHLIGHT,
    }
)  # fmt: skip
_TAG = re.compile(r"<(/?)([a-z]+)\s*/?>", re.IGNORECASE)
_PARAGRAPH = re.compile(r'<p(?:\s+align="(left|start|center|right|end|justify)")?\s*>', re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_MARKED: Final[Mapping[str, int]] = MappingProxyType(
    {"strong": nodes.BOLD, "em": nodes.ITALIC, "s": nodes.STRIKETHROUGH}
)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": nodes.DEEPEST})
    parser.enable("strikethrough").disable(["html_block", "code"])
    # Addresses stay as they are written: whether a link may have one is decided below.
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


_PARSER: Final = _parser()


def from_markdown(source: str, *, check: bool = True) -> Made:
    """The rich text that Markdown stands for. Tags that mean nothing here are text, addresses that run programs go.

    With `check` false addresses stay whatever they are, for a field to refuse them.
    """
    made = list(_blocks(SyntaxTreeNode(_PARSER.parse(_clean(source))).children))
    return shapes.document(_leading_somewhere(made, 0) if check else made)


def mistakes(source: str) -> Iterator[str]:
    """What is wrong with Markdown that is meant for a rich text: fences and links that are to be nodes."""
    for token in _PARSER.parse(_clean(source)):
        info = token.info.strip()
        if token.type == "fence" and info == FENCE and _kept_node(token.content) is None:
            yield f"A block marked {FENCE} is not the JSON of a node."
        elif token.type == "fence" and markdown_blocks.is_fence(info):
            if (problem := markdown_blocks.mistake(info, token.content)) is not None:
                yield problem
        elif token.type == "inline":
            yield from _wrong_links(SyntaxTreeNode([token]))


def _wrong_links(line: SyntaxTreeNode) -> Iterator[str]:
    for node in line.walk():
        address = str(node.attrs.get("href", "")) if node.type == "link" else ""
        if address.startswith(markdown_blocks.SCHEME):
            problem = markdown_blocks.link_mistake(address, _words(node))
            if problem is not None:
                yield problem


def _words(node: SyntaxTreeNode) -> str:
    """The text of a link without its formats."""
    return "".join(child.content for child in node.walk() if child.type == "text")


def _leading_somewhere(made: Iterable[Any], level: int) -> list[Any]:
    """The nodes, with the words of a link in its place where its address may not be one."""
    kept: list[Any] = []
    for node in made:
        inside = node.get("children") if isinstance(node, dict) and level < nodes.DEEPEST else None
        if isinstance(inside, list):
            node = {**node, "children": _leading_somewhere(inside, level + 1)}
        if isinstance(node, dict) and nodes.kind(node) in nodes.LINKS and _leads_astray(node):
            kept += node.get("children") or []
        else:
            kept.append(node)
    return kept


def _leads_astray(node: Made) -> bool:
    fields = node.get("fields")
    if not isinstance(fields, Mapping):
        return True
    return fields.get("linkType") != "internal" and link_problem(fields.get("url")) is not None


def _clean(source: str) -> str:
    return source.replace("\x00", "\ufffd")


def _kept_node(content: str) -> Made | None:
    """The node that a fence holds as JSON."""
    try:
        node = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return node if isinstance(node, dict) and isinstance(node.get("type"), str) else None


def _blocks(tree: Iterable[SyntaxTreeNode]) -> Iterator[Made]:
    for node in tree:
        if node.type == "paragraph":
            yield _paragraph(_inline(node))
        elif node.type == "heading":
            yield shapes.heading(node.tag, _line(_inline(node)))
        elif node.type == "blockquote":
            yield shapes.quote(shapes.flattened(_blocks(node.children)))
        elif node.type in ("bullet_list", "ordered_list"):
            yield _list(node)
        elif node.type == "hr":
            yield shapes.horizontal_rule()
        elif node.type in ("fence", "code_block"):
            yield _fenced(node.info.strip() if node.type == "fence" else "", node.content)


def _inline(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    """What stands in the one line of a block."""
    return [inner for child in node.children if child.type == "inline" for inner in child.children]


def _paragraph(line: Sequence[SyntaxTreeNode]) -> Made:
    if len(line) > 1 and line[0].type == line[-1].type == "html_inline" and line[-1].content.lower() == "</p>":
        opened = _PARAGRAPH.fullmatch(line[0].content)
        if opened is not None:
            return shapes.paragraph(_line(line[1:-1]), align=opened[1] or "")
    return shapes.paragraph(_line(line))


def _fenced(info: str, content: str) -> Made:
    """A node kept as JSON, a block, or lines of code."""
    node = _kept_node(content) if info == FENCE else markdown_blocks.from_fence(info, content)
    return node or shapes.paragraph(shapes.written(content.rstrip("\n"), nodes.CODE))


def _list(node: SyntaxTreeNode) -> Made:
    ordered = node.type == "ordered_list"
    tasks = [None if ordered else _task(item) for item in node.children]
    kind = "number" if ordered else "check" if any(tasks) else "bullet"
    items: list[Made] = []
    for item, task in zip(node.children, tasks, strict=True):
        checked = (task is not None and task[1] != " ") if kind == "check" else None
        items += _items(item, len(task[0]) if task else 0, checked)
    start = node.attrs.get("start", 1)
    return shapes.listing(kind, items, int(start) if isinstance(start, int | str) else 1)


def _task(item: SyntaxTreeNode) -> re.Match[str] | None:
    first = item.children[0] if item.children else None
    if first is None or first.type != "paragraph" or not first.children:
        return None
    return _TASK.match(first.children[0].content)


def _items(item: SyntaxTreeNode, skipped: int, checked: bool | None) -> Iterator[Made]:
    """The items of one in the source, without the box that begins a task."""
    inside = list(shapes.flattened(_blocks(item.children)))
    if skipped and inside and inside[0]["type"] == "text":
        rest = inside[0]["text"][skipped:]
        inside = [shapes.text(rest, inside[0]["format"]), *inside[1:]] if rest else inside[1:]
    return shapes.item_and_nest(inside, checked=checked)


def _line(tree: Iterable[SyntaxTreeNode], format: int = 0) -> list[Made]:
    """The nodes of a line; a tag formats what follows it until it is closed."""
    made: list[Made] = []
    tagged = 0
    for node in tree:
        if node.type == "html_inline":
            opened, closed, inside = _tag(node.content, format | tagged)
            tagged = (tagged | opened) & ~closed
            made += inside
        else:
            made += _piece(node, format | tagged)
    return shapes.merged(made)


def _tag(content: str, format: int) -> tuple[int, int, list[Made]]:
    """The formats that a tag opens and closes, and the nodes that it is."""
    found = _TAG.fullmatch(content)
    name = found[2].lower() if found else ""
    if name == "br":
        return 0, 0, [shapes.line_break()]
    if found is None or name not in _TAGS:
        return 0, 0, list(shapes.written(content, format))
    return (0, _TAGS[name], []) if found[1] else (_TAGS[name], 0, [])


def _piece(node: SyntaxTreeNode, format: int) -> Iterable[Made]:
    if node.type in _MARKED:
        return _line(node.children, format | _MARKED[node.type])
    if node.type == "link":
        address = str(node.attrs.get("href", ""))
        block = markdown_blocks.from_link(address, _words(node))
        return [block] if block else _link(address, node.attrs.get("title"), _line(node.children, format))
    if node.type == "image":
        words = (node.children and "".join(child.content for child in node.children)) or node.content
        return _link(str(node.attrs.get("src", "")), None, list(shapes.written(words, format)))
    if node.type == "hardbreak":
        return [shapes.line_break()]
    if node.type == "softbreak":
        return [shapes.text(" ", format)]
    return shapes.written(node.content, format | (nodes.CODE if node.type == "code_inline" else 0))


def _link(url: str, title: Any, children: list[Made]) -> list[Made]:
    new_tab = title == NEW_TAB
    if url.startswith(INSIDE):
        slug, _, id = url.removeprefix(INSIDE).partition("/")
        return [shapes.link_inside(slug, shapes.whole(id), children, new_tab=new_tab)]
    return [shapes.link_to(url, children, new_tab=new_tab)]
