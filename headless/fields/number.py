"""A number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import operators
from headless.declaration import declaration
from headless.fields.base import REQUIRED, DataField, FieldContext
from headless.fields.several import Several
from headless.operators import Never, Operator, as_text

INVALID = "Please enter a valid number."
LARGEST_INTEGER = 2**53
LARGEST_SAFE = 2**53 - 1


def to_number(value: Any) -> Any:
    """A number or the number that a text spells, as JavaScript would keep it; anything else unchanged."""
    if isinstance(value, str):
        return _spelled(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else _double(value)
    return int(value) if value.is_integer() and abs(value) <= LARGEST_INTEGER else value


def _spelled(value: str) -> Any:
    text = value.strip()
    if not text:
        return None
    if len(text) > 400 or not text.isascii() or "_" in text:
        return value
    try:
        return to_number(int(text) if text.lstrip("+-").isdigit() else float(text))
    except ValueError:
        return value


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def whole(given: Any) -> int | None:
    """The whole number that a value is, or that a text spells in the one way it is written; else None."""
    if isinstance(given, str):
        digits = given.removeprefix("-")
        spelled = digits.isascii() and digits.isdigit() and len(digits) <= 19
        return int(given) if spelled and (digits[0] != "0" or given == "0") else None
    if isinstance(given, float) and given.is_integer():
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _shown(numbers: list[Any]) -> str:
    return ",".join(as_text(to_number(number)) for number in numbers)


@declaration
class Numeric(DataField):
    """One number."""

    storage: ClassVar[sa.types.TypeEngine[Any]] = sa.Numeric().with_variant(sa.Double(), "postgresql")
    id_column: ClassVar[sa.types.TypeEngine[Any]] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    id_rule: ClassVar[str] = "An id is a whole number."
    holds: ClassVar[tuple[Any, ...]] = (int, float)

    min: float | None = None
    max: float | None = None

    def coerce(self, value: Any) -> Any:
        return to_number(value)

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        if self.required and not isinstance(value, int | float):
            return REQUIRED
        return self.check_number(value, [value])

    def check_number(self, value: Any, told: list[Any]) -> str | None:
        """What is wrong with a value that is there, or None; a message tells the numbers `told`."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return INVALID
        if self.max is not None and value > self.max:
            return f"{_shown(told)} is greater than the max allowed Value of {_shown([self.max])}."
        if self.min is not None and value < self.min:
            return f"{_shown(told)} is less than the min allowed Value of {_shown([self.min])}."
        return None

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        value = to_number(raw)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Never
        return value

    @property
    def id_schema(self) -> dict[str, Any]:
        return {**self.stored_schema(), "type": "integer"}

    def read_id(self, given: Any) -> int | None:
        id = whole(given)
        return id if id is not None and abs(id) <= LARGEST_SAFE else None

    def stored_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if self.min is not None:
            schema["minimum"] = self.min
        if self.max is not None:
            schema["maximum"] = self.max
        return schema


@declaration
class Number(Several, Numeric):
    """A number, whole or not, or with `has_many` a list of them. A text that spells one is read as one.

    `min_rows` and `max_rows` limit how many there are in a list.
    """

    type: ClassVar[str] = "number"
    widget: ClassVar[str] = "number"
    example: ClassVar[Any] = 4.5

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.NUMBERS if self.has_many else operators.NUMBER

    def check_item(self, item: Any, items: list[Any]) -> str | None:
        return self.check_number(item, items)
