"""Following the change log: every committed change, in its order, once, to everyone in this process who listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context

from headless.changes.change import Change
from headless.changes.log import ChangeLog
from headless.database.protocol import Database, Wake

Listener = Callable[[list[Change]], None]

LOOK_EVERY = 1.0
PAGE = 200

_log = logging.getLogger("headless.changes")


class Feed:
    """Hands every change to its listeners in the order of the log.

    Changes committed by this process are handed over from memory when they follow directly on the last one;
    where something is between, it and they are read from the log. Commits of other processes are noticed by
    `wake`, and by a look each second in case a call was lost. While nobody listens nothing is read.
    """

    def __init__(self, database: Database, log: ChangeLog, *, wake: Wake | None = None) -> None:
        self.position = 0
        """The sequence of the last change that was handed over; meaningful while somebody listens."""
        self._database = database
        self._changes = log
        self._wake = wake
        self._listeners: list[Listener] = []
        self._is_following = False
        self._opening = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._is_behind = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Hear of this process's commits, and tell other processes of them."""
        self._database.commit_listeners.append(self._committed)

    async def stop(self) -> None:
        """Follow no more."""
        if self._committed in self._database.commit_listeners:
            self._database.commit_listeners.remove(self._committed)
        self._listeners.clear()
        reading = self._reading
        self._rest()
        if reading is not None:
            await asyncio.wait([reading])
        if self._wake is not None:
            self._wake.close()

    async def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hand this listener every change after `position`, as it is when this returns. Call the result to end it.

        A listener is called with one or more changes on the event loop and must return at once.
        """
        async with self._opening:
            if not self._is_following:
                await self._follow()
            self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners:
                self._rest()

        return unsubscribe

    async def _follow(self) -> None:
        if self._wake is not None:
            self._wake.open(self.look)
        try:
            self.position = await self._changes.highest()
        except BaseException:
            self._rest()
            raise
        self._is_following = True
        self._schedule()
        # What was committed while the position was read is only in the log now.
        self.look()

    def _rest(self) -> None:
        self._is_following = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._wake is not None:
            self._wake.close()

    def look(self) -> None:
        """Read what is new in the log."""
        self._is_behind = True
        if self._reading is None and self._is_following:
            loop = asyncio.get_running_loop()
            # Not in the context of whoever commits: the log is read outside of every transaction.
            self._reading = loop.create_task(self._read(), context=Context())

    def _committed(self, changes: list[Change]) -> None:
        if self._wake is not None:
            self._wake.ring()
        if not self._is_following:
            return
        first, last = changes[0].seq, changes[-1].seq
        if self._reading is None and first == self.position + 1 and last == self.position + len(changes):
            self._hand_over(changes)
        else:
            self.look()

    async def _read(self) -> None:
        try:
            while self._is_behind:
                self._is_behind = False
                while changes := await self._changes.following(self.position, PAGE):
                    self._hand_over(changes)
                    if len(changes) < PAGE:
                        break
        except Exception:
            _log.exception("the change log could not be read; the next look tries again")
        finally:
            # A reading that was cancelled may end after the next one has begun.
            if self._reading is asyncio.current_task():
                self._reading = None

    def _hand_over(self, changes: list[Change]) -> None:
        self.position = changes[-1].seq or self.position
        for listener in tuple(self._listeners):
            try:
                listener(changes)
            except Exception:
                _log.exception("a listener to the change log failed")

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_again, context=Context())

    def _look_again(self) -> None:
        self._schedule()
        self.look()
