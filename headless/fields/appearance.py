"""How the admin shows fields: options that mean nothing to the API, but for conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from headless.declaration import Bool, Int, Str, declaration, nested
from headless.errors import ConfigError
from headless.names import did_you_mean, snake

APPEARANCES = ("day_and_time", "day_only", "month_only", "time_only")
Appearance = Literal[
    "day_and_time", "day_only", "month_only", "time_only", "dayAndTime", "dayOnly", "monthOnly", "timeOnly"
]
"""The appearances of a date as files spell them."""


def as_appearance(given: Any) -> str:
    """Reads how a date is picked; `dayOnly` is `day_only`."""
    name = snake(given) if isinstance(given, str) else given
    if name not in APPEARANCES:
        raise ConfigError(f"{given!r} is none of {', '.join(APPEARANCES)}{did_you_mean(str(given), APPEARANCES)}")
    return str(name)


@declaration
class DateAdmin:
    """How much of a date the admin shows and asks for. All but `day_and_time` mean the same in every time zone."""

    picker_appearance: Annotated[Str, BeforeValidator(as_appearance, json_schema_input_type=Appearance)] = (
        "day_and_time"
    )


@declaration
class FieldAdmin:
    """How the admin shows a field. Only `condition` affects the API: where it is false, nothing is validated.

    What a hidden field refers to must be there all the same.
    """

    description: Str | None = None
    placeholder: Str | None = None
    position: Str | None = None
    width: Str | None = None
    read_only: Bool = False
    hidden: Bool = False
    disabled: Bool = False
    condition: Callable[..., Any] | None = None
    init_collapsed: Bool = False
    layout: Str | None = None
    rows: Int | None = None
    auto_complete: Str | None = None
    language: Str | None = None
    component: Str | None = None
    date: Annotated[Any, nested(DateAdmin)] = DateAdmin()
