"""Any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa

from headless import operators
from headless.declaration import declaration
from headless.fields.base import JSON_TEXT, REQUIRED, DataField, FieldContext
from headless.operators import Operator

INVALID = "This field has an invalid input."


@declaration
class Json(DataField):
    """Any JSON value, kept as it is: key order, numbers and nulls included. A text must itself be JSON."""

    type: ClassVar[str] = "json"
    widget: ClassVar[str] = "json"
    storage: ClassVar[sa.types.TypeEngine[Any]] = JSON_TEXT
    example: ClassVar[Any] = {"k": [1, {"z": None}], "s": "é✓"}

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.EXISTENCE

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == "":
            return REQUIRED if self.required else (INVALID if value == "" else None)
        if isinstance(value, str):
            try:
                orjson.loads(value)
            except ValueError:
                return INVALID
        return None

    def json_schema(self) -> dict[str, Any]:
        return {}
