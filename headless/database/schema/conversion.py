"""Values that a column held, as what it is declared to hold now; what cannot be kept is said, value by value.

What values are is told by a mapping, `Holds`: `type` is string, number, boolean, id, object, array or any; `format` is
date-time; `options` lists the only texts; `to` names the tables that ids are of, and `polymorphic` says that each comes
with its own; `many` makes it a list. `localized` names the locale that a value without one belongs to. Rows have
`rows`: by kind, what stands under each key; `by` is the key that tells the kind. `was` is the key that had the value
before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from headless.clock import parse_date
from headless.database.schema.state import Column, Holds
from headless.operators import as_text

Losses = list[str]
"""Why values could not be kept."""

_SPELLED: Final = {"true": True, "1": True, "false": False, "0": False}
_NOTHING: Final = object()


def decoded(stored: Any, column: Column) -> Any:
    """A stored value as documents have it."""
    if stored is None:
        return None
    if column.is_json:
        return orjson.loads(stored)
    return bool(stored) if column.holds.get("type") == "boolean" else stored


def encoded(value: Any, column: Column) -> Any:
    """A document's value as the column stores it."""
    if value is None:
        return None
    if column.is_json:
        return orjson.dumps(value).decode()
    return value


def converted(value: Any, old: Holds, new: Holds, losses: Losses) -> Any:
    """A column's value, with its locales where it has any."""
    if value is None or not old or not new:
        return value
    before, after = old.get("localized"), new.get("localized")
    if before and after:
        return {code: _value(item, old, new, losses) for code, item in value.items()}
    if after:
        return {after: _value(value, old, new, losses)}
    if before:
        losses += [f"it is also there in the locale {code}" for code in value if code != before]
        return _value(value.get(before), old, new, losses)
    return _value(value, old, new, losses)


def keeps(old: Holds, new: Holds) -> bool:
    """Whether every value stays as it is, so that none has to be looked at."""
    if not old or not new or old == new:
        return True
    if bool(old.get("localized")) != bool(new.get("localized")) or old.get("many") != new.get("many"):
        return False
    if "rows" in old and "rows" in new:
        kept = [_keeps_rows(fields, new["rows"].get(kind)) for kind, fields in old["rows"].items()]
        return all(kept) and old.get("by") == new.get("by")
    if "rows" in old or "rows" in new:
        return False
    if new.get("type") == "any":
        return old.get("type") in ("object", "array", "any")
    same = all(old.get(name) == new.get(name) for name in ("type", "polymorphic"))
    return same and _is_wider(old, new)


def renamed(old: Holds, new: Holds) -> tuple[Holds, Holds]:
    """The two with their `was` turned round: for the way back."""
    back = {
        kind: _called_before(fields, new.get("rows", {}).get(kind, {})) for kind, fields in old.get("rows", {}).items()
    }
    return without_was(new), ({**old, "rows": back} if back else old)


def _called_before(old: Mapping[str, Holds], new: Mapping[str, Holds]) -> dict[str, Holds]:
    before = {str(item["was"]): key for key, item in new.items() if item.get("was") in old}
    return {key: {**item, "was": before[key]} if key in before else item for key, item in old.items()}


def without_was(holds: Holds) -> Holds:
    """What values are, without what they were called before."""
    if "rows" not in holds:
        return {name: item for name, item in holds.items() if name != "was"}
    rows = {kind: {key: without_was(item) for key, item in fields.items()} for kind, fields in holds["rows"].items()}
    return {**{name: item for name, item in holds.items() if name != "was"}, "rows": rows}


def _is_wider(old: Holds, new: Holds) -> bool:
    if new.get("format") not in (None, old.get("format")):
        return False
    for name in ("options", "to"):
        if new.get(name) is not None and not set(old.get(name) or [_NOTHING]) <= set(new[name]):
            return False
    return True


def _keeps_rows(old: Mapping[str, Holds], new: Mapping[str, Holds] | None) -> bool:
    return new is not None and all(key in old and keeps(old[key], item) for key, item in new.items())


def _value(value: Any, old: Holds, new: Holds, losses: Losses) -> Any:
    if value is None:
        return None
    if "rows" in old and "rows" in new:
        return _rows(value, old, new, losses)
    if new.get("type") == "any" and not new.get("many"):
        return value
    if "rows" in old or "rows" in new:
        losses.append("rows and single values cannot become each other")
        return None
    items = value if old.get("many") and isinstance(value, list) else [value]
    made = [item for item in (_one(item, old, new, losses) for item in items) if item is not _NOTHING]
    if new.get("many"):
        return made
    if len(made) > 1:
        losses.append(f"it holds {len(made)} values")
    return made[0] if made else None


