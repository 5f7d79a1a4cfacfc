"""Source text."""

from __future__ import annotations

from typing import Any, ClassVar

from headless.declaration import declaration
from headless.fields.base import REQUIRED, FieldContext
from headless.fields.text import Written


@declaration
class Code(Written):
    """Source text, of any length unless `max_length` says otherwise. `admin.language` says which language it is in.

    A required one must be given, but may be empty; null is written as an empty one (as a Payload server takes it).
    """

    type: ClassVar[str] = "code"
    widget: ClassVar[str] = "code"
    example: ClassVar[Any] = "for post in posts:\n    print(post)"
    longest: ClassVar[int | None] = None

    def coerce(self, value: Any) -> Any:
        return "" if value is None and self.required else super().coerce(value)

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        return None if value == "" else self.check_text(value)
