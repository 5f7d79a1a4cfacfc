"""One or several of a list of options."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from headless import operators
from headless.declaration import Bool, declaration
from headless.fields.base import REQUIRED, FieldContext
from headless.fields.choice import INVALID, Choice, Option
from headless.operators import Operator

logger = logging.getLogger("headless.fields")


@declaration
class Select(Choice):
    """One of `options`, or with `has_many` a list of some of them.

    `filter_options` is a function of a FieldContext that answers those that may be chosen here and now: a list of
    values or of options, or true for all.
    """

    type: ClassVar[str] = "select"
    widget: ClassVar[str] = "select"
    example: ClassVar[Any] = "new"

    has_many: Bool = False
    filter_options: Callable[..., Any] | None = None

    @property
    def has_list(self) -> bool:
        return self.has_many

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.TEXTS if self.has_many else operators.TEXT

    @property
    def validators(self) -> tuple[Callable[..., Any], ...]:
        return super().validators if self.filter_options is None else (self.check_choice, *super().validators)

    async def offered(self, context: FieldContext) -> Sequence[Option]:
        """The options that may be chosen here and now."""
        if self.filter_options is None:
            return self.options  # type: ignore[no-any-return]
        answer = self.filter_options(context)
        answer = await answer if inspect.isawaitable(answer) else answer
        if answer is True:
            return self.options  # type: ignore[no-any-return]
        if not isinstance(answer, Iterable) or isinstance(answer, str | Mapping):
            logger.error("filter_options of %r answered %r, which is no list of values: none fits", self.name, answer)
            return ()
        values = {_value_of(item) for item in answer}
        return [option for option in self.options if option.value in values]

    async def check_choice(self, value: Any, context: FieldContext) -> str | None:
        """Whether `filter_options` leaves what is chosen."""
        chosen = value if self.has_many else [] if value is None else [value]
        offered = {option.value for option in await self.offered(context)} if chosen else set()
        return None if all(item in offered for item in chosen) else INVALID

    def empty(self) -> Any:
        return [] if self.has_many else None

    def coerce(self, value: Any) -> Any:
        if self.has_many and value is None:
            return []
        if self.has_many and isinstance(value, str):
            return [value] if value else []
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        return self._check_list(value) if self.has_many else super().check(value, context)

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

    def stored_schema(self) -> dict[str, Any]:
        item = super().stored_schema()
        return {"type": "array", "items": item} if self.has_many else item


def _value_of(item: Any) -> Any:
    if isinstance(item, Option):
        return item.value
    return item.get("value") if isinstance(item, Mapping) else item
