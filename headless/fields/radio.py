"""One of a few options, all in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.declaration import declaration
from headless.fields.base import REQUIRED, DataField, FieldContext
from headless.fields.select import INVALID, as_options, option_problems
from headless.operators import Never


@declaration
class Radio(DataField):
    """One of `options`, shown as buttons. `admin.layout` is `horizontal` or `vertical`."""

    type: ClassVar[str] = "radio"
    widget: ClassVar[str] = "radio"
    example: ClassVar[Any] = "wide"

    options: Annotated[Any, BeforeValidator(as_options)]

    @property
    def choices(self) -> frozenset[str]:
        """The values that can be chosen."""
        return frozenset(option.value for option in self.options)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        yield from option_problems(self)

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == "":
            return REQUIRED if self.required else None
        return None if isinstance(value, str) and value in self.choices else INVALID

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        if not isinstance(raw, str):
            raise Never
        return raw

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [option.value for option in self.options]}
