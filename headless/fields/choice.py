"""What select and radio share: a list of options, and values that are among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator

from headless.declaration import Str, declaration
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


@declaration
class Choice(DataField):
    """A field whose value is one of `options`."""

    options: Annotated[Any, BeforeValidator(as_options, json_schema_input_type=list[str | Option])]

    @cached_property
    def choices(self) -> frozenset[str]:
        """The values that can be chosen."""
        return frozenset(option.value for option in self.options)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if not self.options:
            yield f"{self.type} field {self.name!r} has no options"
        if len(self.choices) != len(self.options):
            yield f"{self.type} field {self.name!r} has an option twice"

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        return None if isinstance(value, str) and value in self.choices else INVALID

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        if not isinstance(raw, str):
            raise Never
        return raw

    def stored_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [option.value for option in self.options]}
