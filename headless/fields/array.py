"""Rows of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import sqlalchemy as sa
from pydantic import BeforeValidator

from headless.declaration import Frozen, Int, declaration
from headless.fields.base import JSON_TEXT, DataField, Field, FieldContext, Schema, Wire, Writer, as_fields
from headless.fields.several import count_problem

INVALID = "This field has an invalid input."


@declaration
class Array(DataField):
    """An ordered list of rows, each with the same `fields` and an id that it keeps."""

    type: ClassVar[str] = "array"
    widget: ClassVar[str] = "array"
    flat: ClassVar[bool] = False
    storage: ClassVar[sa.types.TypeEngine[Any]] = JSON_TEXT
    example: ClassVar[Any] = [{"id": "65f1f1f1f1f1f1f1f1f1f1f1", "inner": "A quiet launch"}]

    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]
    min_rows: Int | None = None
    max_rows: Int | None = None
    labels: Frozen = None

    @property
    def children(self) -> Sequence[Field]:
        return self.fields

    @property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        return {"": self.fields}

    def empty(self) -> Any:
        return []

    def coerce(self, value: Any) -> Any:
        return [] if value is None else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            return INVALID
        ids = [row["id"] for row in value if "id" in row]
        if len(set(ids)) != len(ids):
            return "Two rows have the same id."
        return count_problem(len(value), required=self.required, least=self.min_rows, most=self.max_rows)

    def parts(self, value: Any) -> Iterable[dict[str, Any]]:
        return (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()

    async def fill(self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            return value
        before = {row["id"]: row for row in stored or () if isinstance(row, Mapping) and "id" in row}
        return [
            await self._fill_row(writer, node.plan_of(row), row, before, (*path, index))
            for index, row in enumerate(value)
        ]

    async def _fill_row(
        self, writer: Writer, plan: Any, row: Mapping[str, Any], before: Mapping[Any, Any], path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        given = row.get("id")
        id = (
            given
            if isinstance(given, str) and 0 < len(given) <= 100
            else str(given)
            if _is_whole(given)
            else writer.new_row_id()
        )
        return {"id": id, **await writer.fill(plan, row, before.get(id), path)}

    async def finish(
        self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...], label: str
    ) -> Any:
        if not isinstance(value, list):
            return value
        before = {row["id"]: row for row in stored or () if isinstance(row, Mapping) and "id" in row}
        for index, row in enumerate(value):
            if isinstance(row, dict):
                shown = f"{label} > {self.title}" if label else self.title
                await writer.finish(
                    node.plan_of(row), row, before.get(row.get("id")), (*path, index), f"{shown} {index + 1}"
                )
        return value

    def stored_schema(self) -> Schema:
        return {"type": "array"}

    def wire_schema(self, wire: Wire) -> Schema:
        schema: Schema = {"type": "array", "items": with_row_id(wire.parts[""], wire)}
        if self.required and not wire.shown:
            schema["minItems"] = max(1, self.min_rows or 1)
        if self.max_rows is not None and not wire.shown:
            schema["maxItems"] = self.max_rows
        return schema


def with_row_id(part: Schema, wire: Wire) -> Schema:
    """The schema of a row: of its fields, and of the id that it has in answers and may be given in a body."""
    id: Schema = {"type": "string"} if wire.shown else {"type": ["string", "null"], "maxLength": 100}
    row = {**part, "properties": {**part["properties"], "id": id}}
    if wire.shown:
        row["required"] = [*part.get("required", ()), "id"]
    return row


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
