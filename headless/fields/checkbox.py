"""A yes or no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import operators
from headless.declaration import declaration
from headless.fields.base import ABSENT, DataField, FieldContext
from headless.operators import Never, Operator

INVALID = "This field can only be equal to true or false."
_SPELLED = {"true": True, "1": True, "false": False, "0": False, "": False}
_STORED: Mapping[Any, bool | None] = {None: None, 0: False, 1: True}


@declaration
class Checkbox(DataField):
    """A yes or no. A required one is no until it is set."""

    type: ClassVar[str] = "checkbox"
    widget: ClassVar[str] = "checkbox"
    storage: ClassVar[sa.types.TypeEngine[Any]] = sa.SmallInteger().with_variant(sa.Boolean(), "postgresql")
    holds: ClassVar[tuple[Any, ...]] = (bool,)
    example: ClassVar[Any] = True
    load: ClassVar[Callable[[Any], Any] | None] = _STORED.get

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.CHECKBOX

    @property
    def needed(self) -> bool:
        return False

    def default(self, context: FieldContext) -> Any:
        if self.default_value is None:
            return False if self.required else ABSENT
        return super().default(context)

    def coerce(self, value: Any) -> Any:
        if isinstance(value, str):
            return _SPELLED.get(value, value)
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if isinstance(value, bool) or (value is None and not self.required):
            return None
        return INVALID

    def query_value(self, raw: Any) -> Any:
        if raw is None or isinstance(raw, bool):
            return raw
        spelled = str(raw).lower()
        if spelled == "null":
            return None
        if spelled not in _SPELLED or spelled == "":
            raise Never
        return _SPELLED[spelled]

    def stored_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}
