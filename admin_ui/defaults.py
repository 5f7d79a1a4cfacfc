"""What the form of a new document shows before anybody has written in it: the declaration's defaults."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from headless.fields import ABSENT, FieldContext


async def defaults(fields: Sequence[Any], user: Mapping[str, Any] | None, now: dt.datetime) -> dict[str, Any]:
    """The default values of a level of fields, those of groups and tabs inside it too."""
    moment = f"{now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    context = FieldContext("create", {}, {}, user=user, now=lambda: moment)
    return await _level(fields, context)


async def fresh_row(field: Any, kind: str, user: Mapping[str, Any] | None, now: dt.datetime) -> dict[str, Any]:
    """A row that nobody has written in: of that kind, where a field has several."""
    row = await defaults(field.levels[kind], user, now)
    return row if field.level_key is None else {**row, field.level_key: kind}


async def _level(fields: Sequence[Any], context: FieldContext) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in fields:
        name = getattr(field, "name", None)
        if name is None:
            data |= await _level(field.children, context)
            continue
        value = await _default(field, context)
        if value is not ABSENT:
            data[name] = value
        elif getattr(field, "flat", False):
            data[name] = await _level(field.children, context)
    return data


async def _default(field: Any, context: FieldContext) -> Any:
    value = field.default(context) if hasattr(field, "default") else ABSENT
    return await value if inspect.isawaitable(value) else value
