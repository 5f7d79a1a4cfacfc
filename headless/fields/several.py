"""What fields share that hold one value, or a list of them: `has_many` and the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headless.declaration import Bool, Int, declaration
from headless.fields.base import DataField, FieldContext, Schema, Wire


def count_problem(count: int, *, required: bool, least: int | None, most: int | None) -> str | None:
    """What is wrong with the number of rows, or None. An optional list may be empty, whatever `least` says."""
    if count == 0:
        return f"This field requires at least {_rows(least or 1)}." if required else None
    if least is not None and count < least:
        return f"This field requires at least {_rows(least)}."
    if most is not None and count > most:
        return f"This field requires no more than {_rows(most)}."
    return None


def _rows(count: int) -> str:
    return f"{count} Row" if count == 1 else f"{count} Rows"


@declaration
class Several(DataField):
    """A field whose class of one value stands next in its bases; with `has_many` it holds a list of such values."""

    has_many: Bool = False
    min_rows: Int | None = None
    max_rows: Int | None = None

    @property
    def has_list(self) -> bool:
        return self.has_many

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if not self.has_many and (self.min_rows is not None or self.max_rows is not None):
            yield f"{self.type} field {self.name!r}: min_rows and max_rows are for has_many"

    def empty(self) -> Any:
        return [] if self.has_many else None

    def coerce(self, value: Any) -> Any:
        one = super().coerce
        if not self.has_many:
            return one(value)
        if value is None or value == "":
            return []
        return [one(item) for item in (value if isinstance(value, list) else [value])]

    def check(self, value: Any, context: FieldContext) -> str | None:
        if not self.has_many:
            return super().check(value, context)
        wrong = count_problem(len(value), required=self.required, least=self.min_rows, most=self.max_rows)
        if wrong is not None:
            return wrong
        problems = (self.check_item(item, value) for item in value)
        return next((problem for problem in problems if problem is not None), None)

    def check_item(self, item: Any, items: list[Any]) -> str | None:
        """What is wrong with one value of the list, or None."""
        raise NotImplementedError

    def stored_schema(self) -> dict[str, Any]:
        item = super().stored_schema()
        if not self.has_many:
            return item
        schema: dict[str, Any] = {"type": "array", "items": item}
        if self.max_rows is not None:
            schema["maxItems"] = self.max_rows
        return schema

    def wire_schema(self, wire: Wire) -> Schema:
        schema = super().wire_schema(wire)
        if self.has_many and self.required and not wire.shown:
            schema["minItems"] = max(1, self.min_rows or 1)
        return schema
