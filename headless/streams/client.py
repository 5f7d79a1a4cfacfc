"""One client of a stream: written to by stepping the server's `send` by hand, buffered while it is slow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message, Send

from headless.streams.event import format_cursor
from headless.streams.group import BYTES_AT_ONCE, Batch, Group, join
from headless.streams.step import Suspended, runs_through
from headless.streams.view import View

EVENT_LIMIT = 1_000
BYTE_LIMIT = 1 << 20
FINAL: Message = {"type": "http.response.body", "body": b"", "more_body": False}

_log = logging.getLogger("headless.streams")


class Client:
    """A subscriber on the wire.

    Until `go_live` its own task writes, and what is delivered meanwhile waits in the backlog. From then on
    each delivery steps `send` by hand: nearly always the bytes are with the transport at once. When `send`
    suspends, a task finishes it and then writes the backlog; a client whose backlog passes the limits is cut
    off, and resumes. `direct` becomes False under a server or middleware whose `send` suspends as a rule:
    theirs is only ever called from a task of its own.
    """

    __slots__ = (
        "_backlog", "_bytes", "_events", "_send", "_task", "_through", "_writer", "cut_off", "direct", "ended",
        "group", "heartbeat", "live", "ping", "ready", "session_check", "started", "view",
    )  # fmt: skip

    def __init__(
        self,
        view: View,
        send: Send,
        *,
        heartbeat: float | None,
        ping: bytes,
        session_check: Callable[[], Awaitable[bool]] | None,
    ) -> None:
        self.view = view
        self.heartbeat = heartbeat
        self.ping = ping
        self.session_check = session_check
        self.group: Group | None = None
        self.started = self.live = self.ready = self.ended = self.cut_off = False
        self.direct = True
        self._send = send
        self._task = asyncio.current_task()
        self._through = 0
        self._writer: asyncio.Task[None] | None = None
        self._backlog: list[tuple[bytes, int]] = []
        self._events = 0
        self._bytes = 0

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of the response."""
        self.started = True
        await self._observe({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, body: bytes) -> None:
        """Write from the client's own task, before it is live."""
        await self._observe({"type": "http.response.body", "body": body, "more_body": True})

    async def go_live(self) -> None:
        """Write what waited meanwhile; from now on deliveries write."""
        while self._backlog:
            await self.write(self._take())
        self.live = not self.ended
        self.ready = self.live and self.direct

    async def finish(self) -> None:
        """End the response, after what is already on its way.

        A backlog that waited for the end of a replay is left out: the client resumes where it really is.
        """
        if self.live and self._writer is not None:
            await self._writer
        await self._send(FINAL)

    def drop(self) -> None:
        """Nothing more is written or waited for."""
        self.ended = True
        self.ready = False
        if self._writer is not None:
            self._writer.cancel()

    def enlist(self, group: Group, through: int) -> None:
        self.group = group
        self._through = through
        self._forget()

    def deliver(self, batch: Batch) -> None:
        if self.ready and batch.first > self._through:
            self._step(batch.message)
        elif not self.ended:
            self._queue(batch)

    def beat(self, told: int | None) -> None:
        # Where something waits to be written there is no need for a sign of life.
        if not self.live or self.ended or self._writer is not None:
            return
        # After changes that were not for it the client's cursor is moved as well, so that resuming stays cheap.
        body = self.ping if told is None or told <= self._through else self.ping + format_cursor(told)
        if self.ready:
            self._step({"type": "http.response.body", "body": body, "more_body": True})
        else:
            self._append(body, 1)

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.ready = False
            if self._task is not None:
                self._task.cancel()

    def _step(self, message: Message) -> None:
        coroutine: Any = self._send(message)
        try:
            waiting_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception as error:
            self._lose(error)
        else:
            self.ready = False
            self._write_backlog(Suspended(coroutine, waiting_for))

    def _queue(self, batch: Batch) -> None:
        if batch.first > self._through:
            self._append(batch.body, len(batch.items))
        elif later := [item for seq, item in batch.items if seq > self._through]:
            self._append(join(later), len(later))

    def _append(self, body: bytes, events: int) -> None:
        self._backlog.append((body, events))
        self._events += events
        self._bytes += len(body)
        if self._events > EVENT_LIMIT or self._bytes > BYTE_LIMIT:
            self.cut_off = True
            self._forget()
            self.end()
        elif self.live and self._writer is None:
            self._write_backlog()

    def _write_backlog(self, unfinished: Suspended | None = None) -> None:
        self._writer = asyncio.get_running_loop().create_task(self._write(unfinished))

    async def _write(self, unfinished: Suspended | None) -> None:
        try:
            if unfinished is not None:
                await unfinished
            while self._backlog:
                await self._send({"type": "http.response.body", "body": self._take(), "more_body": True})
        except Exception as error:
            self._lose(error)
        finally:
            self._writer = None
            self.ready = self.direct and not self.ended

    async def _observe(self, message: Message) -> None:
        self.direct = await runs_through(self._send(message)) and self.direct

    def _take(self) -> bytes:
        """The oldest of the backlog, some 64 KiB at once."""
        size = count = 0
        for body, events in self._backlog:
            if size and size + len(body) > BYTES_AT_ONCE:
                break
            size += len(body)
            count += 1
            self._events -= events
        taken = b"".join([body for body, _ in self._backlog[:count]])
        del self._backlog[:count]
        self._bytes -= size
        return taken

    def _forget(self) -> None:
        self._backlog.clear()
        self._events = self._bytes = 0

    def _lose(self, error: Exception) -> None:
        # ASGI servers may raise once the client is gone; `receive` then says so as well.
        _log.debug("a stream's client is gone: %r", error)
        self.cut_off = True
        self.end()
