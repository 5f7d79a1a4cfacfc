"""The widgets that the platform ships: how each shows a value in a form and reads it back."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from headless.fields.block import NAME
from headless.fields.form import MISSING, Branch, FormReader, FormWidget, Raw, join
from headless.fields.rich_text_widget import RichTextWidget
from headless.zones import is_zone, zone_named

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
LARGEST = 1e308


class TextWidget(FormWidget):
    """One line, or a list with an entry a line where the field has many values."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if not getattr(field, "has_many", False):
            value = super().read(form, name, field, stored)
            # One line shows a text of several without its line ends.
            return stored if isinstance(stored, str) and value == one_line(stored) else value
        if (text := form.text(name)) is None:
            return MISSING
        if stored and text == self.show(field, stored, form.zone):
            # A value of several lines, or with spaces around it, is no less when nobody touched the list.
            return list(stored)
        return [self.parse(line.strip()) for line in text.split("\n") if line.strip()]

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        if isinstance(value, list | tuple):
            return "\n".join(str(item) for item in value)
        return super().show(field, value, zone)

    def parse(self, text: str) -> Any:
        """The value of one line."""
        return text


def one_line(text: str) -> str:
    """The text as an input of one line has it."""
    return text.replace("\r", "").replace("\n", "")


class NumberWidget(TextWidget):
    """A number; what is none stays a text, for the field to refuse."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        value = super().read(form, name, field, stored)
        return self.parse(value.strip()) if isinstance(value, str) else value

    def parse(self, text: str) -> Any:
        if not text:
            return None
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            return Raw(text)
        number = int(text) if text.lstrip("+-").isdigit() else float(text)
        return number if abs(number) < LARGEST else Raw(text)


class CheckboxWidget(FormWidget):
    """A box with a hidden companion of the same name, so that an empty box differs from none."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        return any(form.texts(name)) if form.has(name) else MISSING

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        return bool(value)


@dataclass(frozen=True, slots=True)
class Picker:
    """An input for a date: its type, which part of a local moment it has, and how that part is made whole again.

    One that does not `move` means the same in every time zone: it is read in UTC, unless the date has a zone.
    """

    type: str
    part: slice
    whole: str
    moves: bool = False


PICKERS: Final[Mapping[str, Picker]] = MappingProxyType(
    {
        "day_and_time": Picker("datetime-local", slice(16), "{}", moves=True),
        "day_only": Picker("date", slice(10), "{}T00:00"),
        "month_only": Picker("month", slice(7), "{}-01T00:00"),
        "time_only": Picker("time", slice(11, 16), "{day}T{}"),
    }
)
"""The inputs for a date by their appearance."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as its input shows it: `local` in the form's time zone, `iso` as stored, in an input of the `type`."""

    local: str
    iso: str
    type: str = "datetime-local"


class DateWidget(FormWidget):
    """A local date, time or both; a stored one keeps all of its parts when what is shown was left as it is."""

    def zone(self, field: Any, data: Mapping[str, Any], zone: dt.tzinfo) -> dt.tzinfo:
        return self._zone(field, [data.get(companion.name) for companion in field.companions], zone)

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if (text := form.text(name)) is None:
            return MISSING
        beside = name.removesuffix(field.name)
        zone = self._zone(field, [form.text(beside + companion.name) for companion in field.companions], form.zone)
        before = form.text(f"{name}._was") or ""
        picker, local = _picker(field), local_time(before, zone)
        if before and text == local[picker.part]:
            return before
        if not text:
            return None
        moment = utc_text(picker.whole.format(text, day=local[:10] or "1970-01-01"), zone)
        return Raw(text) if isinstance(moment, Raw) else moment

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        text, picker = value if isinstance(value, str) else "", _picker(field)
        if isinstance(value, Raw):
            return Moment(text, "", picker.type)
        return Moment(local_time(text, zone)[picker.part], text, picker.type)

    def _zone(self, field: Any, named: Sequence[Any], zone: dt.tzinfo) -> dt.tzinfo:
        """The zone that the date says it is meant in; else the form's, or for a day, month or time of day UTC."""
        for name in named:
            if isinstance(name, str) and is_zone(name):
                return zone_named(name)
        return zone if _picker(field).moves else dt.UTC


def _picker(field: Any) -> Picker:
    return PICKERS[field.admin.date.picker_appearance]


