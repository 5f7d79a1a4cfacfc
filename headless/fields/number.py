"""A number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import operators
from headless.declaration import declaration
from headless.fields.base import REQUIRED, DataField, FieldContext
from headless.operators import Never, Operator, as_text

INVALID = "Please enter a valid number."
LARGEST_INTEGER = 2**53


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


@declaration
class Number(DataField):
    """A number, whole or not. A text that spells one is read as one."""

    type: ClassVar[str] = "number"
    widget: ClassVar[str] = "number"
    storage: ClassVar[sa.types.TypeEngine[Any]] = sa.Numeric().with_variant(sa.Double(), "postgresql")
    example: ClassVar[Any] = 4.5

    min: float | None = None
    max: float | None = None

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.NUMBER

    def coerce(self, value: Any) -> Any:
        return to_number(value)

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return REQUIRED if self.required and not isinstance(value, int | float) else INVALID
        if self.max is not None and value > self.max:
            return f"{as_text(value)} is greater than the max allowed Value of {as_text(to_number(self.max))}."
        if self.min is not None and value < self.min:
            return f"{as_text(value)} is less than the min allowed Value of {as_text(to_number(self.min))}."
        return None

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        value = to_number(raw)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Never
        return value

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if self.min is not None:
            schema["minimum"] = self.min
        if self.max is not None:
            schema["maximum"] = self.max
        return schema
