"""The post: mail that operations send once what they did is stored, and that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from headless.database import current_transaction
from headless.mail import MailTransport, Message

logger = logging.getLogger("headless.mail")

MOST_WAITING: Final = 1_000
STOP_WITHIN: Final = 10.0


class Post:
    """Sends messages after the commit, each in a task of its own: how long that takes tells nobody anything."""

    def __init__(self, transport: Callable[[], MailTransport]) -> None:
        self._transport = transport
        self._tasks: set[asyncio.Task[Any]] = set()

    def send(self, make: Callable[[], Awaitable[Message]]) -> None:
        """Makes a message and sends it: at once, or when the transaction around it is committed."""

        async def now() -> None:
            self._start(make)

        transaction = current_transaction()
        if transaction is not None:
            transaction.after_commit(now)
        else:
            self._start(make)

    def _start(self, make: Callable[[], Awaitable[Message]]) -> None:
        if len(self._tasks) >= MOST_WAITING:
            logger.error("a mail was not sent: %s are waiting already", MOST_WAITING)
            return
        task = asyncio.create_task(self._deliver(make))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, make: Callable[[], Awaitable[Message]]) -> None:
        try:
            await self._transport().send(await make())
        except Exception as error:
            # Not the error itself: a server's answer may quote the message.
            logger.error("a mail was not sent: %s", type(error).__name__)

    async def drain(self) -> None:
        """Waits until what was sent so far is delivered or has failed; at most for some seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_WITHIN)
