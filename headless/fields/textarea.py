"""Text of several lines."""

from __future__ import annotations

from typing import Any, ClassVar

from headless.declaration import declaration
from headless.fields.text import Written


@declaration
class Textarea(Written):
    """Text of several lines. Limits as for Text; `admin.rows` is the height of the box."""

    type: ClassVar[str] = "textarea"
    widget: ClassVar[str] = "textarea"
    example: ClassVar[Any] = "We launched on a Tuesday,\nwithout a countdown."
