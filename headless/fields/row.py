"""Fields side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from headless.declaration import declaration
from headless.fields.base import Field, as_fields


@declaration
class Row(Field):
    """Fields side by side in the admin; their `admin.width` shares the line. It does not change the data."""

    type: ClassVar[str] = "row"
    widget: ClassVar[str] = "row"

    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]

    @property
    def children(self) -> Sequence[Field]:
        return self.fields
