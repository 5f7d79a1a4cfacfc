"""A place in the form without a value."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from headless.declaration import Str, declaration
from headless.fields.base import Field
from headless.names import words


@declaration
class Ui(Field):
    """Something to see in the form of the admin: the template `admin.component`, or the label and the description.

    It holds no value, so nothing of it is in documents.
    """

    type: ClassVar[str] = "ui"
    widget: ClassVar[str] = "ui"

    name: Str = dataclasses.field(kw_only=False)
    label: Str | None = None

    @property
    def title(self) -> str:
        """The label, or words made of the name."""
        return self.label if self.label is not None else words(self.name)
