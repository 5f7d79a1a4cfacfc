"""A live query: which documents, as whom they are read, and where to begin. Streams and iterations are made of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from headless.streams.event import Encode, Event
from headless.streams.group import Member
from headless.streams.hub import CursorLost, Hub
from headless.streams.inbox import Inbox
from headless.streams.view import Constraint, Item, Projection, View

WINDOW = 1_000
"""Sequences of the log that are read and judged at once while a subscriber catches up."""

Snapshot = Callable[[], Awaitable[tuple[list[dict[str, Any]], int]]]
"""Reads the documents, and the sequence of the last change they include, in one read transaction."""
SessionCheck = Callable[[], Awaitable[bool]]
Told = tuple[list[tuple[int, Item]], int]
"""Items with their sequences, and the sequence up to which everything has been told."""


@dataclass(eq=False, kw_only=True)
class Watch:
    """A live query, not yet running. Iterate over it for its events, or answer a request with `EventStream(watch)`.

    It begins with a `snapshot` where there is one, or resumes after `since`, a sequence of the change log.
    Only the named `events` are told (`snapshot` and `reset` always are). `session_check` is asked every few
    seconds: False ends the stream, for a session that was revoked or a user whose rights are no longer those
    of `constraint`.
    """

    hub: Hub
    collection: str
    constraint: Constraint
    projection: Projection
    snapshot: Snapshot | None = None
    since: int | None = None
    events: frozenset[str] | None = None
    session_check: SessionCheck | None = None
    _inboxes: set[Inbox] = field(default_factory=set, init=False, repr=False)

    async def prepare(self) -> None:
        """Made ready before each use: rules are asked here, and what may not be watched is refused."""

    def view(self, encode: Encode | None = None) -> View:
        """What a subscriber of this watch receives."""
        return View(self.collection, self.constraint, self.projection, self.events, encode)

    async def __aiter__(self) -> AsyncGenerator[Event, None]:
        await self.prepare()
        if self.hub.closed:
            return
        inbox = Inbox(self.view(), session_check=self.session_check)
        self._inboxes.add(inbox)
        cursor = self.since
        try:
            await self.hub.join(inbox)
            while not inbox.ended:
                async with aclosing(self.tell(inbox, cursor)) as telling:
                    async for told in telling:
                        cursor = told[1]
                        for _, item in told[0]:
                            yield _event(item)
                while (found := await inbox.take()) is not None:
                    cursor, item = found
                    yield _event(item)
                # An inbox that overflowed is filled again from the log, after the last event that was taken.
        finally:
            inbox.ended = True
            self._inboxes.discard(inbox)
            self.hub.leave(inbox)

    async def aclose(self) -> None:
        """End every iteration over this watch, after what it was told already."""
        for inbox in self._inboxes:
            inbox.end()
            # Whoever iterates may never ask again, and the hub waits for its members when it closes.
            self.hub.leave(inbox)

    async def tell(self, member: Member, since: int | None) -> AsyncGenerator[Told, None]:
        """What `member` is to be told before live delivery, which continues exactly where this ends.

        The first is its opening, perhaps without items. The member is enlisted before the last.
        """
        hub, view = self.hub, member.view
        if since is None or not await hub.log.covers(since):
            items, cursor = await self._opening(view, reset=since is not None)
        else:
            items, cursor = [], since
        yield items, cursor
        told = False
        while not told:
            target = hub.feed.position
            through = min(target, cursor + WINDOW)
            if told := through == target or target <= cursor:
                hub.enlist(member, max(target, cursor))
            if target > cursor:
                try:
                    items, cursor = await hub.history(view, cursor, through), through
                except CursorLost:
                    told = False
                    items, cursor = await self._opening(view, reset=True)
                yield items, cursor

    async def _opening(self, view: View, *, reset: bool) -> Told:
        docs = None
        if self.snapshot is not None:
            docs, cursor = await self.snapshot()
        else:
            cursor = await self.hub.log.highest() if reset else self.hub.feed.position
        events = []
        if reset:
            events.append(Event("reset", self.collection, cursor))
        if docs is not None:
            events.append(Event("snapshot", self.collection, cursor, docs=docs))
        items = [(cursor, view.item(event)) for event in events]
        return [(seq, item) for seq, item in items if item is not None], cursor


def _event(item: Item) -> Event:
    assert isinstance(item, Event)
    return item
