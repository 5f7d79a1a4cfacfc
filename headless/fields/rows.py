"""What array and blocks share: an ordered list of rows with ids that they keep, in one JSON value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless.declaration import Frozen, Int, declaration
from headless.fields.abilities import Change, PartRows, Writer
from headless.fields.base import INVALID, JSON_TEXT, DataField, Field, FieldContext, Schema, Wire
from headless.fields.several import count_problem

Path = tuple[str | int, ...]


@declaration
class Rows(DataField):
    """A field whose value is a list of rows. Of which fields they are is for `levels` and `level_of` to say."""

    flat: ClassVar[bool] = False
    storage: ClassVar[sa.types.TypeEngine[Any]] = JSON_TEXT
    row_word: ClassVar[str] = "row"
    """What a row is called where `labels` do not say."""

    min_rows: Int | None = None
    max_rows: Int | None = None
    labels: Frozen = None

    def empty(self) -> Any:
        return []

    def coerce(self, value: Any) -> Any:
        return [] if value is None else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if not self.fits(value):
            return INVALID
        ids = [row["id"] for row in value if "id" in row]
        if len(set(ids)) != len(ids):
            return "Two rows have the same id."
        return count_problem(len(value), required=self.required, least=self.min_rows, most=self.max_rows)

    def fits(self, value: Any) -> bool:
        return is_rows(value)

    def parts(self, value: Any) -> Iterable[dict[str, Any]]:
        return (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()

    def with_parts(self, value: Any, change: Change) -> Any:
        if not isinstance(value, list):
            return value
        made = (change(row) if isinstance(row, dict) else row for row in value)
        return [row for row in made if row is not None]

    def part_rows(self, dialect: Any, value: sa.ColumnElement[Any]) -> PartRows:
        return dialect.json_rows(value), None

    async def fill(self, writer: Writer, node: Any, value: Any, stored: Any, path: Path) -> Any:
        if not is_rows(value):
            return value
        before = by_id(stored or ())
        return [await self._fill_row(writer, node, row, before, (*path, index)) for index, row in enumerate(value)]

    async def _fill_row(
        self, writer: Writer, node: Any, row: Mapping[str, Any], before: Mapping[Any, Any], path: Path
    ) -> dict[str, Any]:
        given = {**row, "id": row_id(row.get("id"), writer)}
        plan = node.plan_of(row)
        # What is of no declared kind stays as it came, to be told of.
        filled = given if plan is None else await writer.fill(plan, row, same_part(self, given, before), path)
        return {"id": given["id"], **filled}

    async def finish(self, writer: Writer, node: Any, value: Any, stored: Any, path: Path, label: str) -> Any:
        if not isinstance(value, list):
            return value
        before = by_id(stored or ())
        shown = f"{label} > {self.title}" if label else self.title
        for index, row in enumerate(value):
            plan = node.plan_of(row)
            called = self.row_label(shown, index + 1, plan)
            if plan is None:
                self.refuse(writer, row, (*path, index), called)
            else:
                await writer.finish(plan, row, same_part(self, row, before), (*path, index), called)
        return value

    def wire_schema(self, wire: Wire) -> Schema:
        parts = {kind: with_row_id(part, wire) for kind, part in wire.parts.items()}
        schema: Schema = {"type": "array", "items": self.item_schema(parts)}
        if self.required and not wire.shown:
            schema["minItems"] = max(1, self.min_rows or 1)
        if self.max_rows is not None and not wire.shown:
            schema["maxItems"] = self.max_rows
        return schema

    def item_schema(self, parts: Mapping[str, Schema]) -> Schema:
        """The schema of one row, given that of each kind."""
        raise NotImplementedError

    def row_label(self, label: str, number: int, plan: Any) -> str:
        """How errors call a row; `plan` is None for one of no declared kind."""
        return f"{label} {number}"

    def refuse(self, writer: Writer, row: Mapping[str, Any], path: Path, label: str) -> None:
        """Tells of a row of no declared kind."""


def with_row_id(part: Schema, wire: Wire) -> Schema:
    """The schema of a row: of its fields, and of the id that it has in answers and may be given in a body."""
    id: Schema = {"type": "string"} if wire.shown else {"type": ["string", "null"], "maxLength": 100}
    row = {**part, "properties": {**part["properties"], "id": id}}
    if wire.shown:
        row["required"] = [*part.get("required", ()), "id"]
    return row


def is_rows(value: Any) -> bool:
    """Whether the value is a list of objects."""
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def by_id(parts: Iterable[Any]) -> dict[Any, Mapping[str, Any]]:
    """The stored parts of a value by their ids."""
    return {part["id"]: part for part in parts if isinstance(part, Mapping) and "id" in part}


def same_part(field: Field, part: Mapping[str, Any], before: Mapping[Any, Any]) -> Mapping[str, Any] | None:
    """The stored part that this one goes on from: of its id and of its kind."""
    known: Mapping[str, Any] | None = before.get(part.get("id"))
    return known if known is not None and field.level_of(known) == field.level_of(part) else None


def row_id(given: Any, writer: Writer) -> str:
    """The id that a row is given: its own, as a text, or a fresh one."""
    if isinstance(given, str) and 0 < len(given) <= 100:
        return given
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else writer.new_row_id()