def local_time(iso: str, zone: dt.tzinfo) -> str:
    """`2026-01-31T09:30:12.000Z` → `2026-01-31T10:30` in Europe; empty for what is no date."""
    try:
        return dt.datetime.fromisoformat(iso).astimezone(zone).isoformat()[:16]
    except (ValueError, OverflowError):
        return ""


def utc_text(text: str, zone: dt.tzinfo) -> str:
    """A date-time of the zone as ISO 8601 in UTC; a text that is none stays, for the field to refuse."""
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return Raw(text)
    return f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class ChoiceWidget(FormWidget):
    """One of some options, or several where the field has many values (with a hidden empty companion)."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if not form.has(name):
            return MISSING
        chosen = [self.parse(form, text, field) for text in form.texts(name) if text]
        if getattr(field, "has_many", False):
            return list({json.dumps(item): item for item in chosen}.values())
        return chosen[-1] if chosen else None

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        values = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return [self.text(item, field) for item in values]

    def parse(self, form: FormReader, text: str, field: Any) -> Any:
        """The value of a submitted choice."""
        return text

    def text(self, value: Any, field: Any) -> str:
        """The value as its input has it."""
        return str(value)


class RelationshipWidget(ChoiceWidget):
    """Other documents: an id, or `collection:id` where the field may point to several collections."""

    def parse(self, form: FormReader, text: str, field: Any) -> Any:
        target, id = self.split(text, field)
        value = form.identify(target, id)
        return {"relationTo": target, "value": value} if field.polymorphic else value

    def split(self, text: str, field: Any) -> tuple[str, str]:
        """The collection and the id that a submitted text names."""
        if not field.polymorphic:
            return field.relation_to, text
        target, _, id = text.partition(":")
        return target, id

    def text(self, value: Any, field: Any) -> str:
        if isinstance(value, Mapping) and "relationTo" in value:
            return f"{value['relationTo']}:{_id(value.get('value'))}"
        return str(_id(value))


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


class JoinWidget(FormWidget):
    """A table of other documents. Nothing is read back."""

    draws_read_only = True

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        return MISSING


class UiWidget(FormWidget):
    """Something to see. Nothing is read back."""

    def read_into(
        self, data: dict[str, Any], form: FormReader, prefix: str, field: Any, stored: Mapping[str, Any]
    ) -> None:
        pass


class PointWidget(NumberWidget):
    """Two numbers, longitude and latitude; both empty for no point."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        texts = [form.text(join(name, part)) for part in ("longitude", "latitude")]
        if texts[0] is None or texts[1] is None:
            return MISSING
        return [self.parse(text.strip()) for text in texts if text is not None] if any(texts) else None

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        pair = value if isinstance(value, list | tuple) and len(value) == 2 else ("", "")
        return ["" if part is None else part for part in pair]


class JsonWidget(FormWidget):
    """JSON as text."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if (text := form.text(name)) is None:
            return MISSING
        if not text.strip():
            return None
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            form.fail(name, f"This is not valid JSON: {_where(error)}.")
            return Raw(text)

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        if value is None or isinstance(value, Raw):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


class PasswordWidget(FormWidget):
    """A password written twice; empty means that it stays as it is. It is never shown."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        text = form.text(name)
        if text != form.text(f"{name}._again"):
            form.fail(name, "The two passwords are not the same.")
        return text or MISSING

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        return ""


