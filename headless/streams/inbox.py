"""A subscriber inside the process: events wait in a bounded inbox until somebody iterates over them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from headless.streams.group import Batch, Group
from headless.streams.view import Item, View

EVENT_LIMIT = 1_000


class Inbox:
    """Holds at most 1,000 events. When more come it empties itself and says so: its reader goes back to the log."""

    heartbeat = None

    def __init__(self, view: View, *, session_check: Callable[[], Awaitable[bool]] | None) -> None:
        self.view = view
        self.session_check = session_check
        self.group: Group | None = None
        self.ended = False
        self.overflowed = False
        self._through = 0
        self._items: deque[tuple[int, Item]] = deque()
        self._arrived = asyncio.Event()

    def enlist(self, group: Group, through: int) -> None:
        self.group = group
        self.overflowed = False
        self._through = through
        self._items.clear()

    def deliver(self, batch: Batch) -> None:
        if self.overflowed:
            return
        self._items.extend([item for item in batch.items if item[0] > self._through])
        if len(self._items) > EVENT_LIMIT:
            self.overflowed = True
            self._items.clear()
        self._arrived.set()

    def beat(self, told: int | None) -> None:
        """Nothing to keep alive."""

    def end(self) -> None:
        self.ended = True
        self._arrived.set()

    async def take(self) -> tuple[int, Item] | None:
        """The next one; None when it overflowed or the stream has ended."""
        while not self._items:
            if self.overflowed or self.ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._items.popleft()
