"""Segments of a path that hold a slash themselves, as an id may: sent as `%2F`, they stay one for the router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import Scope

_ESCAPED: Final = "headless.admin.escaped"


def escaped(scope: Scope) -> Scope:
    """The request with its path as the router needs it, which splits at every slash it sees."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw or b"%2f" not in raw.lower():
        return scope
    segments = (unquote(segment) for segment in raw.decode("latin-1").split("/"))
    path = "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in segments)
    return {**scope, "path": path, _ESCAPED: True}


def parameters(scope: Scope) -> Mapping[str, str]:
    """The parameters that the router found, as they were meant."""
    found: Mapping[str, Any] = scope.get("path_params", {})
    if not scope.get(_ESCAPED):
        return found
    return {name: value.replace("%2F", "/").replace("%25", "%") for name, value in found.items()}
