"""The one timer of all streams: signs of life, sessions that ended, and a server that wants to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from headless.streams.group import Member

TICK = 0.1
CHECK_SESSIONS_EVERY = 4.0
BEATS_PER_TICK = 1_000
CHECKS_AT_ONCE = 100

Spawn = Callable[[Coroutine[Any, Any, None]], None]

_log = logging.getLogger("headless.streams")


class Timekeeper:
    """Ticks while it is started. Everything due is found in order of its time, never by asking every member."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        spawn: Spawn,
        position: Callable[[], int],
        close: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self.server_exits: Callable[[], bool] = _never
        """Whether the server that runs this wants to stop; see `headless.streams.shutdown`."""
        self._clock = clock
        self._spawn = spawn
        self._position = position
        self._close = close
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._beats: dict[float, dict[Member, float]] = {}
        self._checked: dict[Member, None] = {}
        self._checking = False
        self._next_check = 0.0

    def start(self) -> None:
        """Tick from now on. Harmless when it does."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._run, context=Context())

    def stop(self) -> None:
        """Tick no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def add(self, member: Member) -> None:
        """Look after this member."""
        if member.heartbeat:
            self._beats.setdefault(member.heartbeat, {})[member] = self._clock() + member.heartbeat
        if member.session_check is not None:
            self._checked[member] = None

    def remove(self, member: Member) -> None:
        """Forget this member."""
        self._checked.pop(member, None)
        if member.heartbeat and member.heartbeat in self._beats:
            due = self._beats[member.heartbeat]
            due.pop(member, None)
            if not due:
                del self._beats[member.heartbeat]

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        if not self._closing and self.server_exits():
            self._closing = True
            self._spawn(self._close())
        for period, due in list(self._beats.items()):
            self._beat(period, due, now)
        if self._checked and not self._checking and now >= self._next_check:
            self._next_check = now + CHECK_SESSIONS_EVERY
            self._checking = True
            self._spawn(self._check_sessions())

    def _run(self) -> None:
        self._timer = None
        self.start()
        self.tick()

    def _beat(self, period: float, due: dict[Member, float], now: float) -> None:
        # All members of one dict wait equally long, so the first is always the next.
        for _ in range(min(len(due), BEATS_PER_TICK)):
            member = next(iter(due))
            if due[member] > now:
                break
            del due[member]
            due[member] = now + period
            if member.group is not None:
                member.beat(member.group.told(self._position()))

    async def _check_sessions(self) -> None:
        try:
            for count, member in enumerate(list(self._checked), 1):
                if member in self._checked and not await _is_valid(member):
                    member.end()
                if count % CHECKS_AT_ONCE == 0:
                    await asyncio.sleep(0)
        finally:
            self._checking = False


async def _is_valid(member: Member) -> bool:
    if member.session_check is None:
        return True
    try:
        return await member.session_check()
    except Exception:
        _log.exception("a session could not be checked, so its stream ends")
        return False


def _never() -> bool:
    return False
