"""The middle of all streams: hears every change and tells the groups concerned."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Hashable
from contextvars import Context
from typing import Any

from headless.changes.change import Change
from headless.changes.feed import Feed
from headless.changes.log import ChangeLog
from headless.streams.group import Group, Member
from headless.streams.places import Places, StreamLimits
from headless.streams.timekeeper import Timekeeper
from headless.streams.view import Item, Occurrence, View

GROUPS_AT_ONCE = 50
"""Groups that are told before other work of the event loop has its turn."""
PENDING_LIMIT = 10_000
"""Changes that may wait for a view that is slow to judge them."""
REPLAYS_AT_ONCE = 4
CLOSE_WITHIN = 3.0

_log = logging.getLogger("headless.streams")


class CursorLost(Exception):
    """What came after a cursor is no longer in the log."""


class Hub:
    """Every open stream of one application.

    Members that share a view form a group. The feed is followed, and the one timer runs, only while there are
    members.
    """

    def __init__(
        self,
        feed: Feed,
        log: ChangeLog,
        *,
        clock: Callable[[], float] = time.monotonic,
        limits: StreamLimits | None = None,
    ) -> None:
        self.feed = feed
        self.log = log
        self.places = Places(limits)
        self.closed = False
        self.members: set[Member] = set()
        self.groups: dict[str, dict[Hashable, Group]] = {}
        self.time = Timekeeper(clock, spawn=self.spawn, position=lambda: feed.position, close=self.close)
        self._ready: dict[Group, None] = {}
        self._pumping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._following = asyncio.Lock()
        self._replays = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self._empty = asyncio.Event()

    async def join(self, member: Member) -> None:
        """Take a member in; from here on the feed is followed. `leave` must come after it, whatever happens."""
        self.members.add(member)
        self._empty.clear()
        async with self._following:
            if self._unsubscribe is None:
                self._unsubscribe = await self.feed.subscribe(self._hear)
        self.time.start()

    def enlist(self, member: Member, through: int) -> None:
        """Deliver to this member, from now on, all that comes after `through`."""
        view = member.view
        groups = self.groups.setdefault(view.collection, {})
        group = groups.get(view.key)
        if group is None:
            group = groups[view.key] = Group(view)
        group.members[member] = None
        member.enlist(group, through)
        self.time.add(member)

    def leave(self, member: Member) -> None:
        """Forget the member. A group without members is gone."""
        self.members.discard(member)
        group = member.group
        if group is not None and member in group.members:
            self.time.remove(member)
            del group.members[member]
            if not group.members:
                self._remove(group)
        if not self.members:
            self._rest()

    async def history(self, view: View, after: int, through: int) -> list[tuple[int, Item]]:
        """What the view shows of the changes in (after, through]. Raises CursorLost when some are no longer known."""
        async with self._replays:
            changes = await self.log.between(view.collection, after, through)
            items = [(occurrence.seq, await view.see(occurrence)) for occurrence in map(Occurrence, changes)]
            # Asked last: rows that were pruned while this was read would otherwise be missed silently.
            if not await self.log.covers(after):
                raise CursorLost
        return [(seq, item) for seq, item in items if item is not None]

    async def close(self) -> None:
        """End every stream: those that are read at once, stalled ones after a second."""
        self.closed = True
        for member in list(self.members):
            member.end()
        if self.members:
            try:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self._empty.wait()
            except TimeoutError:
                _log.warning("%d streams did not end in time", len(self.members))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this in a task of the hub's own."""
        # Not in the context of whoever wrote: its transaction is none of the subscribers' business.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _remove(self, group: Group) -> None:
        group.pending.clear()
        groups = self.groups[group.view.collection]
        del groups[group.view.key]
        if not groups:
            del self.groups[group.view.collection]

    def _rest(self) -> None:
        self._empty.set()
        self.time.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _hear(self, changes: list[Change]) -> None:
        for change in changes:
            groups = self.groups.get(change.collection)
            if not groups:
                continue
            occurrence = Occurrence(change)
            for group in groups.values():
                group.pending.append(occurrence)
                if len(group.pending) > PENDING_LIMIT:
                    self._give_up(group)
                elif not group.busy:
                    self._ready[group] = None
        if self._ready and not self._pumping:
            self._pumping = True
            self.spawn(self._pump())

    async def _pump(self) -> None:
        try:
            while self._ready:
                ready, self._ready = self._ready, {}
                for count, group in enumerate(ready, 1):
                    await self._serve(group)
                    if count % GROUPS_AT_ONCE == 0:
                        await asyncio.sleep(0)
        finally:
            self._pumping = False

    async def _serve(self, group: Group) -> None:
        group.busy = True
        if group.slow:
            self.spawn(self._serve_alone(group))
            return
        await self._work(group)
        group.busy = False
        if group.pending:
            self._ready[group] = None

    async def _serve_alone(self, group: Group) -> None:
        while group.pending:
            await self._work(group)
        group.busy = False

    async def _work(self, group: Group) -> None:
        try:
            await group.work()
        except Exception:
            # Nobody can say who may see these changes.
            _log.exception("streams of %r cannot go on", group.view.collection)
            self._give_up(group)

    def _give_up(self, group: Group) -> None:
        """End these streams; they are resumed without a gap."""
        group.pending.clear()
        for member in list(group.members):
            member.end()
