"""Declarations: frozen objects with strict options, whose mistakes name the nearest good spelling."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, dataclass_transform

import pydantic
from pydantic import BeforeValidator, ConfigDict, Strict
from pydantic.dataclasses import dataclass as pydantic_dataclass

from headless.errors import ConfigError
from headless.names import did_you_mean, snake

T = TypeVar("T")

Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]
Str = Annotated[str, Strict()]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def declaration(cls: type[T]) -> type[T]:
    """Makes a class a declaration: frozen, keyword arguments only, strict types, unknown options refused."""
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    made: Any = pydantic_dataclass(frozen=True, kw_only=True, config=config)(cls)
    validated = made.__init__
    known = [field.name for field in dataclasses.fields(made) if field.init]
    first = [field.name for field in dataclasses.fields(made) if not field.kw_only]

    def initialize(self: Any, *args: Any, **options: Any) -> None:
        place = describe(cls, args[0] if args else options.get(first[0]) if first else None)
        if len(args) > len(first):
            raise ConfigError(
                f"{place}: give options by name, as in {cls.__name__}({', '.join([*first, 'option=value'])})"
            )
        named = spelled(options, known, place)
        placed = dict(zip(first, args))  # noqa: B905 - there may be fewer arguments
        if twice := placed.keys() & named.keys():
            raise ConfigError(f"{place}: option {min(twice)!r} is given twice")
        try:
            validated(self, **placed, **named)
        except pydantic.ValidationError as error:
            raise ConfigError([problem(place, item) for item in error.errors()]) from None
        except ConfigError as error:
            raise ConfigError([f"{place}: {line}" for line in error.problems]) from None

    made.__init__ = initialize
    return made  # type: ignore[no-any-return]


def describe(cls: type, name: Any) -> str:
    """How an error names the declaration: `Text 'title'`."""
    return f"{cls.__name__} {name!r}" if isinstance(name, str) else cls.__name__


def spelled(options: Mapping[str, Any], known: Sequence[str], place: str) -> dict[str, Any]:
    """Options by their snake_case names. Raises ConfigError for every unknown one."""
    result: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in options.items():
        name = key if key in known else snake(key)
        if name not in known:
            problems.append(f"{place}: unknown option {key!r}{did_you_mean(name, known)}")
        elif name in result:
            problems.append(f"{place}: option {name!r} is given twice")
        else:
            result[name] = value
    if problems:
        raise ConfigError(problems)
    return result


def problem(place: str, item: Any) -> str:
    """One of pydantic's errors in the platform's words."""
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "value_error" and isinstance(cause := item.get("ctx", {}).get("error"), Exception):
        return f"{place}: {where}: {cause}"
    if item["type"] in ("missing", "missing_argument"):
        return f"{place}: option {where!r} is required"
    return f"{place}: {where}: {item['msg'][:1].lower()}{item['msg'][1:]}"


def changed(declared: T, **values: Any) -> T:
    """A copy of a declaration with some options as given: not read again, so they must be what reading would make."""
    made = object.__new__(type(declared))
    for option in dataclasses.fields(declared):  # type: ignore[arg-type]
        object.__setattr__(made, option.name, values.get(option.name, getattr(declared, option.name)))
    return made


def freeze(value: Any) -> Any:
    """Lists become tuples and mappings read-only, all the way down."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """A fresh plain copy of a frozen value, as JSON has it: dicts and lists."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(item) for item in value]
    return value


def empty() -> Mapping[str, Any]:
    """The default of an option that is a read-only mapping."""
    return MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class Nested:
    """Reads a mapping as a declaration of a class."""

    cls: type

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.cls(**value)
        if not isinstance(value, self.cls):
            raise ConfigError(f"{value!r} is not a mapping of options")
        return value


def nested(cls: type) -> BeforeValidator:
    """Reads a mapping as a declaration of `cls`, so that `admin={"width": "50%"}` works in Python and YAML."""
    return BeforeValidator(Nested(cls))


@dataclasses.dataclass(frozen=True)
class Each:
    """Reads each item of a sequence, or a single one."""

    read: Callable[[Any], Any]

    def __call__(self, value: Any) -> tuple[Any, ...]:
        items = value if isinstance(value, list | tuple) else (value,)
        return tuple(self.read(item) for item in items)


def each(read: Callable[[Any], Any]) -> BeforeValidator:
    """Reads each item of a sequence; a single item may stand without brackets."""
    return BeforeValidator(Each(read))


def as_name(value: Any) -> str:
    """Reads one name."""
    if not isinstance(value, str):
        raise ConfigError(f"{value!r} is not a name")
    return value


Frozen = Annotated[Any, BeforeValidator(freeze)]
Names = Annotated[Sequence[str], each(as_name)]
