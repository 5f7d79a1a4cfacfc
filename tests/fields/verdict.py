"""What a field makes of a value: the value as it is written, or the message it is refused with."""

from __future__ import annotations

from typing import Any

from headless.fields import DataField, FieldContext


def verdict(field: DataField, value: Any) -> Any:
    """The coerced value, or the message as a `Refused`."""
    coerced = field.coerce(value)
    message = field.check(coerced, FieldContext("create", {}, {}))
    return coerced if message is None else Refused(message)


class Refused(str):
    """A message; equal to the same text, but to no value of a document."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and str.__eq__(self, other)

    __hash__ = str.__hash__
