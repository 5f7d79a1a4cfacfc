"""Subscribers that receive the same bytes: each change is judged, projected and encoded once for all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from starlette.types import Message

from headless.streams.event import format_cursor
from headless.streams.step import runs_through
from headless.streams.view import Item, Occurrence, View

CHANGES_AT_ONCE = 100
BYTES_AT_ONCE = 65_536
WRITES_AT_ONCE = 250
"""Subscribers written to before other work of the event loop has its turn."""


class Batch:
    """Consecutive items for one group. Streams on the wire are all given the same message."""

    __slots__ = ("body", "items", "last", "message")

    def __init__(self, items: list[tuple[int, Item]]) -> None:
        self.items = items
        self.last = items[-1][0]
        self.body = join(item for _, item in items)
        self.message: Message = {"type": "http.response.body", "body": self.body, "more_body": True}


def join(items: Iterable[Item]) -> bytes:
    """The items that are bytes, as one piece."""
    return b"".join([item for item in items if isinstance(item, bytes)])


def batches(items: Sequence[tuple[int, Item]]) -> Iterator[Batch]:
    """The items in pieces of some 64 KiB, so that a slow connection is noticed between two of them."""
    piece: list[tuple[int, Item]] = []
    size = 0
    for item in items:
        piece.append(item)
        size += len(item[1]) if isinstance(item[1], bytes) else 0
        if size >= BYTES_AT_ONCE:
            yield Batch(piece)
            piece, size = [], 0
    if piece:
        yield Batch(piece)


class Member(Protocol):
    """One subscriber as its group, and the timer, know it."""

    @property
    def view(self) -> View: ...
    @property
    def group(self) -> Group | None: ...
    @property
    def heartbeat(self) -> float | None: ...
    @property
    def ping(self) -> bytes: ...
    @property
    def session_check(self) -> Callable[[], Awaitable[bool]] | None: ...

    def enlist(self, group: Group, through: int) -> None:
        """It is in the group; what is delivered with a sequence up to `through` it learns by other means."""

    def deliver(self, batch: Batch) -> None:
        """Take the batch. Never waits and never raises."""

    def beat(self, body: bytes) -> None:
        """Write this sign of life."""

    def end(self) -> None:
        """End this stream soon. Harmless when it has ended."""


class Group:
    """The members that share a view, and the changes that wait to be told to them."""

    __slots__ = ("_judging", "busy", "delivered", "delivering", "members", "pending", "slow", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.members: dict[Member, None] = {}
        self.pending: deque[Occurrence] = deque()
        self.busy = False
        self.slow = False
        self.delivering = False
        self.delivered = 0
        self._judging: int | None = None

    def position(self, feed_position: int) -> int:
        """The last sequence whose audience is settled: who joins now receives all later ones, and none up to it."""
        if self._judging is not None:
            return self._judging - 1
        return self.pending[0].seq - 1 if self.pending else feed_position

    async def work(self) -> None:
        """Judge the next pending changes and deliver what came of them."""
        changes = list(islice(self.pending, CHANGES_AT_ONCE))
        if not changes:
            return
        if len(changes) == len(self.pending):
            self.pending.clear()
        else:
            self.pending = deque(islice(self.pending, CHANGES_AT_ONCE, None))
        items: list[tuple[int, Item]] = []
        self._judging = changes[0].seq
        try:
            # A view that had to wait once (a rule asked the database) gets a task of its own from then on.
            if not await runs_through(self._judge(changes, items)):
                self.slow = True
        finally:
            self._judging = None
        if items:
            await self._deliver(items)

    def pulse(self, ping: bytes, feed_position: int) -> bytes:
        """The sign of life; after other changes it also moves the client's cursor, so that a resume stays cheap."""
        position = self.position(feed_position)
        return ping + format_cursor(position) if position > self.delivered else ping

    def clear(self) -> None:
        """Forget what is pending: nobody is left to hear it."""
        self.pending.clear()

    async def _judge(self, changes: list[Occurrence], items: list[tuple[int, Item]]) -> None:
        for occurrence in changes:
            item = await self.view.see(occurrence)
            if item is not None:
                items.append((occurrence.seq, item))

    async def _deliver(self, items: list[tuple[int, Item]]) -> None:
        audience = list(self.members)
        self.delivered = items[-1][0]
        self.delivering = True
        try:
            for batch in batches(items):
                for count, member in enumerate(audience, 1):
                    member.deliver(batch)
                    if count % WRITES_AT_ONCE == 0:
                        await asyncio.sleep(0)
        finally:
            self.delivering = False
