"""Where in a file a declaration's complaint comes from: each mistake at the smallest part of the text that has it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

import pydantic
from pydantic import ConfigDict

from headless.declaration import problem
from headless.errors import ConfigError
from headless.loader.document import Node
from headless.loader.mistakes import Place
from headless.loader.scalars import read_plain
from headless.names import snake

Found = list[tuple[Place, str]]

_DECLARATIONS: Final = re.compile(r"(?:[A-Z]\w*(?: '[^']*')?: )*")
_QUOTED: Final = re.compile(r"'[^']*'")
_TRUTH: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_ONLY: Final = "input should be "


def declared(cls: type, option: str) -> tuple[Any, Sequence[Any]]:
    """The type of an option and its validators; None for one that the declaration does not have."""
    found = cls.__pydantic_fields__.get(option)  # type: ignore[attr-defined]
    return (found.annotation, found.metadata) if found is not None else (None, ())


@functools.cache
def _checker(cls: type, option: str) -> Callable[..., Any]:
    annotation, validators = declared(cls, option)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    whole: Any = Annotated[annotation, *validators] if validators else annotation
    return pydantic.create_model("Option", __config__=config, value=(whole, ...))


def option_mistakes(cls: type, option: str, value: Any, node: Node) -> Found:
    """What a declaration of `cls` would refuse about the value of one option."""

    def check(value: Any) -> None:
        _checker(cls, option)(value=value)

    try:
        check(value)
    except pydantic.ValidationError as error:
        return list(_by_place(error.errors(), option, node))
    except ConfigError as error:
        return inner_mistakes(check, value, node, error.problems)
    return []


def _by_place(errors: Sequence[Any], option: str, node: Node) -> Iterator[tuple[Place, str]]:
    """Pydantic's errors; those that are about one value, as for a union of types, as one."""
    said: dict[tuple[str, ...], list[Any]] = {}
    places: dict[tuple[str, ...], Node] = {}
    for item in errors:
        path, at = _walk(node, item["loc"][1:])
        said.setdefault(path, []).append({**item, "loc": (option, *path)})
        places[path] = at
    for path, items in said.items():
        messages = [problem("", item).removeprefix(": ").partition(", unable")[0] for item in items]
        head, *others = dict.fromkeys(messages)
        tail = "".join(f" or {other.partition(_ONLY)[2]}" for other in others if _ONLY in other)
        yield places[path].place, f"{head}{tail}{_meant(items)}"


def _walk(node: Node, location: Sequence[Any]) -> tuple[tuple[str, ...], Node]:
    """The part of a node that pydantic's location leads to; names of types in it are passed over."""
    path: list[str] = []
    for part in location:
        known = range(len(node.value)) if node.is_list else node.value if node.is_mapping else ()
        if part in known:
            node = node.value[part]
            path.append(str(part))
    return tuple(path), node


def _meant(items: Sequence[Any]) -> str:
    """What a scalar of the wrong type was probably meant to be."""
    kinds, given = {item["type"] for item in items}, items[0].get("input")
    if "bool_type" in kinds and isinstance(given, str) and given.lower() in (*_TRUTH, "true", "false"):
        return f" – did you mean {_TRUTH.get(given.lower(), given.lower())}, without quotes?"
    if kinds & {"int_type", "float_type"} and isinstance(given, str) and isinstance(read_plain(given), int | float):
        return f" – did you mean {given}, without quotes?"
    if "string_type" in kinds and isinstance(given, bool | int | float):
        return f" – did you mean {str(given).lower()!r}, in quotes?"
    return ""


def inner_mistakes(check: Callable[[Any], Any], value: Any, node: Node, problems: Sequence[str]) -> Found:
    """Each of `problems`, and those that they hide, where they come from; `check` tells the problems of a value."""
    if isinstance(value, list | tuple) and node.is_list and len(value) == len(node.value):
        found = [mistake for item, child in zip(value, node.value, strict=True) for mistake in _of(check, item, child)]
        return found or [(node.place, said) for said in problems]
    mistakes: Found = []
    wrong: set[str] = set()
    while problems:
        paths = [(said, trace(said, node)) for said in problems]
        mistakes += [(at(node, path), said) for said, path in paths if not follows(said, wrong)]
        further = {path[0] for _, path in paths if path} - wrong
        if not further or not isinstance(value, dict):
            break
        wrong |= further
        problems = refused(check, {key: item for key, item in value.items() if key not in wrong})
    return mistakes


def _of(check: Callable[[Any], Any], item: Any, node: Node) -> Found:
    """The mistakes of one item, which is tried as the only one of its list."""

    def check_one(value: Any) -> Any:
        return check([value])

    return inner_mistakes(check_one, item, node, refused(check_one, item))


def follows(said: str, wrong: set[str]) -> bool:
    """Whether it only says that an option is missing which was left out for being wrong."""
    return any(said.endswith(f"option {snake(key)!r} is required") for key in wrong)


def refused(check: Callable[[Any], Any], value: Any) -> list[str]:
    """The problems of a value."""
    try:
        check(value)
    except ConfigError as error:
        return error.problems
    except pydantic.ValidationError as error:
        return [problem("", item).removeprefix(": ") for item in error.errors()]
    return []


def trace(said: str, node: Node) -> tuple[str, ...]:
    """The keys that lead to what a problem speaks of: a key that it quotes or begins with. Empty when there is none."""
    if not node.is_mapping:
        return ()
    rest = said[_DECLARATIONS.match(said).end() :]  # type: ignore[union-attr]
    for key, child in node.value.items():
        if repr(key) in said or re.match(rf"{re.escape(snake(key))}[.:]", rest):
            return (key, *trace(said, child))
    for key, child in node.value.items():
        if deeper := trace(said, child):
            return (key, *deeper)
    return ()


def at(node: Node, path: Sequence[str]) -> Place:
    """The place of the key that a path ends with."""
    place = node.place
    for key in path:
        place, node = node.keys[key], node.value[key]
    return place


def mentioned(said: str, node: Node) -> Place:
    """The place of the option that a problem names as a word, else of the whole."""
    if said.endswith("is required"):
        return node.place
    words = set(re.findall(r"\w+", _QUOTED.sub("", said)))
    for key, place in node.keys.items():
        if snake(key) in words:
            return place
    return node.place
