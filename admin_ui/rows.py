"""Rows added, moved, copied and removed by a form's buttons, on the data that the form was read into."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Data = dict[str, Any]


def act(data: Data, action: str, path: str, fresh: Callable[[], Data] = dict) -> str | None:
    """Does what a button says to the rows at a path, and answers the path to look at next.

    `add:links` appends what `fresh` makes; `up`, `down`, `copy` and `remove` take the path of a row, `links.1`. None
    when there is nothing there.
    """
    if action == "add":
        rows = _rows(data, path, make=True)
        if rows is None:
            return None
        rows.append(fresh())
        return f"{path}.{len(rows) - 1}"
    above, _, last = path.rpartition(".")
    rows = _rows(data, above)
    if rows is None or not last.isdigit() or int(last) >= len(rows) or action not in ACTIONS:
        return None
    place = ACTIONS[action](rows, int(last))
    return above if place is None else f"{above}.{place}"


def _up(rows: list[Any], index: int) -> int:
    return _swap(rows, index, max(index - 1, 0))


def _down(rows: list[Any], index: int) -> int:
    return _swap(rows, index, min(index + 1, len(rows) - 1))


def _swap(rows: list[Any], index: int, other: int) -> int:
    rows[index], rows[other] = rows[other], rows[index]
    return other


def _copy(rows: list[Any], index: int) -> int:
    rows.insert(index + 1, without_ids(copy.deepcopy(rows[index])))
    return index + 1


def _remove(rows: list[Any], index: int) -> int | None:
    del rows[index]
    return None


ACTIONS: Mapping[str, Callable[[list[Any], int], int | None]] = {
    "up": _up, "down": _down, "copy": _copy, "remove": _remove,
}  # fmt: skip


def without_ids(row: Data) -> Data:
    """A row as a new one: its own id and those of the rows inside it are given afresh."""
    return {
        key: [without_ids(item) if isinstance(item, dict) and "id" in item else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in row.items()
        if key != "id"
    }


def _rows(data: Data, path: str, *, make: bool = False) -> list[Any] | None:
    """The list at a path. Missing levels are made where a row is to be added."""
    value: Any = data
    *above, last = path.split(".")
    for part in above:
        value = _inside(value, part, make)
    if not isinstance(value, dict):
        return None
    if make and not value.get(last):
        value[last] = []
    found = value.get(last)
    return found if isinstance(found, list) else None


def _inside(value: Any, part: str, make: bool) -> Any:
    if isinstance(value, list):
        return value[int(part)] if part.isdigit() and int(part) < len(value) else None
    if not isinstance(value, dict):
        return None
    return value.setdefault(part, {}) if make else value.get(part)


def field_at(fields: Sequence[Any], path: str, data: Any = None) -> Any | None:
    """The field that a path leads to, whatever arranges it and whatever row it is in.

    Rows of several kinds are told apart by `data`, the level that the fields are of; or the path has the kind in the
    row's place: `layout.hero.heading`.
    """
    name, _, rest = path.partition(".")
    for field in fields:
        if field.key is None:
            if (found := field_at(field.children, path, data)) is not None:
                return found
        elif field.key == name:
            return _inside_of(field, rest, data.get(name) if isinstance(data, Mapping) else None) if rest else field
    return None


def _inside_of(field: Any, path: str, value: Any) -> Any | None:
    """The field that a path leads to inside another."""
    name, _, rest = path.partition(".")
    if name.isdigit():
        row = value[int(name)] if isinstance(value, list) and int(name) < len(value) else None
        kind = field.level_of(row) if isinstance(row, Mapping) else ""
        return field_at(field.levels.get(kind, ()), rest, row) if rest else None
    if field.level_key is not None:
        return field_at(field.levels.get(name, ()), rest) if rest else None
    return field_at(field.children, path, value)
