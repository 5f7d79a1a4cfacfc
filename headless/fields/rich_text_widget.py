"""How the admin shows a rich text and reads it back: as Markdown, with what it looks like beside it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from headless.fields.form import MISSING, FormReader, FormWidget, Raw
from headless.lexical.html_writer import Render, to_html
from headless.lexical.markdown_reader import from_markdown, mistakes
from headless.lexical.markdown_writer import to_markdown
from headless.lexical.nodes import Node, is_document
from headless.lexical.normal import keeping, normal
from headless.lexical.plain import is_empty


@dataclass(frozen=True, slots=True)
class Writing:
    """A rich text as its input has it: its Markdown, its HTML, and whether the Markdown says all of it."""

    source: str
    html: str
    whole: bool = True


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
        if value is None or isinstance(value, Raw):
            source = value or ""
            return Writing(source, _html(from_markdown(source)) if source.strip() else "")
        if not is_document(value):
            return Writing("", f"<p>{escape(json.dumps(value, ensure_ascii=False))}</p>", whole=False)
        if is_empty(value):
            return Writing("", "")
        source = to_markdown(value)
        return Writing(source, _html(value), normal(from_markdown(source, check=False)) == normal(value))


def _html(value: Any) -> str:
    return to_html(value, render=_RENDER, classes=True)


def _named(node: Node, inside: str) -> str:
    """What stands for a document that the page does not show."""
    value = node.get("value")
    id = value.get("id") if isinstance(value, Mapping) else value
    words = f"{node.get('relationTo')} {id}" if id is not None else "a document that is gone"
    return f'<p class="ref">{escape(str(node.get("type")))}: {escape(words)}</p>'


_RENDER: Final[Render] = {"upload": _named, "relationship": _named}
