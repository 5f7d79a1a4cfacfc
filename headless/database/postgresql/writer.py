"""The writer: a queue of stores, and groups of them that one commit makes durable.

One store after another runs on the writer's connection without a savepoint. When one fails that has written, or waits
for a row that somebody else holds, everything is rolled back: who came before it is run again without it, and it by
itself, on a connection that waits patiently.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from typing import Any, Final

import asyncpg

from headless.database.dialect import Busy, public_error
from headless.database.effects import Effects
from headless.database.members import Member
from headless.database.postgresql.commit import Commits
from headless.database.postgresql.connections import Connection, Connections
from headless.database.postgresql.dialect import POSTGRESQL
from headless.database.postgresql.driving import Drive
from headless.database.protocol import Store
from headless.errors import Unavailable

GROUP: Final = 64
WAITING: Final = 4096
TRIES: Final = 4
"""How often a store that others got in the way of is run by itself."""


class StoreMember(Member):
    """A store, run in the context of its caller."""

    __slots__ = ("context", "drive", "make", "result")

    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Store[Any]]) -> None:
        super().__init__(loop)
        self.make = make
        self.context = copy_context()
        self.result: Any = None
        self.drive: Drive | None = None

    async def run(self, connection: Connection) -> None:
        """Runs the store from its beginning."""
        self.effects = Effects()
        self.drive = Drive(self.make, self.effects, self.context)
        self.result = await self.drive.run(connection)

    @property
    def is_harmless(self) -> bool:
        """Whether its failure leaves nothing in the transaction that would have to be undone."""
        return self.drive is None or not (self.drive.has_written or self.drive.has_failed_in_database)


class Writer:
    """Every store that is not part of a transaction passes here.

    `lane` lends the connection of the groups, which gives up quickly when a row is held; `patient` lends those that
    wait.
    """

    def __init__(self, lane: Connections, patient: Connections, commits: Commits) -> None:
        self._lane = lane
        self._patient = patient
        self._commits = commits
        self._loop = asyncio.get_running_loop()
        self._queue: deque[StoreMember] = deque()
        self._task: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()
        self._is_open = True

    def submit(self, member: StoreMember) -> None:
        """Queues a store. Raises Unavailable when too many wait, or the database is being closed."""
        if len(self._queue) >= WAITING or not self._is_open:
            raise Unavailable()
        self._queue.append(member)
        if self._task is None:
            # Nothing of the caller that happens to wake the writer may leak into the writes of others.
            self._task = self._loop.create_task(self._run(), context=Context())

    async def close(self) -> None:
        """Ends what is under way and refuses what waits."""
        self._is_open = False
        while self._queue:
            self._queue.popleft().fail(Unavailable("The server is stopping."))
        # The group that ends may still send some of its members on by themselves.
        while tasks := [task for task in (self._task, *self._alone) if task is not None]:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        try:
            while self._queue:
                # Whatever arrives in this round of the loop is in the same group.
                await asyncio.sleep(0)
                group = [self._queue.popleft() for _ in range(min(GROUP, len(self._queue)))]
                await self._write([member for member in group if not member.is_abandoned])
        finally:
            self._task = None

    async def _write(self, members: Sequence[StoreMember]) -> None:
        """Makes a group durable, each or its failure told; who gets in the way of the others goes by itself."""
        while members:
            try:
                stopped = await self._attempt(self._lane, members)
            except Exception as error:
                self._give_up(members, error)
                return
            if stopped is None:
                return
            before, culprit, members = members[:stopped], members[stopped], members[stopped + 1 :]
            await self._write([member for member in before if not member.future.done()])
            self._go_alone(culprit)

    async def _attempt(self, connections: Connections, members: Sequence[StoreMember]) -> int | None:
        """Runs the members in one transaction. Answers the place of the one that it could not contain, or None."""
        async with connections.lent() as connection:
            await connection.execute("BEGIN")
            group: list[Member] = []
            for place, member in enumerate(members):
                try:
                    await member.run(connection)
                except Exception as error:
                    if not member.is_harmless:
                        await _roll_back(connection)
                        return place
                    member.fail(public_error(POSTGRESQL, error))
                else:
                    group.append(member)
            try:
                await self._commits.commit(connection, group)
            except asyncpg.PostgresError:
                await _roll_back(connection)
                raise
        return None

    def _give_up(self, members: Sequence[StoreMember], error: Exception) -> None:
        """The group cannot be committed. Where others only held the log for long, each tries again with patience."""
        if not isinstance(POSTGRESQL.classify(error), Busy):
            _refuse(members, error)
            return
        for member in members:
            if not member.future.done():
                self._go_alone(member)

    def _go_alone(self, member: StoreMember) -> None:
        task = self._loop.create_task(self._by_itself(member), context=Context())
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)

    async def _by_itself(self, member: StoreMember) -> None:
        """Runs one store until it is durable or refused for a reason of its own."""
        error: Exception = Unavailable()
        for _ in range(TRIES):
            try:
                async with self._patient.lent() as connection:
                    await connection.execute("BEGIN")
                    try:
                        await member.run(connection)
                        await self._commits.commit(connection, [member])
                    except Exception:
                        await _roll_back(connection)
                        raise
            except Exception as raised:
                error = raised
                if not isinstance(POSTGRESQL.classify(raised), Busy):
                    break
            else:
                return
        _refuse([member], error)


async def _roll_back(connection: Connection) -> None:
    if not connection.is_closed():
        await connection.execute("ROLLBACK")


def _refuse(members: Sequence[StoreMember], error: Exception) -> None:
    for member in members:
        member.fail(public_error(POSTGRESQL, error))
