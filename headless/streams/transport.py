"""The connection under an ASGI `send` or `receive`, for the one thing ASGI has no word for: cutting it off."""

from __future__ import annotations

from functools import partial
from typing import Any

_DEPTH = 8


def abort(*callables: Any) -> bool:
    """Drop the connection behind these without waiting for a reader that does not read; whether it was found.

    uvicorn's `send` and `receive` are methods of an object that holds its transport. Middleware wraps them in
    closures, partials or objects of its own, which are looked through.
    """
    for wrapped in callables:
        transport = _transport(wrapped, _DEPTH)
        if transport is not None:
            transport.abort()
            return True
    return False


def _transport(wrapped: Any, depth: int) -> Any | None:
    owner = getattr(wrapped, "__self__", None)
    found = getattr(owner, "transport", None)
    if callable(getattr(found, "abort", None)):
        return found
    if depth:
        for inner in _wrapped_by(wrapped, owner):
            found = _transport(inner, depth - 1)
            if found is not None:
                return found
    return None


def _wrapped_by(wrapped: Any, owner: Any) -> list[Any]:
    if isinstance(wrapped, partial):
        inner = [wrapped.func, *wrapped.args, *wrapped.keywords.values()]
    else:
        inner = [cell.cell_contents for cell in getattr(wrapped, "__closure__", None) or () if _is_filled(cell)]
    for holder in (wrapped, owner):
        inner += [getattr(holder, name, None) for name in ("send", "receive", "_send", "_receive", "__wrapped__")]
    return [value for value in inner if callable(value) and value is not wrapped]


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