def _one(value: Any, old: Holds, new: Holds, losses: Losses) -> Any:
    if value is None:
        return _NOTHING
    if old.get("polymorphic") and not new.get("polymorphic"):
        return _plain_reference(value, new, losses)
    made = _TYPES[new.get("type", "any")](value, old, losses)
    if made is _NOTHING:
        return made
    if new.get("polymorphic"):
        made = _with_table(made, old, new, losses)
    elif new.get("to") and old.get("to") and not set(old["to"]) <= set(new["to"]):
        return _lost(f"it refers to {' or '.join(old['to'])}", losses)
    if new.get("options") is not None and made not in new["options"]:
        return _lost(f"{_shown(made)} is none of the options", losses)
    return _date(made, losses) if new.get("format") == "date-time" and old.get("format") != "date-time" else made


def _string(value: Any, old: Holds, losses: Losses) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return as_text(value)
    return _lost(f"{_shown(value)} is no text", losses)


def _number(value: Any, old: Holds, losses: Losses) -> Any:
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    text = value.strip() if isinstance(value, str) else ""
    if text == "" and isinstance(value, str):
        return _NOTHING
    try:
        return int(text) if text.lstrip("+-").isdigit() else _finite(float(text))
    except ValueError:
        return _lost(f"{_shown(value)} is no number", losses)


def _finite(number: float) -> float:
    if number - number != 0:
        raise ValueError
    return number


def _boolean(value: Any, old: Holds, losses: Losses) -> Any:
    if isinstance(value, bool):
        return value
    spelled = as_text(value).lower() if isinstance(value, str | int | float) else ""
    if spelled == "" and isinstance(value, str):
        return _NOTHING
    return _SPELLED[spelled] if spelled in _SPELLED else _lost(f"{_shown(value)} is neither true nor false", losses)


def _id(value: Any, old: Holds, losses: Losses) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    return value if old.get("polymorphic") else _lost(f"{_shown(value)} is no id", losses)


def _json(value: Any, old: Holds, losses: Losses) -> Any:
    return value


def _opaque(name: str, kind: type) -> Callable[[Any, Holds, Losses], Any]:
    def same(value: Any, old: Holds, losses: Losses) -> Any:
        if old.get("type") in (name, "any") and isinstance(value, kind):
            return value
        return _lost(f"{_shown(value)} cannot be read as one", losses)

    return same


_TYPES: Final[Mapping[str, Callable[[Any, Holds, Losses], Any]]] = {
    "string": _string,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "id": _id,
    "any": _json,
    "object": _opaque("object", dict),
    "array": _opaque("array", list),
}


def _date(value: Any, losses: Losses) -> Any:
    if value == "":
        return _NOTHING
    found = parse_date(value)
    return found if found is not None else _lost(f"{_shown(value)} is no date", losses)


def _with_table(value: Any, old: Holds, new: Holds, losses: Losses) -> Any:
    if old.get("polymorphic"):
        kept = value.get("relationTo") in new["to"]
        return value if kept else _lost(f"it refers to {value.get('relationTo')}", losses)
    targets = old.get("to") or []
    if len(targets) != 1 or targets[0] not in new["to"]:
        return _lost(f"{_shown(value)} does not say what it refers to", losses)
    return {"relationTo": targets[0], "value": value}


def _plain_reference(value: Any, new: Holds, losses: Losses) -> Any:
    if isinstance(value, Mapping) and new.get("type") == "id" and value.get("relationTo") in new.get("to", ()):
        return value.get("value")
    return _lost(f"it refers to {value.get('relationTo')}" if isinstance(value, Mapping) else "it is no id", losses)


def _rows(value: Any, old: Holds, new: Holds, losses: Losses) -> Any:
    parts = [value] if isinstance(value, dict) else value
    made = [kept for kept in (_part(part, old, new, losses) for part in parts) if kept is not _NOTHING]
    return (made[0] if made else None) if isinstance(value, dict) else made


def _part(part: dict[str, Any], old: Holds, new: Holds, losses: Losses) -> Any:
    kind = str(part.get(old["by"], "")) if old.get("by") else ""
    before, after = old["rows"].get(kind, {}), new["rows"].get(kind)
    if after is None:
        return _lost(f"there are no more rows of the kind {kind!r}", losses)
    made = dict(part)
    for key, holds in after.items():
        source = key if key in before else str(holds.get("was") or key)
        if source in before:
            value = made.pop(source, None) if source != key else made.get(key)
            if value is not None:
                made[key] = converted(value, before[source], holds, losses)
        else:
            # What stood there under another declaration is nothing that this one knows of.
            made.pop(key, None)
    return made


def _lost(reason: str, losses: Losses) -> Any:
    losses.append(reason)
    return _NOTHING


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
