"""Rows of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.declaration import declaration
from headless.fields.base import Field, Schema, as_fields
from headless.fields.rows import Rows
from headless.operators import Operator


@declaration
class Array(Rows):
    """An ordered list of rows, each with the same `fields` and an id that it keeps."""

    type: ClassVar[str] = "array"
    widget: ClassVar[str] = "array"
    example: ClassVar[Any] = [{"id": "65f1f1f1f1f1f1f1f1f1f1f1", "inner": "A quiet launch"}]

    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]

    @property
    def children(self) -> Sequence[Field]:
        return self.fields

    @property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        return {"": self.fields}

    @property
    def operators(self) -> Mapping[str, Operator]:
        return {}

    def stored_schema(self) -> Schema:
        return {"type": "array"}

    def item_schema(self, parts: Mapping[str, Schema]) -> Schema:
        return parts[""]
