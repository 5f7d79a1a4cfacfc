"""A watch as the answer to a request: `text/event-stream`, without a queue or a writing task for each client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headless.streams.client import FINAL, Client
from headless.streams.event import COMMENT, Encode, encode_event, format_cursor, format_event, parse_cursor
from headless.streams.group import join
from headless.streams.transport import abort, has_unsent
from headless.streams.watch import Watch

FINISH_WITHIN = 1.0
LOOK_AFTER = 0.02
LONG_REPLAY = 3
"""Pieces of a replay after which it is worth a task to notice that nobody waits for the rest."""
HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}

_log = logging.getLogger("headless.streams")


class EventStream(Response):
    """A response that tells a client about a watch for as long as both live.

    `encode` decides how each event is written (see `Encode`); streams share the work of encoding when it is
    the same function, so let it be one at module level. Every `heartbeat` seconds (None: never) `ping` is
    written: bytes, or an event's name and data. A client that reconnects with `Last-Event-ID` receives
    exactly what it missed; `since` of the watch does the same for a first request.

    >>> def as_message(event):
    ...     docs = event.docs or [event.doc]
    ...     return "message", docs
    >>> EventStream(watch, encode=as_message, heartbeat=30, ping=("ping", "keep-alive"))  # doctest: +SKIP
    """

    def __init__(
        self,
        watch: Watch,
        *,
        encode: Encode = encode_event,
        heartbeat: float | None = 15.0,
        ping: bytes | tuple[str, Any] = COMMENT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.watch = watch
        self.encode = encode
        self.heartbeat = heartbeat
        self.ping = ping if isinstance(ping, bytes) else format_event(*ping)
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI request. What the watch raises before anything is sent is raised here, to be an answer."""
        watch = self.watch
        await watch.prepare()
        if watch.hub.closed or scope.get("method") == "HEAD":
            # A server that stops ends streams properly, those that come too late as well: browsers then reconnect.
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send(FINAL)
            return
        client = Client(
            watch.view(self.encode),
            send,
            heartbeat=self.heartbeat,
            ping=self.ping,
            session_check=watch.session_check,
        )
        place = watch.hub.places.take(scope)
        try:
            await watch.hub.join(client)
            leaving = await self._tell(client, receive, _cursor(scope, watch.since))
            await client.go_live()
            await (leaving or _left(receive))
        except asyncio.CancelledError:
            if not client.ended:
                raise
            _uncancel()
            await self._end(client, receive, send)
        except Exception:
            if not client.started:
                raise
            client.ended = True
            _log.exception("a stream of %r ends", watch.collection)
            await self._end(client, receive, send)
        finally:
            watch.hub.places.free(place)
            client.drop()
            watch.hub.leave(client)

    async def _tell(self, client: Client, receive: Receive, since: int | None) -> asyncio.Task[None] | None:
        """Everything before live delivery. During a long replay it is noticed, and returned, when the client leaves."""
        leaving: asyncio.Task[None] | None = None
        written = 0
        try:
            async with aclosing(self.watch.tell(client, since)) as telling:
                async for items, cursor in telling:
                    body = join(item for _, item in items) or format_cursor(cursor)
                    if not client.started:
                        await client.start(self.status_code, self.raw_headers)
                        body = body if items else COMMENT + body
                    await client.write(body)
                    written += 1
                    if written == LONG_REPLAY:
                        leaving = asyncio.create_task(_left(receive))
                    if leaving is not None and leaving.done():
                        break
        except BaseException:
            if leaving is not None:
                leaving.cancel()
            raise
        return leaving

    async def _end(self, client: Client, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(FINISH_WITHIN):
                if not client.started:
                    await client.start(self.status_code, self.raw_headers)
                if client.cut_off and abort(receive, send):
                    await _left(receive)
                else:
                    await client.finish()
                    # Its end was written, but the server keeps a connection until all of that has been read.
                    while has_unsent(receive, send):  # noqa: ASYNC110 - transports tell nobody when they are empty
                        await asyncio.sleep(LOOK_AFTER)
        except TimeoutError:
            abort(receive, send)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cursor(scope: Scope, since: int | None) -> int | None:
    """`Last-Event-ID` goes before `since`: a browser that reconnects repeats the address it was given."""
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            cursor = parse_cursor(value.decode("utf-8", "replace"))
            return since if cursor is None else cursor
    return since


def _uncancel() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
