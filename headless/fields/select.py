"""One or several of a list of options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from headless import operators
from headless.declaration import Bool, declaration
from headless.fields.base import REQUIRED, FieldContext
from headless.fields.choice import INVALID, Choice
from headless.operators import Operator


@declaration
class Select(Choice):
    """One of `options`, or with `has_many` a list of some of them."""

    type: ClassVar[str] = "select"
    widget: ClassVar[str] = "select"
    example: ClassVar[Any] = "new"

    has_many: Bool = False

    @property
    def has_list(self) -> bool:
        return self.has_many

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.TEXTS if self.has_many else operators.TEXT

    def empty(self) -> Any:
        return [] if self.has_many else None

    def coerce(self, value: Any) -> Any:
        if self.has_many and value is None:
            return []
        if self.has_many and isinstance(value, str):
            return [value] if value else []
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        return self._check_list(value) if self.has_many else super().check(value, context)

    def _check_list(self, value: Any) -> str | None:
        if not isinstance(value, list):
            return INVALID
        if not value:
            return REQUIRED if self.required else None
        if not all(isinstance(item, str) and item in self.choices for item in value):
            return INVALID
        if len(set(value)) != len(value):
            repeated = ", ".join(f'"{item}"' for item in value if value.count(item) > 1)
            return f"This field has the following invalid selections: {repeated}"
        return None

    def json_schema(self) -> dict[str, Any]:
        item = super().json_schema()
        return {"type": "array", "items": item} if self.has_many else item
