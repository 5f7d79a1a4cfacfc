"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2): `on`, `no`, dates, `1:30` and `1_000` are texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Scalar = str | int | float | bool | None

TAG = "tag:yaml.org,2002:"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)")

_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (_INTEGER, int),
    (_OCTAL, lambda text: int(text[2:], 8)),
    (_HEXADECIMAL, lambda text: int(text[2:], 16)),
    (_FLOAT, float),
    (_INFINITY, lambda text: float(text.replace(".", ""))),
    (_NOT_A_NUMBER, lambda text: float("nan")),
)


def read_plain(text: str) -> Scalar:
    """The value of a scalar without quotes. Raises ValueError for a number with thousands of digits."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        for pattern, read in _NUMBERS:
            if pattern.fullmatch(text):
                return read(text)
    return text


_TAGGED: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def read_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag such as `!!int`, quoted or not. Raises ValueError when it is not one."""
    name = tag.removeprefix(TAG)
    if tag == "!" or name == "str":
        return text
    if name not in _TAGGED:
        raise ValueError(f"the tag {short(tag)} means nothing here")
    value = read_plain(text)
    if not _TAGGED[name](value):
        raise ValueError(f"{text!r} is not what its tag {short(tag)} says")
    return float(value) if name == "float" and isinstance(value, int) else value


def short(tag: str) -> str:
    """A tag as it is written in a file."""
    return f"!!{tag.removeprefix(TAG)}" if tag.startswith(TAG) else tag
