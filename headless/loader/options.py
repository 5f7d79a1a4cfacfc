"""Makes a declaration of options that were read from a file, and notes every mistake in them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headless.declaration import describe, freeze, spelled
from headless.errors import ConfigError
from headless.loader.blame import declared, follows, mentioned, option_mistakes, refused
from headless.loader.document import Node
from headless.loader.mistakes import Mistakes


def build(
    make: Callable[..., Any],
    cls: type,
    node: Node,
    values: Mapping[str, Any],
    mistakes: Mistakes,
    also: Iterable[str] = (),
) -> Any:
    """What `make(**values)` makes: a declaration of `cls`. None, with every mistake noted, when it cannot be made.

    `values` are by the keys of the node. `also` are further keys that may be meant, for the nearest spelling.
    """
    title, before = titled(cls, values), len(mistakes)
    keys = _keys(cls, node, values, mistakes, title, also)
    if len(mistakes) == before:
        try:
            return make(**{name: values[key] for name, key in keys.items()})
        except ConfigError:
            pass
    wrong = set()
    for name, key in keys.items():
        found = option_mistakes(cls, name, values[key], node.value[key])
        mistakes.add_all((place, f"{title}: {said}") for place, said in found)
        wrong |= {name} if found else set()
    rest = {name: values[key] for name, key in keys.items() if name not in wrong}
    for said in refused(lambda options: make(**options), rest):
        if not follows(said, wrong):
            mistakes.add(mentioned(said, node), _once(said, title))
    return None


def _keys(
    cls: type, node: Node, values: Mapping[str, Any], mistakes: Mistakes, title: str, also: Iterable[str]
) -> dict[str, str]:
    """The key of each option that is given. Keys that are no option, and a second spelling of one, are mistakes."""
    known = [*option_names(cls), *also]
    keys: dict[str, str] = {}
    for key, value in values.items():
        try:
            (name,) = spelled({key: value}, known, title)
        except ConfigError as error:
            mistakes.add(node.keys[key], error.message)
            continue
        if name in keys:
            first = node.keys[keys[name]].line
            mistakes.add(node.keys[key], f"{title}: option {name!r} is given twice, first in line {first}")
        else:
            keys[name] = key
    return keys


def _once(said: str, title: str) -> str:
    """A problem that names the declaration once: `Collection 'x': collection 'x': …` says it twice."""
    rest = said.removeprefix(f"{title}: ")
    return rest if rest.lower().startswith(f"{title.lower()}: ") else said


def titled(cls: type, values: Mapping[str, Any]) -> str:
    """How messages name a declaration: `Text 'title'`."""
    first = [field.name for field in dataclasses.fields(cls) if not field.kw_only]
    return describe(cls, values.get(first[0]) if first else None)


def option_names(cls: type) -> list[str]:
    """The options of a declaration."""
    return [field.name for field in dataclasses.fields(cls) if field.init]


def is_data(cls: type, option: str) -> bool:
    """Whether the option holds plain data, in which no name stands for a function."""
    return any(getattr(validator, "func", None) is freeze for validator in declared(cls, option)[1])


def is_function(cls: type, option: str) -> bool:
    """Whether the option is declared as a function, or None."""
    annotation, _ = declared(cls, option)
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    parts = [part for part in typing.get_args(annotation) if part is not type(None)] if union else [annotation]
    return all(typing.get_origin(part) is abc.Callable for part in parts)


def variant(make: Callable[..., Any], given: Iterable[str]) -> type:
    """The class that `make` will make: itself, or the one of those it returns whose leading option is given."""
    if isinstance(make, type):
        return make
    found = typing.get_type_hints(make)["return"]
    candidates = typing.get_args(found) or (found,)
    for cls in candidates:
        if all(field.kw_only or field.name in given for field in dataclasses.fields(cls)):
            return cls  # type: ignore[no-any-return]
    return candidates[0]  # type: ignore[no-any-return]
