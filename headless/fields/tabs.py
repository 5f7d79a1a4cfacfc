"""Fields on tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.declaration import declaration
from headless.errors import ConfigError
from headless.fields.base import Field
from headless.fields.group import NamedGroup, PlainGroup


@declaration
class NamedTab(NamedGroup):
    """A tab whose fields' values are an object under its name."""

    type: ClassVar[str] = "tab"


@declaration
class PlainTab(PlainGroup):
    """A tab that only arranges its fields."""

    type: ClassVar[str] = "tab"


def Tab(name: str | None = None, **options: Any) -> NamedTab | PlainTab:  # noqa: N802 - a declaration like the others
    """A tab: with a `name` its fields make an object, with only a `label` they do not."""
    if name is not None:
        return NamedTab(name, **options)
    if not options.get("label"):
        raise ConfigError("a tab has a name or a label")
    return PlainTab(**options)


def as_tabs(given: Any) -> tuple[Any, ...]:
    """Reads tabs given as declarations or as mappings."""
    if not isinstance(given, list | tuple):
        raise ConfigError("tabs are a list")
    return tuple(Tab(**item) if isinstance(item, Mapping) else item for item in given)


@declaration
class Tabs(Field):
    """Fields on tabs. Tabs without a name do not change the data."""

    type: ClassVar[str] = "tabs"
    widget: ClassVar[str] = "tabs"

    tabs: Annotated[Sequence[Any], BeforeValidator(as_tabs, json_schema_input_type=list[NamedTab | PlainTab])]

    @property
    def children(self) -> Sequence[Field]:
        return self.tabs
