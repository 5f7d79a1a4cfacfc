"""A moment in time."""

from __future__ import annotations

from typing import Any, ClassVar

from headless.clock import parse_date
from headless.declaration import declaration
from headless.errors import BadRequest
from headless.fields.base import REQUIRED, DataField, FieldContext


@declaration
class Date(DataField):
    """A moment in UTC, `2026-01-31T09:30:00.000Z`. A bare day is its midnight. `default_value="now"` is the present."""

    type: ClassVar[str] = "date"
    widget: ClassVar[str] = "date"
    example: ClassVar[Any] = "2026-01-31T09:30:00.000Z"

    def default(self, context: FieldContext) -> Any:
        return context.now() if self.default_value == "now" else super().default(context)

    def coerce(self, value: Any) -> Any:
        if value == "":
            return None
        if isinstance(value, str):
            return parse_date(value) or value
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        if not isinstance(value, str) or parse_date(value) != value:
            return f'"{str(value)[:100]}" is not a valid date.'
        return None

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        value = parse_date(raw) if isinstance(raw, str) else None
        if value is None:
            raise BadRequest(f'"{str(raw)[:100]}" is not a valid date.')
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}
