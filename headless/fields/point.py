"""A point on the globe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import operators
from headless.declaration import declaration
from headless.fields.base import ABSENT, JSON_TEXT, REQUIRED, DataField, FieldContext
from headless.fields.number import to_number
from headless.operators import Never, Operator

INVALID = "This field has an invalid input."
TWO_NUMBERS = "This field requires two numbers."


@declaration
class Point(DataField):
    """A longitude and a latitude in degrees, `[13.405, 52.52]`. Without a value there is no key."""

    type: ClassVar[str] = "point"
    widget: ClassVar[str] = "point"
    storage: ClassVar[sa.types.TypeEngine[Any]] = JSON_TEXT
    example: ClassVar[Any] = [12.5, -3.25]

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.POINT

    def empty(self) -> Any:
        return ABSENT

    def coerce(self, value: Any) -> Any:
        return [to_number(item) for item in value] if isinstance(value, list | tuple) else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == []:
            return self._check_missing(value, context)
        if not isinstance(value, list) or len(value) != 2 or not all(_is_number(item) for item in value):
            return TWO_NUMBERS if self.required else INVALID
        longitude, latitude = value
        if not -180 <= longitude <= 180:
            return "Longitude must be between -180 and 180."
        return None if -90 <= latitude <= 90 else "Latitude must be between -90 and 90."

    def _check_missing(self, value: Any, context: FieldContext) -> str | None:
        if value == []:
            return TWO_NUMBERS if self.required else INVALID
        if not self.required:
            return None
        return REQUIRED if self.name in context.sibling_data else TWO_NUMBERS

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        value = self.coerce(raw.split(",") if isinstance(raw, str) else raw)
        if not isinstance(value, list) or len(value) != 2 or not all(_is_number(item) for item in value):
            raise Never
        return value

    def stored_schema(self) -> dict[str, Any]:
        longitude = {"type": "number", "minimum": -180, "maximum": 180}
        latitude = {"type": "number", "minimum": -90, "maximum": 90}
        return {
            "type": "array", "items": {"type": "number"}, "prefixItems": [longitude, latitude],
            "minItems": 2, "maxItems": 2,
        }  # fmt: skip

    def query_schema(self) -> dict[str, Any]:
        return self.stored_schema()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
