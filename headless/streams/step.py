"""Coroutines stepped by hand: most finish at once, and then neither a task nor a turn of the event loop is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from types import CoroutineType
from typing import Any


class Suspended:
    """A coroutine that was started by hand and waits for something; awaiting this finishes it."""

    __slots__ = ("_coroutine", "_waiting_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waiting_for: Any) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, Any]:
        # What the coroutine yielded goes to the task unchanged: a task knows a future that is
        # awaited by the mark the future itself set when it was yielded.
        waiting_for = self._waiting_for
        while True:
            thrown = value = None
            try:
                value = yield waiting_for
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:
                thrown = error
            try:
                waiting_for = self._coroutine.send(value) if thrown is None else self._coroutine.throw(thrown)
            except StopIteration as finished:
                return finished.value


async def runs_through(awaitable: Awaitable[Any]) -> bool:
    """Await it; whether it was a coroutine that finished without suspending once."""
    if not isinstance(awaitable, (CoroutineType, Coroutine)):
        await awaitable
        return False
    try:
        waiting_for = awaitable.send(None)
    except StopIteration:
        return True
    await Suspended(awaitable, waiting_for)
    return False
