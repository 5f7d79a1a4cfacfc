"""How the admin shows a rich text and reads it back: as Markdown, with what it looks like beside it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from headless.declaration import thaw
from headless.fields.base import DataField, Field, same_level
from headless.fields.block import NAME
from headless.fields.form import MISSING, FormReader, FormWidget, Raw
from headless.lexical import markdown_blocks
from headless.lexical.blocks import BLOCK, INLINE_BLOCK, KIND, fields_of, kind_of
from headless.lexical.html_writer import Render, to_html
from headless.lexical.markdown_reader import from_markdown, mistakes
from headless.lexical.markdown_writer import to_markdown
from headless.lexical.nodes import Node, is_document
from headless.lexical.normal import keeping, normal
from headless.lexical.plain import is_empty
from headless.names import words

LONGEST: Final = 200
"""How much of what is in a block the preview shows, in characters."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A kind of block that can be put into a text: its label, and its Markdown with nothing in it yet."""

    label: str
    source: str
    in_line: bool


@dataclass(frozen=True, slots=True)
class Writing:
    """A rich text as its input has it: its Markdown, its HTML, and whether the Markdown says all of it."""

    source: str
    html: str
    whole: bool = True
    insertions: Sequence[Insertion] = ()


class RichTextWidget(FormWidget):
    """Markdown in a box. Blocks that were not touched stay as they are, whatever editor made them."""

    draws_read_only = True

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if (source := form.text(name)) is None:
            return MISSING
        if source == self.show(field, stored, form.zone).source:
            return stored
        if not source.strip():
            return None
        for mistake in mistakes(source):
            form.fail(name, mistake)
            return Raw(source)
        return keeping(stored, from_markdown(source, check=False))

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Writing:
        offered = insertions(field) if field is not None else ()
        if value is None or isinstance(value, Raw):
            source = value or ""
            html = _html(from_markdown(source)) if source.strip() else ""
            return Writing(source, html, insertions=offered)
        if not is_document(value):
            return Writing("", f"<p>{escape(json.dumps(value, ensure_ascii=False))}</p>", whole=False)
        if is_empty(value):
            return Writing("", "", insertions=offered)
        source = to_markdown(value)
        return Writing(source, _html(value), normal(from_markdown(source, check=False)) == normal(value), offered)


def insertions(field: Any) -> list[Insertion]:
    """The blocks that a field may hold, as somebody who writes Markdown puts them in."""
    alone = [Insertion(kind.singular, markdown_blocks.fence(kind.slug, _fresh(kind)), False) for kind in field.kinds]
    in_line = [
        Insertion(each.singular, markdown_blocks.piece(each.slug, _fresh(each)), True) for each in field.inline_kinds
    ]
    return [*alone, *in_line]


def _fresh(kind: Any) -> dict[str, Any]:
    return _values(field for field in kind.form_fields if field.key != NAME)


def _values(fields: Iterable[Field]) -> dict[str, Any]:
    """What a block has before anybody has written in it: each field that is asked for, with its default."""
    asked = (
        field for field in same_level(fields)
        if isinstance(field, DataField) and field.is_stored and not (field.hidden or field.admin.hidden)
    )  # fmt: skip
    return {field.name: _value(field) for field in asked}


def _value(field: DataField) -> Any:
    if field.children and isinstance(field.empty(), dict):
        return _values(field.children)
    if field.default_value is not None and not callable(field.default_value):
        return thaw(field.default_value)
    schema = field.stored_schema()
    is_words = schema.get("type") == "string" and not {"enum", "const", "format", "pattern"} & set(schema)
    return "" if is_words and not field.has_list else field.empty()


def _html(value: Any) -> str:
    return to_html(value, render=_RENDER, classes=True)


def _named(node: Node, inside: str) -> str:
    """What stands for a document that the page does not show."""
    value = node.get("value")
    id = value.get("id") if isinstance(value, Mapping) else value
    said = f"{node.get('relationTo')} {id}" if id is not None else "a document that is gone"
    return f'<p class="ref">{escape(str(node.get("type")))}: {escape(said)}</p>'


def _block(node: Node, inside: str) -> str:
    return f'<p class="ref">{_told(node)}</p>'


def _block_in_line(node: Node, inside: str) -> str:
    return f'<span class="ref">{_told(node)}</span>'


def _told(node: Node) -> str:
    """What a block is and what is in it, in a line."""
    given = fields_of(node) or {}
    name = given.get(NAME)
    title = f"{words(kind_of(node)) or 'Block'}{f': {name}' if name else ''}"
    said = [f"{words(key)} {_short(value)}" for key, value in given.items()
            if key not in ("id", KIND, NAME) and value not in (None, "", [], {})]  # fmt: skip
    return f"<b>{escape(title)}</b>{escape(''.join(f' · {each}' for each in said))}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


_RENDER: Final[Render] = {
    "upload": _named, "relationship": _named, BLOCK: _block, INLINE_BLOCK: _block_in_line,
}  # fmt: skip
