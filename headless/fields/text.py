"""A line of text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import operators
from headless.declaration import Int, declaration
from headless.errors import BadRequest
from headless.fields.base import ABSENT, REQUIRED, DataField, FieldContext, Schema, Wire, clean_text
from headless.fields.several import Several
from headless.operators import Operator, as_text

LONGEST = 40_000

_ID = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")
_NO_IDS = frozenset({".", "..", "null"})
"""What a URL cannot name, and what a reference takes for nothing."""


@declaration
class Written(DataField):
    """What every type of text shares: numbers are taken as text, and the number of characters has limits."""

    longest: ClassVar[int | None] = LONGEST
    """The most characters where `max_length` is not given."""
    id_column: ClassVar[sa.types.TypeEngine[Any]] = sa.Text()
    id_rule: ClassVar[str] = "An id is 1 to 255 characters without control characters, and not '.', '..' or 'null'."

    min_length: Int | None = None
    max_length: Int | None = None

    def coerce(self, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return as_text(value)
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == "":
            return REQUIRED if self.required else None
        return self.check_text(value)

    def check_text(self, value: Any) -> str | None:
        """What is wrong with a value that is there, or None."""
        if not isinstance(value, str):
            return "This field takes text."
        longest = self.max_length if self.max_length is not None else self.longest
        if longest is not None and len(value) > longest:
            return f"This value must be shorter than the max length of {longest} characters."
        if self.min_length is not None and len(value) < self.min_length:
            return f"This value must be longer than the minimum length of {self.min_length} characters."
        return clean_text(value)

    def for_copy(self, value: Any) -> Any:
        return f"{value} - Copy" if isinstance(value, str) and value else ABSENT

    def query_value(self, raw: Any) -> Any:
        value = Written.coerce(self, raw)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"A query on {self.name!r} takes text.")
        return value

    @property
    def id_schema(self) -> dict[str, Any]:
        return {"minLength": 1, "maxLength": 255, **self.stored_schema()}

    def read_id(self, given: Any) -> str | None:
        value = Written.coerce(self, given)
        return value if isinstance(value, str) and _ID.fullmatch(value) and value not in _NO_IDS else None

    def stored_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.min_length is not None:
            schema["minLength"] = self.min_length
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        return schema

    def wire_schema(self, wire: Wire) -> Schema:
        schema = self.stored_schema()
        if self.required and not wire.shown and not self.has_list:
            schema["minLength"] = max(1, self.min_length or 0)
        return schema


@declaration
class Text(Several, Written):
    """A line of text, or with `has_many` a list of them; at most 40,000 characters unless `max_length` says otherwise.

    `min_rows` and `max_rows` limit how many there are in a list.
    """

    type: ClassVar[str] = "text"
    widget: ClassVar[str] = "text"
    example: ClassVar[Any] = "A quiet launch"

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.TEXTS if self.has_many else operators.TEXT

    def check_item(self, item: Any, items: list[Any]) -> str | None:
        return self.check_text(item)