class FlatWidget(FormWidget):
    """A widget that only arranges the fields inside it: a row, a collapsible, a group without a name."""

    def read_into(
        self, data: dict[str, Any], form: FormReader, prefix: str, field: Any, stored: Mapping[str, Any]
    ) -> None:
        data.update(form.read(field.children, stored, prefix))

    def branches(self, field: Any, path: str, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        return [Branch(prefix, field.children, data, getattr(field, "label", None) or "")]


class GroupWidget(FormWidget):
    """Fields with an object of their own."""

    def read_into(
        self, data: dict[str, Any], form: FormReader, prefix: str, field: Any, stored: Mapping[str, Any]
    ) -> None:
        before = _mapping(stored.get(field.name))
        inside = form.read(field.children, before, join(prefix, field.name))
        if inside:
            data[field.name] = {**before, **inside}

    def branches(self, field: Any, path: str, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        return [Branch(path, field.children, _mapping(data.get(field.name)), field.title)]


class TabsWidget(FormWidget):
    """Levels of which one is seen at a time; each tab is read as the group that it is."""

    def read_into(
        self, data: dict[str, Any], form: FormReader, prefix: str, field: Any, stored: Mapping[str, Any]
    ) -> None:
        data.update(form.read(field.children, stored, prefix))

    def branches(self, field: Any, path: str, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        return [branch for tab in field.children for branch in self._tab(tab, prefix, data)]

    def _tab(self, tab: Any, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        name = getattr(tab, "name", None)
        branches = WIDGETS[tab.widget].branches(tab, join(prefix, name) if name else prefix, prefix, data)
        return [replace(branch, tab=name) for branch in branches]


class ArrayWidget(FormWidget):
    """Rows of fields. Each carries its id, so that what the form does not show of a row stays."""

    def read(self, form: FormReader, name: str, field: Any, stored: Any) -> Any:
        if not form.has(name):
            return MISSING
        known = {row.get("id"): row for row in _rows(stored)}
        return [self._row(form, join(name, str(index)), field, known) for index in range(form.rows(name))]

    def _row(self, form: FormReader, path: str, field: Any, known: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
        id = form.text(f"{path}.id")
        said = self.said(form, path, field)
        before = known.get(id, {}) if id else {}
        if any(before.get(key) != value for key, value in said.items()):
            before = {}
        row = {**before, **form.read(self.fields(field, said), before, path), **said}
        return {**row, "id": id} if id else {key: value for key, value in row.items() if key != "id"}

    def said(self, form: FormReader, path: str, field: Any) -> dict[str, Any]:
        """What a row says of itself besides its fields: nothing, where all rows are alike."""
        return {}

    def fields(self, field: Any, row: Mapping[str, Any]) -> Sequence[Any]:
        """The fields of a row."""
        fields: Sequence[Any] = field.children
        return fields

    def branches(self, field: Any, path: str, prefix: str, data: Mapping[str, Any]) -> list[Branch]:
        rows = _rows(data.get(field.name))
        return [self.branch(field, join(path, str(index)), row) for index, row in enumerate(rows)]

    def branch(self, field: Any, path: str, row: Mapping[str, Any]) -> Branch:
        """One row, as its part of the form."""
        return Branch(path, self.fields(field, row), row, row_title(row), str(row.get("id") or ""))


class BlocksWidget(ArrayWidget):
    """Rows of several kinds, each of which says its own. What is of another kind than it was starts afresh."""

    def said(self, form: FormReader, path: str, field: Any) -> dict[str, Any]:
        return {field.level_key: form.text(join(path, field.level_key))}

    def fields(self, field: Any, row: Mapping[str, Any]) -> Sequence[Any]:
        kind = self.kind(field, row)
        return kind.form_fields if kind is not None else ()

    def kind(self, field: Any, row: Mapping[str, Any]) -> Any:
        """The declaration of a row's kind; None for one of none."""
        return next((block for block in field.kinds if block.slug == row.get(field.level_key)), None)

    def show(self, field: Any, value: Any, zone: dt.tzinfo) -> Any:
        return []

    def branch(self, field: Any, path: str, row: Mapping[str, Any]) -> Branch:
        kind = self.kind(field, row)
        texts = {key: value for key, value in row.items() if key != field.level_key}
        title = texts.pop(NAME, None) or row_title(texts)
        return Branch(path, self.fields(field, row), row, str(title)[:80], str(row.get("id") or ""), kind)


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    return (row for row in value if isinstance(row, Mapping)) if isinstance(value, list | tuple) else iter(())


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def row_title(row: Mapping[str, Any]) -> str:
    """What a closed row is called: its first text."""
    texts = (value for key, value in row.items() if key != "id" and isinstance(value, str) and value)
    return next(texts, "")[:80]


WIDGETS: Final[Mapping[str, FormWidget]] = MappingProxyType(
    {
        "text": TextWidget(),
        "slug": TextWidget(),
        "textarea": FormWidget(),
        "code": FormWidget(),
        "email": FormWidget(),
        "number": NumberWidget(),
        "checkbox": CheckboxWidget(),
        "date": DateWidget(),
        "timezone": FormWidget(),
        "select": ChoiceWidget(),
        "radio": ChoiceWidget(),
        "relationship": RelationshipWidget(),
        "point": PointWidget(),
        "join": JoinWidget(),
        "json": JsonWidget(),
        "rich_text": RichTextWidget(),
        "password": PasswordWidget(),
        "group": GroupWidget(),
        "plain_group": FlatWidget(),
        "row": FlatWidget(),
        "collapsible": FlatWidget(),
        "tabs": TabsWidget(),
        "array": ArrayWidget(),
        "blocks": BlocksWidget(),
        "ui": UiWidget(),
    }
)
"""The widgets the platform ships, by the name a field type gives in `widget`."""
