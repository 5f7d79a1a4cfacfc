"""One of a few options, all in sight."""

from __future__ import annotations

from typing import Any, ClassVar

from headless.declaration import declaration
from headless.fields.base import FieldContext
from headless.fields.choice import Choice


@declaration
class Radio(Choice):
    """One of `options`, shown as buttons. `admin.layout` is `horizontal` or `vertical`."""

    type: ClassVar[str] = "radio"
    widget: ClassVar[str] = "radio"
    example: ClassVar[Any] = "wide"

    def check(self, value: Any, context: FieldContext) -> str | None:
        return super().check(None if value == "" else value, context)
