"""Values on their way: what a database gave, as both are compared, and as the other one takes it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from headless.database.dialect import Dialect
from headless.database.types import OrderedJson

_LARGEST: Final = 2**63
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000", re.ASCII)
_TEXT_WITH_NUL: Final = "a text with the character NUL, which PostgreSQL does not store"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds. `canonical` is a value as the platform reads it, whichever database it is from.

    `trouble` says why a value, which is not None, is none for the column, or None. It is also told whether the
    database is one that keeps to types, where SQLite takes what it is given.
    """

    canonical: Callable[[Any], Any]
    trouble: Callable[[Any, bool], str | None]
    is_json: bool = False


def kind_of(column: sa.Column[Any]) -> Kind:
    """The kind of a declared column."""
    type_ = column.type
    if isinstance(type_, OrderedJson):
        return _ORDERED
    if isinstance(type_, sa.JSON):
        return _JSON
    if isinstance(type_, sa.LargeBinary):
        return _BYTES
    if isinstance(type_, sa.Numeric):
        return _NUMBER
    return _WHOLE if isinstance(type_, sa.Integer | sa.Boolean) else _TEXT


def judge(column: sa.Column[Any], taken_by: Dialect) -> Callable[[Any], str | None]:
    """Says why a value, which is not None, cannot be stored in the column by another database, or None."""
    if isinstance(column.type.dialect_impl(taken_by.sqlalchemy), sa.Boolean):
        return _flag_trouble
    trouble, typed = kind_of(column).trouble, taken_by.name != "sqlite"
    return lambda value: trouble(value, typed)


def encoder(column: sa.Column[Any], given_by: Dialect, taken_by: Dialect) -> Callable[[Any], Any] | None:
    """What makes of one database's value what the driver of the other takes; None where they are the same."""
    if given_by.name == taken_by.name:
        return None
    if isinstance(column.type.dialect_impl(taken_by.sqlalchemy), sa.Boolean):
        return _flag
    # PostgreSQL puts spaces into JSON; the platform compares JSON in SQLite as it writes it.
    return _compact if kind_of(column).is_json and taken_by.name == "sqlite" else None


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _compact(text: str | None) -> str | None:
    return None if text is None else orjson.dumps(orjson.loads(text)).decode()


def number(value: Any) -> Any:
    """A number as it is compared: whole ones as integers, as far as those reach."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return float(value) if isinstance(value, int) and not -_LARGEST <= value < _LARGEST else value


def _within_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _within_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_within_json(item) for item in value]
    return value if isinstance(value, bool) or not isinstance(value, int | float) else number(value)


def _json(text: str) -> Any:
    return _within_json(orjson.loads(text))


def _ordered(text: str) -> str:
    """As a text, in which the keys keep their order."""
    return orjson.dumps(_json(text)).decode()


def _same(value: Any) -> Any:
    return value


def _text_trouble(value: Any, typed: bool) -> str | None:
    if not isinstance(value, str):
        return "not a text"
    return _TEXT_WITH_NUL if typed and "\0" in value else None


def _json_trouble(value: Any, typed: bool) -> str | None:
    try:
        orjson.loads(value)
    except ValueError:
        return "not JSON"
    return _TEXT_WITH_NUL if typed and _NUL.search(value) else None


def _number_trouble(value: Any, typed: bool) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "not a number"
    return (
        "a whole number of more digits than PostgreSQL keeps in a number" if typed and float(value) != value else None
    )


def _whole_trouble(value: Any, typed: bool) -> str | None:
    return None if isinstance(value, int) else "not a whole number"


def _flag_trouble(value: Any) -> str | None:
    return None if value in (0, 1) else "neither true nor false"


def _bytes_trouble(value: Any, typed: bool) -> str | None:
    return None if isinstance(value, bytes) else "not bytes"


_TEXT: Final = Kind(_same, _text_trouble)
_JSON: Final = Kind(_json, _json_trouble, is_json=True)
_ORDERED: Final = Kind(_ordered, _json_trouble, is_json=True)
_NUMBER: Final = Kind(number, _number_trouble)
_WHOLE: Final = Kind(number, _whole_trouble)
_BYTES: Final = Kind(bytes.hex, _bytes_trouble)
