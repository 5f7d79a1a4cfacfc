"""Fields together under one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import sqlalchemy as sa
from pydantic import BeforeValidator

from headless.declaration import Str, declaration
from headless.fields.abilities import Change, PartRows, Writer
from headless.fields.base import INVALID, DataField, Field, FieldContext, Schema, Wire, as_fields
from headless.operators import Operator


@declaration
class NamedGroup(DataField):
    """Fields whose values are an object under this field's name, each with a column of its own."""

    type: ClassVar[str] = "group"
    widget: ClassVar[str] = "group"
    flat: ClassVar[bool] = True
    example: ClassVar[Any] = {"inner": "A quiet launch"}

    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]

    @property
    def children(self) -> Sequence[Field]:
        return self.fields

    @property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        return {"": self.fields}

    def rename(self, label: str) -> str:
        return f"{label} > {self.title}" if label else self.title

    def empty(self) -> Any:
        return {}

    def coerce(self, value: Any) -> Any:
        return {} if value is None else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        return None if self.fits(value) else INVALID

    def fits(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    @property
    def operators(self) -> Mapping[str, Operator]:
        return {}

    def parts(self, value: Any) -> Iterable[dict[str, Any]]:
        return (value,) if isinstance(value, dict) else ()

    def with_parts(self, value: Any, change: Change) -> Any:
        return change(value) if isinstance(value, dict) else value

    def part_rows(self, dialect: Any, value: sa.ColumnElement[Any]) -> PartRows:
        raise TypeError("the fields of a group have columns of their own")

    async def fill(self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...]) -> Any:
        given = value if isinstance(value, Mapping) else {}
        filled = await writer.fill(node.plan_of(given), given, stored if isinstance(stored, Mapping) else None, path)
        return filled if isinstance(value, Mapping) else value

    async def finish(
        self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...], label: str
    ) -> Any:
        if isinstance(value, dict):
            before = stored if isinstance(stored, Mapping) else None
            await writer.finish(node.plan_of(value), value, before, path, self.rename(label))
        return value

    def stored_schema(self) -> Schema:
        return {"type": "object"}

    def wire_schema(self, wire: Wire) -> Schema:
        return wire.parts[""]


@declaration
class PlainGroup(Field):
    """Fields shown together, without a name of their own in the data."""

    type: ClassVar[str] = "group"
    widget: ClassVar[str] = "plain_group"

    label: Str | None = None
    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]

    @property
    def children(self) -> Sequence[Field]:
        return self.fields

    def rename(self, label: str) -> str:
        if self.label is None:
            return label
        return f"{label} > {self.label}" if label else self.label


def Group(name: str | None = None, **options: Any) -> NamedGroup | PlainGroup:  # noqa: N802 - a declaration like the others
    """Fields together: under `name` as an object, or without one only side by side in the admin."""
    if name is not None:
        return NamedGroup(name, **options)
    return PlainGroup(**options)
