"""The connection under an ASGI `send` or `receive`, for what ASGI cannot say: what is unsent, and cutting it off."""

from __future__ import annotations

from functools import partial
from typing import Any

_DEPTH = 8


def abort(*callables: Any) -> bool:
    """Drop the connection behind these without waiting for a reader that does not read; whether it was found.

    uvicorn's `send` and `receive` are methods of an object that holds its transport. Middleware wraps them in
    closures, partials or objects of its own, which are looked through.
    """
    transport = _first(callables)
    if transport is not None:
        transport.abort()
    return transport is not None


def has_unsent(*callables: Any) -> bool:
    """Whether bytes that were written still wait for a reader in the server's own buffer."""
    size = getattr(_first(callables), "get_write_buffer_size", None)
    return callable(size) and size() > 0


def _first(callables: tuple[Any, ...]) -> Any | None:
    return next((found for wrapped in callables if (found := _transport(wrapped, _DEPTH)) is not None), None)


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
