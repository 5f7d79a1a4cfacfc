"""Fields that can be folded away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from headless.declaration import Str, declaration
from headless.fields.base import Field, as_fields


@declaration
class Collapsible(Field):
    """Fields under a heading that can be folded in the admin. It does not change the data."""

    type: ClassVar[str] = "collapsible"
    widget: ClassVar[str] = "collapsible"

    label: Str = dataclasses.field(kw_only=False)
    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]

    @property
    def children(self) -> Sequence[Field]:
        return self.fields

    def rename(self, label: str) -> str:
        return f"{label} > {self.label}" if label else self.label
