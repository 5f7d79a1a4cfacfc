"""Nodes as Lexical's editor makes them, with every attribute that it gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from headless.lexical.nodes import CODE

Made = dict[str, Any]

TAGS = {"bullet": "ul", "number": "ol", "check": "ul"}


def document(children: Sequence[Made]) -> Made:
    """A rich text; one without nodes has an empty paragraph, where the editor puts its cursor."""
    return {"root": _element("root", list(children) or [paragraph([])])}


def paragraph(children: Iterable[Made], *, align: str = "", indent: int = 0) -> Made:
    return {**_element("paragraph", children, align, indent), "textFormat": 0, "textStyle": ""}


def heading(tag: str, children: Iterable[Made], *, align: str = "", indent: int = 0) -> Made:
    return {**_element("heading", children, align, indent), "tag": tag}


def quote(children: Iterable[Made], *, align: str = "", indent: int = 0) -> Made:
    return _element("quote", children, align, indent)


def horizontal_rule() -> Made:
    return {"type": "horizontalrule", "version": 1}


def listing(kind: str, items: Sequence[Made], start: int = 1) -> Made:
    """A list. Its items are numbered; one that only holds another list has the number of the next."""
    number = start
    for item in items:
        item["value"] = number
        number += not is_nest(item)
    return {**_element("list", items), "listType": kind, "start": start, "tag": TAGS[kind]}


def list_item(children: Iterable[Made], *, checked: bool | None = None) -> Made:
    made = {**_element("listitem", children), "value": 1}
    return made if checked is None else {**made, "checked": checked}


def nested(lists: Iterable[Made]) -> Made:
    """The item that holds the lists below the item before it."""
    return list_item(_deeper(each) for each in lists)


def _deeper(made: Made) -> Made:
    for item in made["children"]:
        item["indent"] += 1
        item["children"] = [_deeper(child) if child["type"] == "list" else child for child in item["children"]]
    return made


def is_nest(item: Mapping[str, Any]) -> bool:
    """Whether an item of a list holds nothing but lists."""
    inside = item.get("children") or ()
    return bool(inside) and all(isinstance(child, Mapping) and child.get("type") == "list" for child in inside)


def link(fields: Mapping[str, Any], children: Iterable[Made]) -> Made:
    return {**_element("link", children), "version": 3, "fields": dict(fields)}


def link_to(url: str, children: Iterable[Made], *, new_tab: bool = False) -> Made:
    """A link to an address."""
    return link({"linkType": "custom", "url": url, "newTab": new_tab}, children)


def link_inside(slug: str, id: Any, children: Iterable[Made], *, new_tab: bool = False) -> Made:
    """A link to a document."""
    document = {"relationTo": slug, "value": id} if slug else None
    return link({"linkType": "internal", "doc": document, "newTab": new_tab}, children)


def referring(type_: str, slug: str, id: Any) -> Made:
    """An upload or a relationship."""
    made = {"type": type_, "version": 3 if type_ == "upload" else 2, "format": "", "relationTo": slug, "value": id}
    return {**made, "fields": None} if type_ == "upload" else made


def block(slug: str, fields: Mapping[str, Any]) -> Made:
    """A block that stands by itself."""
    return {"type": "block", "version": 2, "format": "", "fields": {**fields, "blockType": slug}}


def inline_block(slug: str, fields: Mapping[str, Any]) -> Made:
    """A block in a line."""
    return {"type": "inlineBlock", "version": 1, "fields": {**fields, "blockType": slug}}


def text(words: str, format: int = 0) -> Made:
    return {**_text("text", words, format), "mode": "normal"}


def line_break() -> Made:
    return {"type": "linebreak", "version": 1}


def written(words: str, format: int = 0) -> Iterator[Made]:
    """The nodes of a text: tabs and the ends of lines are nodes of their own."""
    for number, line in enumerate(words.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if number:
            yield line_break()
        for place, part in enumerate(line.split("\t")):
            if place:
                yield {**_text("tab", "\t", format & ~CODE), "detail": 2, "mode": "normal"}
            if part:
                yield text(part, format)


def flattened(blocks: Iterable[Made]) -> Iterator[Made]:
    """What an item or a quote holds: its paragraphs as lines of it, and other blocks as they are."""
    in_line = False
    for block in blocks:
        is_line = block["type"] in ("paragraph", "heading")
        if is_line and in_line:
            yield line_break()
        yield from block["children"] if is_line else [block]
        in_line = is_line


def item_and_nest(inside: Iterable[Made], *, checked: bool | None = None) -> Iterator[Made]:
    """An item, and after it the one that holds the lists below it."""
    inside = list(inside)
    lists = [child for child in inside if child["type"] == "list"]
    yield list_item([child for child in inside if child["type"] != "list"], checked=checked)
    if lists:
        yield nested(lists)


def whole(id: str) -> int | str:
    """An id as it is written: a number where it spells one."""
    return int(id) if id.isascii() and id.isdigit() and len(id) < 19 and str(int(id)) == id else id


def merged(made: Iterable[Made]) -> list[Made]:
    """Neighbouring texts of one format as one."""
    line: list[Made] = []
    for node in made:
        if line and node["type"] == line[-1]["type"] == "text" and node["format"] == line[-1]["format"]:
            line[-1] = text(line[-1]["text"] + node["text"], node["format"])
        else:
            line.append(node)
    return line


def _element(type_: str, children: Iterable[Made], align: str = "", indent: int = 0) -> Made:
    return {
        "type": type_, "format": align, "indent": indent, "version": 1, "direction": None, "children": list(children)
    }  # fmt: skip


def _text(type_: str, words: str, format: int) -> Made:
    return {"type": type_, "text": words, "format": format, "detail": 0, "style": "", "version": 1}
