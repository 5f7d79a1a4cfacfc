"""An e-mail address."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from headless.declaration import declaration
from headless.fields.base import ABSENT, FieldContext
from headless.fields.text import Written

INVALID = "Please enter a valid email address."

LONGEST = 254
_LOCAL = r"[^\s@\"'<>()\[\],;:\\.]+(?:\.[^\s@\"'<>()\[\],;:\\.]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])")


def is_address(value: str) -> bool:
    """Whether the text is one plain address: no quotes, spaces or `..`, a top-level domain of two letters or more."""
    return len(value) <= LONGEST and _ADDRESS.fullmatch(value) is not None


@declaration
class Email(Written):
    """An e-mail address, kept as it is written."""

    type: ClassVar[str] = "email"
    widget: ClassVar[str] = "email"
    example: ClassVar[Any] = "ada@example.com"

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == "":
            return INVALID if self.required else None
        if not isinstance(value, str) or not is_address(value):
            return INVALID
        return super().check(value, context)

    def for_copy(self, value: Any) -> Any:
        return ABSENT

    def stored_schema(self) -> dict[str, Any]:
        longest = LONGEST if self.max_length is None else min(LONGEST, self.max_length)
        return {**super().stored_schema(), "format": "email", "pattern": f"^{_ADDRESS.pattern}$", "maxLength": longest}
