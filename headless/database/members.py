"""What passes through the writer: stores, transactions and calls, each with what its owner waits for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from headless.database.effects import Effects, drive
from headless.database.protocol import Store


class Member:
    """One write on its way through the writer. `future` is done when it is durable, or failed."""

    __slots__ = ("effects", "future", "in_savepoint")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[Any] = loop.create_future()
        self.effects = Effects()
        self.in_savepoint = False

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody wants it any more, though it has not begun."""
        return self.future.done()

    def perform(self, connection: sqlite3.Connection) -> None:
        """What it does to the database of its own, if it has not its owner do that."""

    def fail(self, error: BaseException) -> None:
        """Tells its owner, if that still listens."""
        if not self.future.done():
            self.future.set_exception(error)

    async def durable(self) -> None:
        """Waits until it is durable, then calls back."""
        try:
            await self.future
        except asyncio.CancelledError:
            if not self.future.cancelled() and self.future.exception() is None:
                self.effects.call_back_alone()
            raise
        if self.effects.callbacks:
            await self.effects.call_back()

    def committed(self) -> None:
        """It is durable: its owner is told, or what it wanted done is done without him."""
        if self.future.done():
            self.effects.call_back_alone()
        else:
            self.future.set_result(None)


class StoreMember(Member):
    """A store: driven to its end without a pause, in the context of its caller."""

    __slots__ = ("context", "make", "result")

    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Store[Any]]) -> None:
        super().__init__(loop)
        self.make = make
        self.context = copy_context()
        self.result: Any = None

    def perform(self, connection: sqlite3.Connection) -> None:
        """Runs the store."""
        self.result = self.context.run(drive, connection, self.make, self.effects)

    def begin_again(self) -> None:
        """Forgets what the store did: all of it was rolled back, and it is run once more."""
        self.effects = Effects()
        self.in_savepoint = False


class TurnMember(Member):
    """A transaction: `turn` is done when its owner may use the writer."""

    __slots__ = ("lost", "turn")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.turn: asyncio.Future[None] = loop.create_future()
        self.lost: BaseException | None = None
        """Why the database rolled the transaction back by itself."""

    @property
    def is_abandoned(self) -> bool:
        return self.turn.done()

    def fail(self, error: BaseException) -> None:
        waiting = self.future if self.turn.done() else self.turn
        if not waiting.done():
            waiting.set_exception(error)


class CallMember(Member):
    """Something long that needs the writer for itself, in its thread, in a transaction of its own."""

    __slots__ = ("call", "result")

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[sqlite3.Connection], Any]) -> None:
        super().__init__(loop)
        self.call = call
        self.result: Any = None
