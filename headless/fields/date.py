"""A moment in time, and the time zone that one is meant in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.clock import parse_date
from headless.declaration import Bool, Str, declaration
from headless.errors import BadRequest, ConfigError
from headless.fields.base import REQUIRED, DataField, FieldContext
from headless.fields.choice import INVALID, Option, as_options
from headless.zones import is_zone, known_zones

SUFFIX = "_tz"


def as_zones(given: Any) -> tuple[Option, ...]:
    """Reads time zones given as names or as mappings of `value` and `label`. Raises ConfigError for unknown ones."""
    zones = tuple(
        Option(value=item, label=item.replace("_", " ")) if isinstance(item, str) else option
        for item, option in zip(given, as_options(given), strict=True)
    )
    for zone in zones:
        check_zone(zone.value)
    return zones


def check_zone(name: str) -> str:
    """The name of a time zone. Raises ConfigError for one that this machine does not know."""
    if not is_zone(name):
        raise ConfigError(f"there is no time zone {name!r}: give an IANA name, as in 'Europe/Berlin'")
    return name


def as_timezone(given: Any) -> Any:
    """Reads `timezone`: true, false, or its options."""
    if given is True:
        return ZoneOptions()
    if isinstance(given, Mapping):
        return ZoneOptions(**given)
    if given not in (None, False) and not isinstance(given, ZoneOptions):
        raise ConfigError(f"timezone is true, false or options, not {given!r}")
    return given or None


@declaration
class ZoneOptions:
    """Which time zones a date may be meant in: any, unless `supported_timezones` lists them."""

    default_timezone: Annotated[Str, BeforeValidator(check_zone)] | None = None
    supported_timezones: Annotated[Any, BeforeValidator(as_zones, json_schema_input_type=list[str | Option])] = ()
    required: Bool = False


@declaration
class Zone(DataField):
    """The time zone of the date beside it: an IANA name such as `Europe/Berlin`, or an offset such as `+02:00`."""

    type: ClassVar[str] = "timezone"
    widget: ClassVar[str] = "timezone"
    example: ClassVar[Any] = "Europe/Berlin"

    date: Str
    heading: Str
    options: Annotated[Any, BeforeValidator(as_zones)] = ()

    @cached_property
    def choices(self) -> frozenset[str]:
        """The zones that can be chosen; none where any can."""
        return frozenset(option.value for option in self.options)

    def coerce(self, value: Any) -> Any:
        return None if value == "" else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required and context.sibling_data.get(self.date) is not None else None
        known = isinstance(value, str) and (value in self.choices if self.options else is_zone(value))
        return None if known else INVALID

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        if not isinstance(raw, str):
            raise BadRequest(f"A query on {self.name!r} takes text.")
        return raw

    def stored_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.options:
            schema["enum"] = [option.value for option in self.options]
        return schema


@declaration
class Date(DataField):
    """A moment in UTC, `2026-01-31T09:30:00.000Z`. A bare day is its midnight. `default_value="now"` is the present.

    With `timezone` a second field, called as this one with `_tz` behind it, says in which zone the moment is meant.
    """

    type: ClassVar[str] = "date"
    widget: ClassVar[str] = "date"
    example: ClassVar[Any] = "2026-01-31T09:30:00.000Z"

    timezone: Annotated[Any, BeforeValidator(as_timezone, json_schema_input_type=bool | ZoneOptions)] = None

    @cached_property
    def companions(self) -> Sequence[Zone]:
        if self.timezone is None:
            return ()
        return (
            Zone(
                self.name + SUFFIX,
                date=self.name,
                heading=f"{self.title} time zone",
                options=self.timezone.supported_timezones,
                default_value=self.timezone.default_timezone,
                required=self.required or self.timezone.required,
                localized=self.localized,
                access=self.access,
                hidden=self.hidden,
                admin=dataclasses.replace(self.admin, description=None, placeholder=None, component=None),
            ),
        )

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if self.timezone is None:
            return
        if not self.is_stored:
            yield f"{self.type} field {self.name!r}: what is not stored has no time zone"
        if not known_zones():
            yield f"{self.type} field {self.name!r}: this machine knows no time zones; `pip install tzdata` brings them"
        named = {option.value for option in self.timezone.supported_timezones}
        if named and self.timezone.default_timezone not in (None, *named):
            yield f"{self.type} field {self.name!r}: default_timezone is not among supported_timezones"

    def default(self, context: FieldContext) -> Any:
        return context.now() if self.default_value == "now" else super().default(context)

    def coerce(self, value: Any) -> Any:
        if value == "":
            return None
        if isinstance(value, str):
            return parse_date(value) or value
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None:
            return REQUIRED if self.required else None
        if not isinstance(value, str) or parse_date(value) != value:
            return f'"{str(value)[:100]}" is not a valid date.'
        return None

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        value = parse_date(raw) if isinstance(raw, str) else None
        if value is None:
            raise BadRequest(f'"{str(raw)[:100]}" is not a valid date.')
        return value

    def stored_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def query_schema(self) -> dict[str, Any]:
        return self.stored_schema()
