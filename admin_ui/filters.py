"""The filters of a list: those on offer, and those that are set, in words and with a way to remove them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headless.admin_ui.entry import Entry, Listed
from headless.admin_ui.listing import Query
from headless.admin_ui.permissions import FieldRights

WORDS: Final[Mapping[str, str]] = {
    "equals": "is",
    "not_equals": "is not",
    "contains": "contains",
    "like": "has the words",
    "not_like": "has not the words",
    "in": "is one of",
    "not_in": "is none of",
    "greater_than": "is more than",
    "greater_than_equal": "is at least",
    "less_than": "is less than",
    "less_than_equal": "is at most",
    "exists": "is filled in",
    "all": "has all of",
}
"""How a list calls the operators of the where language, in the order in which it offers them."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that can be filtered by, with its operators."""

    path: str
    label: str
    operators: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address of the list without it."""

    text: str
    remove: str


def offered(entry: Entry, rights: FieldRights) -> list[Filter]:
    """The fields the asker may filter by."""
    return [
        Filter(path, item.label, [name for name in WORDS if name in item.field.operators])
        for path, item in entry.listed.items()
        if item.field.operators and readable(path, rights)
    ]


def readable(path: str, rights: FieldRights) -> bool:
    """Whether the asker may read the field of a dotted path; the id always."""
    if path == "id":
        return True
    *above, name = path.split(".")
    for part in above:
        if not rights.may(part, "read"):
            return False
        rights = rights.below(part)
    return rights.may(name, "read")


def chips(entry: Entry, query: Query) -> list[Chip]:
    """The conditions of the query's where, one chip each; a group of alternatives is one chip."""
    conditions = list(_conditions(query.where))
    made = []
    for index, condition in enumerate(conditions):
        rest = [*conditions[:index], *conditions[index + 1 :]]
        where = {"and": rest} if rest else None
        made.append(Chip(_words(entry, condition), query.url(where=where, page=None)))
    return made


def added(entry: Entry, query: Query, field: str, operator: str, value: str) -> str:
    """The address of the list with one more filter."""
    listed = entry.listed.get(field)
    if listed is None or operator not in WORDS:
        return query.url()
    raw = _value(listed, operator, value.strip())
    return query.url(where={"and": [*_conditions(query.where), {field: {operator: raw}}]}, page=None)


def _conditions(where: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key, value in where.items():
        if key == "and" and isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _conditions(item)
        elif key != "or" and isinstance(value, Mapping):
            for operator, operand in value.items():
                yield {key: {operator: operand}}
        else:
            yield {key: value}


def _words(entry: Entry, condition: Mapping[str, Any]) -> str:
    ((path, comparison),) = condition.items()
    if path == "or":
        parts = [_words(entry, one) for item in comparison if isinstance(item, Mapping) for one in _conditions(item)]
        return " or ".join(parts) if len(parts) <= 3 else f"{len(parts)} alternatives"
    if not isinstance(comparison, Mapping):
        return path
    ((operator, value),) = comparison.items()
    listed = entry.listed.get(path)
    label = listed.label if listed else path
    if operator == "exists":
        return f"{label} {'is filled in' if str(value) in ('true', '1', 'True') else 'is empty'}"
    return f"{label} {WORDS.get(operator, operator)} {_shown(listed, value)}"


def _shown(listed: Listed | None, value: Any) -> str:
    values = value if isinstance(value, list) else str(value).split(",")
    options = {option.value: option.label for option in getattr(listed.field, "options", ())} if listed else {}
    return ", ".join(options.get(str(item), str(item)) for item in values) or "empty"


def _value(listed: Listed, operator: str, text: str) -> str:
    """The value as the API has it: options may be written by their labels, yes and no in words."""
    if operator == "exists":
        return "false" if text.lower() in ("no", "false", "0") else "true"
    words = {option.label.lower(): option.value for option in getattr(listed.field, "options", ())}
    if listed.field.stored_schema().get("type") == "boolean":
        words = {"yes": "true", "no": "false"}
    parts = text.split(",") if operator in ("in", "not_in", "all") else [text]
    return ",".join(words.get(part.strip().lower(), part.strip()) for part in parts)
