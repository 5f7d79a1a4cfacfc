"""Which keys of a document an answer holds: `select` of the wire, to include or to exclude."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headless.errors import BadRequest

_YES = (True, "true", "1", 1)
_NO = (False, "false", "0", 0)


@dataclass(frozen=True, slots=True)
class Selection:
    """A tree of keys to show, or with `including` false to leave out; a subtree selects inside a key."""

    including: bool
    keys: tuple[tuple[str, Selection | None], ...]

    @property
    def shape(self) -> Hashable:
        """What identifies the selection in a cache."""
        return self

    def of(self, key: str) -> Selection | bool:
        """Whether a key is shown, or what of it."""
        for name, inner in self.keys:
            if name == key:
                return inner if inner is not None else self.including
        return not self.including

    def forced(self, others: Selection) -> Selection:
        """The selection that also shows what `others`, which includes, shows."""
        keys = dict(self.keys)
        for key, inner in others.keys:
            known = key in keys
            own = keys.pop(key, None)
            partly = own.forced(inner) if own is not None and inner is not None else None
            if self.including:
                keys[key] = partly if known else inner
            elif partly is not None:
                keys[key] = partly
        return Selection(self.including, tuple(sorted(keys.items())))

    def within(self, kind: str) -> Selection | bool:
        """What is shown of a part of some kind, where there are several; else of any part."""
        return self.of(kind) if kind else self

    def trim(self, value: Any) -> Any:
        """Rows or a nested object with only the selected keys; ids of rows stay."""
        if isinstance(value, list):
            return [self.trim(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        kept: dict[str, Any] = {}
        for key, item in value.items():
            wanted = True if key == "id" else self.of(key)
            if wanted is not False:
                kept[key] = item if wanted is True else wanted.trim(item)
        return kept


def shown_by(selection: Selection | None, path: Sequence[str]) -> bool:
    """Whether a selection shows the value under a path of keys."""
    for key in path:
        if selection is None:
            return True
        wanted = selection.of(key)
        if isinstance(wanted, bool):
            return wanted
        selection = wanted
    return True


def parse_selection(given: Any) -> Selection | None:
    """Reads a `select` mapping; any `false` in it makes the whole tree one of exclusions. None selects everything."""
    if given is None or given == "" or given == {}:
        return None
    if isinstance(given, list | tuple) and all(isinstance(item, str) for item in given):
        given = dict.fromkeys(given, True)
    if not isinstance(given, Mapping):
        raise BadRequest("'select' maps field names to true or false.")
    return _parse(given, including=not _excludes(given), depth=0)


def _excludes(given: Mapping[str, Any]) -> bool:
    return any(_excludes(item) if isinstance(item, Mapping) else item in _NO for item in given.values())


def _parse(given: Mapping[str, Any], *, including: bool, depth: int) -> Selection:
    if depth > 20:
        raise BadRequest("'select' is nested too deeply.")
    keys: list[tuple[str, Selection | None]] = []
    for key, item in sorted(given.items(), key=lambda pair: str(pair[0])):
        if isinstance(item, Mapping):
            keys.append((str(key), _parse(item, including=including, depth=depth + 1)))
        elif item in _YES or item in _NO:
            keys.append((str(key), None))
        else:
            raise BadRequest("'select' maps field names to true or false.")
    return Selection(including, tuple(keys))
