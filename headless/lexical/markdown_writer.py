"""To Markdown: a document that reads back as the same one. A block that Markdown has no words for is kept as JSON."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from headless.lexical import markdown_blocks, nodes
from headless.lexical.blocks import BLOCK, NONE, Blocks, written_by
from headless.lexical.inline import line_of
from headless.lexical.markdown_reader import FENCE, from_markdown
from headless.lexical.nodes import Node
from headless.lexical.normal import normal, normal_node
from headless.lexical.shapes import is_nest

EMPTY: Final = "<p></p>"
"""A paragraph without text."""


def to_markdown(value: Any, *, blocks: Blocks = NONE) -> str:
    """The Markdown of a rich text; empty for what is none.

    Underline, sub- and superscript are tags, a document is linked to as `doc:posts/7`, a title of `_blank` opens a new
    tab. A declared block stands in a fence marked `block` and its slug, as the JSON of its fields, in a line as a link
    to `block:` and that JSON. Whatever else would not read back as it is stands in a fence marked `lexical`, as JSON.

    `blocks` writes blocks of some kinds in a way of your own, by their slugs: given the fields, it answers Markdown,
    which is read back as what it says.
    """
    written: list[str] = []
    before: tuple[str, str] | None = None
    for node in nodes.trimmed(value):
        own = written_by(blocks, node) if nodes.kind(node) == BLOCK else None
        text, before = (own, None) if own is not None else _checked(node, before, blocks)
        written.append(text)
    return "\n\n".join(written)


_Kind = tuple[str, str] | None
"""The kind of a list and its mark, so that the next list has another."""


def _checked(node: Node, before: _Kind, blocks: Blocks) -> tuple[str, _Kind]:
    """The block, if it reads back as it is; else its JSON."""
    wanted = [normal_node(node)]
    for plain in (True, False):
        written, kind = _block(node, before, plain)
        if written is not None and normal(from_markdown(written, check=False)) == wanted:
            own, _ = _block(node, before, plain, blocks) if blocks else (written, kind)
            return own or written, kind
    return _fenced(node), None


def _fenced(node: Node) -> str:
    """The block as JSON; nothing where it is none, which no stored document is."""
    try:
        return f"```{FENCE}\n{orjson.dumps(dict(node)).decode()}\n```"
    except orjson.JSONEncodeError:
        return ""


def _block(node: Node, before: _Kind, plain: bool, blocks: Blocks = NONE) -> tuple[str | None, _Kind]:
    type_ = nodes.kind(node)
    if type_ == BLOCK:
        return markdown_blocks.written(node), None
    if type_ == "list":
        mark = _mark(node, before)
        return _list(node, mark, plain, blocks), (_family(node), mark)
    if type_ == "horizontalrule":
        return "---", None
    if type_ == "paragraph":
        return _paragraph(node, plain, blocks), None
    if type_ == "heading":
        line = line_of(nodes.children(node), plain=plain, breaks="<br>", blocks=blocks)
        marks = "#" * int(nodes.kind(node, "tag")[1:]) if nodes.kind(node, "tag") in _HEADINGS else ""
        return (None if line is None or not marks else f"{marks} {_closed(line)}".rstrip()), None
    if type_ == "quote":
        line = line_of(nodes.children(node), plain=plain, blocks=blocks)
        return (None if line is None else "\n".join(f"> {part}".rstrip() for part in line.split("\n"))), None
    return None, None


_INTERRUPTS = re.compile(r"(?:[-*]|1[.)]) .")
"""The beginnings of lists that may stand directly below a line of text."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def _closed(line: str) -> str:
    """A heading whose last signs are not taken for its end."""
    return re.sub(r"(#+)$", lambda found: "\\" + "\\".join(found[1]), line)


def _paragraph(node: Node, plain: bool, blocks: Blocks) -> str | None:
    line = line_of(nodes.children(node), plain=plain, blocks=blocks)
    align = node.get("format")
    if line is None or align in (None, "", 0):
        return EMPTY if line == "" else line
    return f'<p align="{align}">{line}</p>' if isinstance(align, str) else None


def _family(node: Node) -> str:
    return "number" if nodes.kind(node, "listType") == "number" else "bullet"


def _mark(node: Node, before: _Kind) -> str:
    """The sign of a list's items: another than that of a list just before it, with which it would be one."""
    first, second = (".", ")") if _family(node) == "number" else ("-", "*")
    return second if before == (_family(node), first) else first


def _list(node: Node, mark: str, plain: bool, blocks: Blocks) -> str | None:
    lines: list[str] = []
    start = node.get("start")
    number = start if isinstance(start, int) and not isinstance(start, bool) else 1
    indent = ""
    for item in nodes.children(node):
        if is_nest(item):
            written = [_list(each, _mark(each, None), plain, blocks) for each in nodes.children(item)]
            if len(written) != 1 or written[0] is None or not lines:
                return None
            below = written[0].split("\n")
            # Such a beginning would be taken for a part of the line above it.
            apart = [] if _INTERRUPTS.match(below[0]) else [""]
            lines += [*apart, *(f"{indent}{line}".rstrip() for line in below)]
            continue
        head = f"{number}{mark} " if _family(node) == "number" else f"{mark} "
        number += 1
        indent = " " * len(head)
        body = line_of(nodes.children(item), plain=plain, blocks=blocks)
        if body is None:
            return None
        box = ("[x] " if item.get("checked") else "[ ] ") if nodes.kind(node, "listType") == "check" else ""
        first, *rest = f"{box}{body}".split("\n")
        lines += [f"{head}{first}".rstrip(), *(f"{indent}{line}" for line in rest)]
    return "\n".join(lines) if lines else None
