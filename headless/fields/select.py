"""One or several of a list of options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.declaration import Bool, Str, declaration
from headless.errors import ConfigError
from headless.fields.base import REQUIRED, DataField, FieldContext
from headless.names import words
from headless.operators import Never

INVALID = "This field has an invalid selection."


@declaration
class Option:
    """A value that can be chosen, and how it reads."""

    value: Str
    label: Str


def as_options(given: Any) -> tuple[Option, ...]:
    """Reads options given as texts or as mappings of `value` and `label`."""
    if not isinstance(given, list | tuple):
        raise ConfigError("options are a list of texts, or of mappings of value and label")
    return tuple(_option(item) for item in given)


def _option(item: Any) -> Option:
    if isinstance(item, Option):
        return item
    if isinstance(item, str):
        return Option(value=item, label=words(item))
    if isinstance(item, Mapping):
        value = item.get("value")
        return Option(**{"label": words(value) if isinstance(value, str) else "", **item})
    raise ConfigError(f"{item!r} is not an option: give a text, or a mapping of value and label")


def option_problems(field: Any) -> Iterator[str]:
    """What is wrong with the options of a field of choices."""
    if not field.options:
        yield f"{field.type} field {field.name!r} has no options"
    if len(field.choices) != len(field.options):
        yield f"{field.type} field {field.name!r} has an option twice"


@declaration
class Select(DataField):
    """One of `options`, or with `has_many` a list of some of them."""

    type: ClassVar[str] = "select"
    widget: ClassVar[str] = "select"
    example: ClassVar[Any] = "new"

    options: Annotated[Any, BeforeValidator(as_options)]
    has_many: Bool = False

    @property
    def has_list(self) -> bool:
        return self.has_many

    @property
    def choices(self) -> frozenset[str]:
        """The values that can be chosen."""
        return frozenset(option.value for option in self.options)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        yield from option_problems(self)

    def empty(self) -> Any:
        return [] if self.has_many else None

    def coerce(self, value: Any) -> Any:
        if self.has_many and value is None:
            return []
        if self.has_many and isinstance(value, str):
            return [value] if value else []
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if self.has_many:
            return self._check_list(value)
        if value is None or (value == "" and self.required and self.type == "radio"):
            return REQUIRED if self.required else None
        return None if isinstance(value, str) and value in self.choices else INVALID

    def _check_list(self, value: Any) -> str | None:
        if not isinstance(value, list):
            return INVALID
        if not value:
            return REQUIRED if self.required else None
        if not all(isinstance(item, str) and item in self.choices for item in value):
            return INVALID
        if len(set(value)) != len(value):
            repeated = ", ".join(f'"{item}"' for item in value if value.count(item) > 1)
            return f"This field has the following invalid selections: {repeated}"
        return None

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        if not isinstance(raw, str):
            raise Never
        return raw

    def json_schema(self) -> dict[str, Any]:
        item: dict[str, Any] = {"type": "string", "enum": [option.value for option in self.options]}
        return {"type": "array", "items": item} if self.has_many else item
