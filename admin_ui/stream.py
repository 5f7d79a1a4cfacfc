"""Several live queries told on one connection, because a browser allows few to a host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from headless import HeadlessError
from headless.events import Event, format_event

HEARTBEAT: Final = 15.0
WAITING: Final = 100
"""Events that wait for a slow browser here; what is more waits in the watches, which know how to drop and resume."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Part:
    """A live query, and how its events are written; None says nothing."""

    watch: Any
    write: Callable[[Event], bytes | None]


class LiveStream:
    """An ASGI response that tells of all its parts until the browser leaves or one of them ends."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
        gone = asyncio.create_task(_left(receive))
        tasks = [gone, asyncio.create_task(_write(queue, send))]
        tasks += [asyncio.create_task(_follow(part, queue)) for part in self._parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = gone.done()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not left:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(queue: asyncio.Queue[bytes], send: Send) -> None:
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                body = await queue.get()
        except TimeoutError:
            body = b":\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _follow(part: Part, queue: asyncio.Queue[bytes]) -> None:
    try:
        async for event in part.watch:
            body = part.write(event)
            if body is not None:
                await queue.put(body)
    except HeadlessError as error:
        # A query that cannot be live (a filter through a relationship) is not tried again and again.
        await queue.put(format_event("off", {"message": error.message}))
        await asyncio.Event().wait()
    finally:
        await part.watch.aclose()
