"""Blocks in Markdown: a fence marked `block hero` with the fields as JSON, in a line a link to `block:` and these."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from headless.lexical import blocks, nodes, shapes
from headless.lexical.nodes import Node
from headless.lexical.shapes import Made

FENCE: Final = "block"
"""What a fence is marked with that holds the fields of a block, before the block's slug."""
SCHEME: Final = "block:"
"""How the address of a link begins that is a block; its words are the slug."""

_MARK: Final = re.compile(r"block[ \t]+([A-Za-z_][A-Za-z0-9_-]*)", re.ASCII)
_SLUG: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


def is_fence(info: str) -> bool:
    """Whether a fence is marked as a block, be it well or badly."""
    return info.split()[:1] == [FENCE]


def fence(slug: str, fields: Any) -> str:
    """The fence of a block with these fields."""
    return f"```{FENCE} {slug}\n{orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode()}\n```"


def piece(slug: str, fields: Any) -> str:
    """A block with these fields as a part of a line."""
    address = re.sub(r"[\\<>&]", lambda found: f"\\{found[0]}", orjson.dumps(fields).decode())
    return f"[{slug.replace('_', chr(92) + '_')}](<{SCHEME}{address}>)"


def written(node: Node) -> str | None:
    """The Markdown of a block, of either type; None for one that has no such."""
    slug, fields = blocks.kind_of(node), blocks.fields_of(node)
    if fields is None or not _SLUG.fullmatch(slug):
        return None
    inside = {key: value for key, value in fields.items() if key != blocks.KIND}
    try:
        return fence(slug, inside) if nodes.kind(node) == blocks.BLOCK else piece(slug, inside)
    except orjson.JSONEncodeError:
        return None


def from_fence(info: str, content: str) -> Made | None:
    """The block that a fence holds; None for one that holds none."""
    marked = _MARK.fullmatch(info)
    fields = _fields(content)
    return None if marked is None or fields is None else shapes.block(marked[1], fields)


def from_link(address: str, words: str) -> Made | None:
    """The block that a link is; None for one that is none."""
    if not address.startswith(SCHEME) or not _SLUG.fullmatch(words):
        return None
    fields = _fields(address.removeprefix(SCHEME))
    return None if fields is None else shapes.inline_block(words, fields)


def mistake(info: str, content: str) -> str | None:
    """What is wrong with a fence that is marked as a block."""
    marked = _MARK.fullmatch(info)
    if marked is None:
        return f"A fence marked {FENCE} says of which kind the block is: {FENCE} hero."
    return _json_mistake(f"the block {marked[1]}", content)


def link_mistake(address: str, words: str) -> str | None:
    """What is wrong with a link that is to be a block."""
    if not _SLUG.fullmatch(words):
        return "The words of a link to block: are the kind of the block: [mention](<block:{}>)."
    return _json_mistake(f"the block {words} in a line", address.removeprefix(SCHEME))


def _fields(content: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _json_mistake(place: str, content: str) -> str | None:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return f"What is in {place} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}."
    return None if isinstance(found, dict) else f"What is in {place} is no object of JSON: {{…}}."
