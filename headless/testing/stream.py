"""A live stream as a test reads it: event by event, never waiting for ever."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from headless.testing.exchange import Exchange, describe
from headless.testing.sse import EventReader, StreamEvent
from headless.testing.thread import LoopThread

if TYPE_CHECKING:
    import httpx2

REMEMBERED = 5


class Stream:
    """An open stream: `client.stream(path)` yields it. Iterating ends when the application ends the stream."""

    def __init__(self, exchange: Exchange, thread: LoopThread, patience: float) -> None:
        self._exchange = exchange
        self._thread = thread
        self._patience = patience
        self._reader = EventReader()
        self._waiting: deque[StreamEvent] = deque()
        self._received: deque[StreamEvent] = deque(maxlen=REMEMBERED)

    @property
    def status_code(self) -> int:
        """The status of the answer."""
        return self._exchange.status

    @property
    def headers(self) -> httpx2.Headers:
        """The headers of the answer."""
        return self._exchange.headers

    @property
    def last_id(self) -> str | None:
        """What a browser would reconnect with: give it as `last_event_id` to a later stream."""
        return self._reader.last_id

    def next(self, timeout: float | None = None) -> StreamEvent:
        """The next event. Raises TimeoutError when there is none in time, and EOFError when the stream has ended."""
        event = self._take(timeout)
        if event is None:
            raise EOFError(f"{describe(self._exchange.request)}: the stream has ended{self._so_far()}")
        return event

    def take(self, count: int, timeout: float | None = None) -> list[StreamEvent]:
        """The next so many events. Raises as `next` does."""
        return [self.next(timeout) for _ in range(count)]

    def __iter__(self) -> Iterator[StreamEvent]:
        while (event := self._take(None)) is not None:
            yield event

    def _take(self, timeout: float | None) -> StreamEvent | None:
        patience = self._patience if timeout is None else timeout
        try:
            event = self._thread.run(self._read(), patience, describe(self._exchange.request))
        except TimeoutError as late:
            raise TimeoutError(f"{late}{self._so_far()}") from None
        if event is not None:
            self._received.append(event)
        return event

    async def _read(self) -> StreamEvent | None:
        while not self._waiting:
            piece = await self._exchange.piece()
            if piece is None:
                return None
            self._waiting.extend(self._reader.feed(piece))
        return self._waiting.popleft()

    def _so_far(self) -> str:
        if not self._received:
            return "; no event was received before"
        return "; received before: " + ", ".join(f"{event.name} {event.data[:80]}" for event in self._received)
