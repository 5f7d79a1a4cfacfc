"""Submitted forms as data: a reader that follows the declaration, and the contract of a widget.

Names are paths: `title`, `seo.title`, `links.0.label`. A field whose name is not in the form was not on the page,
and its value stays as it is; rows come in the order in which they were submitted, whatever their numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from headless.zones import zone_named

DEEPEST: Final = 24
"""Names with more parts than this are not read: no declaration nests so deep."""


class Missing:
    """The value of a field that the form did not have."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Raw(str):
    """A text that could not be understood as the field's value, kept so that the form shows it again."""

    __slots__ = ()


@dataclass(slots=True)
class Node:
    """What was submitted under one part of a name."""

    values: list[str] = field(default_factory=list)
    inside: dict[str, Node] = field(default_factory=dict)


class FormReader:
    """A submitted form, read by the declaration: `reader.read(fields, stored)` gives the data that was sent.

    `widgets` are the known ones by name, `identify(collection, text)` turns the text of an id into an id. What cannot
    be understood is told by `fail` and stands in `failures` as `{"path", "message"}`, like a validation error.
    """

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]],
        widgets: Mapping[str, FormWidget],
        *,
        identify: Callable[[str, str], int | str] | None = None,
    ) -> None:
        self.failures: list[dict[str, str]] = []
        self.widgets = widgets
        self.identify = identify or _whole_number_or_text
        self._root = Node()
        self._renamed: dict[str, str] = {}
        for name, value in pairs:
            self._add(name, value)
        _number_rows(self._root, "", "", self._renamed)
        self.zone = zone_named(self.text("_zone"))

    def _add(self, name: str, value: str) -> None:
        parts = name.split(".", DEEPEST)
        if len(parts) > DEEPEST:
            return
        node = self._root
        for part in parts:
            node = node.inside.setdefault(part, Node())
        node.values.append(value)

    def _node(self, name: str) -> Node | None:
        node: Node | None = self._root
        for part in name.split("."):
            if node is None:
                return None
            node = node.inside.get(part)
        return node

    def path(self, submitted: str) -> str:
        """The path of a name as submitted, after rows were numbered in their order."""
        return self._renamed.get(submitted, submitted)

    def has(self, name: str) -> bool:
        """Whether the form has an input of this name."""
        node = self._node(name)
        return node is not None and bool(node.values)

    def texts(self, name: str) -> list[str]:
        """Every value submitted under the name, with line ends as documents have them."""
        node = self._node(name)
        return [value.replace("\r\n", "\n") for value in node.values] if node else []

    def text(self, name: str) -> str | None:
        """The last value submitted under the name, or None."""
        texts = self.texts(name)
        return texts[-1] if texts else None

    def rows(self, name: str) -> int:
        """How many rows were submitted under the name; they are `name.0`, `name.1` and so on."""
        node = self._node(name)
        return sum(_is_row(key) for key in node.inside) if node else 0

    def fail(self, path: str, message: str) -> None:
        """Says that what was submitted at the path cannot be understood."""
        self.failures.append({"path": path, "message": message})

    def widget(self, field: Any) -> FormWidget:
        """The widget that reads and shows a field."""
        return widget_of(field, self.widgets)

    def read(self, fields: Iterable[Any], stored: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """The values submitted for the fields, by name. `stored` is the document as it was shown."""
        data: dict[str, Any] = {}
        for each in fields:
            self.widget(each).read_into(data, self, prefix, each, stored)
        return data


def _is_row(key: str) -> bool:
    """Field names never begin with a digit, keys of rows always do."""
    return key[:1].isdigit()


def _number_rows(node: Node, submitted: str, path: str, renamed: dict[str, str]) -> None:
    children = node.inside
    node.inside = {}
    row = 0
    for key, child in children.items():
        name = key
        if _is_row(key):
            name, row = str(row), row + 1
        below, new_path = join(submitted, key), join(path, name)
        if below != new_path:
            renamed[below] = new_path
        node.inside[name] = child
        _number_rows(child, below, new_path, renamed)


def _whole_number_or_text(collection: str, text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def join(prefix: str, name: str) -> str:
    """`seo` and `title` → `seo.title`."""
    return f"{prefix}.{name}" if prefix else name


@dataclass(frozen=True, slots=True)
class Branch:
    """A level of fields inside a widget: the one of a group, that of each tab, that of each row.

    `kind` is the declaration of a row's kind, where rows are of several; `tab` the name of a tab that has one.
    """

    path: str
    fields: Sequence[Any]
    data: Mapping[str, Any]
    title: str = ""
    row: str | None = None
    kind: Any = None
    tab: str | None = None


class FormWidget:
    """How one kind of input shows a value and reads it back. Subclass it for a widget of your own.

    The widget's template is `fields/<name>.html`, its cell in a list `cells/<name>.html`. What can only be read is
    shown by the cell, unless the template `draws_read_only` values, too.
    """

    draws_read_only: bool = False

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        """The submitted value, or MISSING when the form has no such input; `stored` is the one that was shown."""
        if (text := form.text(name)) is None:
            return MISSING
        # Browsers write every line end as one, which is no change of the value.
        return stored if isinstance(stored, str) and text == with_line_ends(stored) else text or None

    def zone(self, field: Any, data: Mapping[str, Any], zone: dt.tzinfo) -> dt.tzinfo:
        """The time zone that the value is shown in: the form's, unless `data`, the field's level, names another."""
        return zone

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        """What the template is given as `control.value`."""
        return "" if value is None else value

    def branches(self, field: Any, path: str, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        """The levels of fields inside this one; none for most. `data` is the level the field stands in."""
        return []

    def branch(self, field: Any, path: str, row: Mapping[str, Any]) -> Branch:
        """The level of one row, for fields that have rows."""
        return Branch(path, field.children, row, "", str(row.get("id") or ""))

    def read_into(
        self, data: dict[str, Any], form: FormReader, prefix: str, field: Any, stored: Mapping[str, Any]
    ) -> None:
        """Puts what was submitted for the field into its level's data."""
        path = join(prefix, field.name)
        before = stored.get(field.name)
        own = getattr(field, "from_form", None)
        value = own(form, path) if own else self.read(form, path, field, before)
        if value is not MISSING:
            data[field.name] = value


def with_line_ends(text: str) -> str:
    """The text with line ends as a form's box has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def widget_of(field: Any, widgets: Mapping[str, FormWidget]) -> FormWidget:
    """The widget of a field; a name that nobody registered is a line of text."""
    return widgets.get(field.widget) or widgets["text"]
