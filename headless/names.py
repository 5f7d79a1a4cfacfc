"""Names in their several spellings: snake_case in Python, camelCase on the wire, words in labels and messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_\s]+")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_UNCOUNTABLE = frozenset({"media", "news", "series", "staff", "equipment", "information", "data", "content"})
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "mice": "mouse"}


def snake(name: str) -> str:
    """`maxLength` → `max_length`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def camel(name: str) -> str:
    """`max_length` → `maxLength`."""
    head, *tail = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def words(name: str) -> str:
    """`featuredNote`, `featured_note` and `featured-note` → `Featured Note`."""
    parts = [part for part in _BOUNDARY.split(name) if part]
    return " ".join(part[:1].upper() + part[1:] for part in parts)


def singular(word: str) -> str:
    """The singular of the last word of an English label: `Blog Posts` → `Blog Post`."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_singular_word(last)}".strip()


def plural(word: str) -> str:
    """The plural of the last word of an English label: `Category` → `Categories`."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_plural_word(last)}".strip()


def _singular_word(word: str) -> str:
    low = word.lower()
    if low in _UNCOUNTABLE or low.endswith("ss"):
        return word
    if low in _IRREGULAR:
        return _like(word, _IRREGULAR[low])
    if low.endswith("ies") and len(low) > 4:
        return word[:-3] + "y"
    if low.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if low.endswith("s") and not low.endswith(("us", "is")):
        return word[:-1]
    return word


def _plural_word(word: str) -> str:
    low = word.lower()
    if low in _UNCOUNTABLE or low in _IRREGULAR:
        return word
    for many, one in _IRREGULAR.items():
        if low == one:
            return _like(word, many)
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def _like(model: str, word: str) -> str:
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def is_field_name(name: str) -> bool:
    """Whether `name` can name a field: a letter or underscore, then letters, digits and underscores."""
    return _FIELD_NAME.fullmatch(name) is not None


def is_slug(name: str) -> bool:
    """Whether `name` can be a collection's slug: lower-case words joined by `-` or `_`."""
    return _SLUG.fullmatch(name) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None when none is close."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A clause for an error message: ` – did you mean 'max_length'?`, or nothing."""
    near = nearest(name, known)
    return f" – did you mean {near!r}?" if near else ""
