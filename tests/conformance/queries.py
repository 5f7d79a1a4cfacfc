"""Reduces the query string of a recorded request, or says which dropped field or missing feature it uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from tests.conformance.shapes import Shapes

KEY = re.compile(r"([^\[]*)((?:\[[^\]]*\])*)")


class UsesDropped(Exception):
    """The request cannot be made in the reduced configuration; the message names what it uses."""


def reduce_query(query: str, slug: str, shapes: Shapes, parameters: Mapping[str, str]) -> str:
    """The query without selections of what was dropped. Raises UsesDropped where more than that is needed."""
    kept = []
    for part in query.split("&"):
        name, path, value = parse(part)
        if name in parameters:
            raise UsesDropped(parameters[name])
        if name == "joins" and value != "false":
            _refuse(iter([path[:1]]), slug, shapes, "joins")
        elif name == "where":
            _refuse(where_paths(path, value), slug, shapes, "where")
        elif name == "sort":
            _refuse(([*key.strip().lstrip("-").split(".")] for key in value.split(",")), slug, shapes, "sort")
        if not _selects_dropped(name, path, slug, shapes):
            kept.append(part)
    for name in ("select", "populate"):
        if _names(query.split("&"), name) and not _names(kept, name):
            raise UsesDropped(f"{name} of dropped fields only")
    return "&".join(kept)


def parse(part: str) -> tuple[str, list[str], str]:
    """`where[a][equals]=x` as `("where", ["a", "equals"], "x")`."""
    key, _, value = part.partition("=")
    found = KEY.match(unquote(key))
    name, brackets = found.groups() if found else (key, "")
    return name, re.findall(r"\[([^\]]*)\]", brackets), unquote(value)


def depth_of(query: str) -> str | None:
    """The value of the `depth` parameter, if it is given."""
    return next((value for name, _, value in map(parse, query.split("&")) if name == "depth"), None)


def where_paths(path: Sequence[str], value: str) -> Iterator[list[str]]:
    """The document paths that a part of a where query names."""
    if not path:
        try:
            yield from _json_paths(json.loads(value))
        except ValueError:
            return
    named = [part for part in path if part.lower() not in ("and", "or") and not part.isdigit()]
    if named:
        yield named[0].replace("__", ".").split(".")


def _json_paths(where: Any) -> Iterator[list[str]]:
    for key, inner in where.items() if isinstance(where, dict) else ():
        if key.lower() in ("and", "or"):
            for item in inner if isinstance(inner, list) else ():
                yield from _json_paths(item)
        else:
            yield key.replace("__", ".").split(".")


def _refuse(paths: Iterator[list[str]], slug: str, shapes: Shapes, use: str) -> None:
    for path in paths:
        if shapes.is_dropped(slug, path):
            raise UsesDropped(f"{use} on {'.'.join(path)}")


def _selects_dropped(name: str, path: list[str], slug: str, shapes: Shapes) -> bool:
    if name in ("select", "joins"):
        return shapes.is_dropped(slug, path)
    return name == "populate" and bool(path) and shapes.is_dropped(path[0], path[1:])


def _names(parts: list[str], name: str) -> bool:
    return any(parse(part)[0] == name for part in parts)
