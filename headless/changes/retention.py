"""How long the change log and what else is kept for a while are remembered: they are pruned while the app runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context

from headless.changes.log import GIBIBYTE, ChangeLog
from headless.clock import iso_from_ms

DAY = 86_400.0
FIRST_AFTER = 60.0
EVERY = 3_600.0

_log = logging.getLogger("headless.changes")


class Retention:
    """Keeps `days` of the log, and at most `size` characters of images; looked after each hour, with `others`."""

    def __init__(
        self,
        log: ChangeLog,
        *,
        days: float = 7,
        size: int = GIBIBYTE,
        now: Callable[[], float] = time.time,
        others: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._changes = log
        self._others = others
        self._days = days
        self._size = size
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Prune from now on, for the first time when the start of the application is over."""
        self._task = asyncio.get_running_loop().create_task(self._prune_forever(), context=Context())

    async def stop(self) -> None:
        """Prune no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def prune(self) -> int:
        """Prune once; how many sequences of the log that were."""
        oldest = iso_from_ms(int((self._now() - self._days * DAY) * 1000))
        pruned = await self._changes.prune(older_than=oldest, larger_than=self._size)
        for other in self._others:
            await other()
        return pruned

    async def _prune_forever(self) -> None:
        pause = FIRST_AFTER
        while True:
            await asyncio.sleep(pause)
            pause = EVERY
            try:
                await self.prune()
            except Exception:
                _log.exception("the change log could not be pruned; it is tried again in an hour")
