"""What a form was made from: a mark of each value, so that two people's changes to one document can be told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def mark(value: Any) -> str:
    """A short mark of a value; what is empty in a form has one mark, however it is stored."""
    filled = _filled(value)
    if filled is None or filled is False or filled in ("", [], {}):
        return "-"
    text = json.dumps(filled, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _filled(value: Any) -> Any:
    """The value without what is empty in it, so that a form that leaves an empty field out changes nothing."""
    if isinstance(value, Mapping):
        return {key: _filled(item) for key, item in value.items() if mark(item) != "-"}
    if isinstance(value, list | tuple):
        return [_filled(item) for item in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether a form would show the two values alike."""
    return mark(one) == mark(other)


def of(document: Mapping[str, Any]) -> str:
    """The marks of a document's values as one text, which the form carries."""
    return " ".join(f"{name}:{mark(value)}" for name, value in document.items() if name != "updatedAt")


def _marks(revision: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in revision.split(" ") if ":" in part)


@dataclass(frozen=True, slots=True)
class Merge:
    """A form laid over a document that somebody else has changed meanwhile.

    `data` is what the form shows next: theirs where only they changed a value, mine elsewhere. `both` holds their
    values of the fields that both changed, `taken` names those that are theirs.
    """

    data: dict[str, Any]
    both: dict[str, Any]
    taken: list[str]


def merge(revision: str, mine: Mapping[str, Any], document: Mapping[str, Any]) -> Merge:
    """My form over the present document. Values that my form did not have are theirs without a word."""
    merged, both, taken = dict(mine), {}, []
    for name, old in _marks(revision).items():
        theirs = document.get(name)
        if name not in mine or mark(theirs) == old or same(mine[name], theirs):
            continue
        if mark(mine[name]) == old:
            merged[name] = theirs
            taken.append(name)
        else:
            both[name] = theirs
    return Merge(merged, both, taken)
