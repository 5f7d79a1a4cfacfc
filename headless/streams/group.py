"""Subscribers that receive the same bytes: each change is judged, projected and encoded once for all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from starlette.types import Message

from headless.streams.step import runs_through
from headless.streams.view import Item, Occurrence, View

CHANGES_AT_ONCE = 100
BYTES_AT_ONCE = 65_536
WRITES_AT_ONCE = 250
"""Subscribers written to before other work of the event loop has its turn."""


class Batch:
    """Consecutive items for one group. Streams on the wire are all given the same message."""

    __slots__ = ("body", "first", "items", "message")

    def __init__(self, items: list[tuple[int, Item]]) -> None:
        self.items = items
        self.first = items[0][0]
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
    def session_check(self) -> Callable[[], Awaitable[bool]] | None: ...

    def enlist(self, group: Group, through: int) -> None:
        """It is in the group; what is delivered with a sequence up to `through` it learns by other means.

        What was delivered to it before is forgotten.
        """

    def deliver(self, batch: Batch) -> None:
        """Take the batch. Never waits and never raises."""

    def beat(self, told: int | None) -> None:
        """Write the sign of life; where a sequence is given, everything up to it has been told."""

    def end(self) -> None:
        """End this stream soon. Harmless when it has ended."""


class Group:
    """The members that share a view, and the changes that wait to be told to them."""

    __slots__ = ("busy", "delivered", "members", "pending", "slow", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.members: dict[Member, None] = {}
        self.pending: deque[Occurrence] = deque()
        self.delivered = 0
        self.busy = False
        """Whether changes are being judged or delivered."""
        self.slow = False
        """Whether the view was found to wait for something: it is judged in a task of its own from then on."""

    async def work(self) -> None:
        """Judge the next pending changes and deliver what came of them."""
        changes = list(islice(self.pending, CHANGES_AT_ONCE))
        if len(changes) == len(self.pending):
            self.pending.clear()
        else:
            self.pending = deque(islice(self.pending, CHANGES_AT_ONCE, None))
        items: list[tuple[int, Item]] = []
        if not await runs_through(self._judge(changes, items)):
            self.slow = True
        if items:
            await self._deliver(items)

    def told(self, position: int) -> int | None:
        """`position` when everything up to it has been told and the last event does not say so; None otherwise."""
        if self.busy or self.pending or position <= self.delivered:
            return None
        return position

    async def _judge(self, changes: list[Occurrence], items: list[tuple[int, Item]]) -> None:
        for occurrence in changes:
            item = await self.view.see(occurrence)
            if item is not None:
                items.append((occurrence.seq, item))

    async def _deliver(self, items: list[tuple[int, Item]]) -> None:
        # Who joins from here on has a replay that reaches beyond these.
        audience = list(self.members)
        self.delivered = items[-1][0]
        for batch in batches(items):
            for count, member in enumerate(audience, 1):
                member.deliver(batch)
                if count % WRITES_AT_ONCE == 0:
                    await asyncio.sleep(0)
