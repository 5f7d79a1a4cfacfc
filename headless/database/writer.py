"""The writer: one connection, a queue before it, and groups of writes that are made durable by one commit.

Stores run on the event loop, one after another; a transaction gets the writer for its turn. Each is undone by
itself when it fails. When nothing waits, or the group is large, a thread commits while further writes queue;
then each is told.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, Final

from headless.database import log
from headless.database.connection import BUSY_MS
from headless.database.dialect import public_error
from headless.database.generations import Generations
from headless.database.members import CallMember, Member, StoreMember, TurnMember
from headless.database.protocol import CommitListener, LoggedChange
from headless.database.sqlite_dialect import SQLITE, is_busy
from headless.database.threads import Worker
from headless.errors import Unavailable

GROUP: Final = 64
PATIENCE: Final = 4
"""Rounds of the loop that a group waits to become as large as the last: who was just answered may write again."""
WAITING: Final = 4096

logger = logging.getLogger("headless.database")


class Writer:
    """Everything that is written passes here, in the order in which it came."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        worker: Worker,
        loop: asyncio.AbstractEventLoop,
        listeners: list[CommitListener],
    ) -> None:
        self.connection = connection
        self.worker = worker
        self.is_away = False
        """Whether a thread has the connection."""
        self.generations: Generations
        self._execute = connection.execute
        self._loop = loop
        self._listeners = listeners
        self._queue: deque[Member] = deque()
        self._group: list[Member] = []
        self._has_turns = False
        """Whether somebody in the group is no store, so that the group cannot be run again."""
        self._careful = 0
        """How many of the next stores run each in a savepoint, because one of them has failed without."""
        self._expected = 0
        """How many were in the last group."""
        self._patience = 0
        self._first_seq = 0
        self._turn: TurnMember | None = None
        self._has_begun = False
        self._is_scheduled = False
        self._idle: asyncio.Future[None] | None = None
        # Nothing of the caller that happens to wake the writer may leak into the writes of others.
        self._context = Context()

    def submit(self, member: Member) -> None:
        """Queues a write. Raises Unavailable when too many wait, or the database is being closed."""
        if len(self._queue) >= WAITING or self._idle is not None:
            raise Unavailable()
        self._queue.append(member)
        self._wake()

    def finish_turn(self, member: TurnMember) -> None:
        """The owner is done: its writes join the group."""
        self._turn = None
        if member.lost is None:
            try:
                if member.in_savepoint:
                    self._execute("RELEASE member")
                self._group.append(member)
                self._has_turns = True
            except sqlite3.Error as error:
                self._abort(error, member)
        else:
            member.fail(member.lost)
        self._wake()

    def undo_turn(self, member: TurnMember) -> None:
        """The owner failed, or gave up: its writes are undone and the turn passes on."""
        self._turn = None
        self._undo(member, None)
        self._wake()

    def lose(self, error: BaseException) -> None:
        """The database rolled back by itself during a turn: so did everybody before it in the group."""
        if self._turn is not None:
            self._turn.lost = error
        self._abort(error)

    async def close(self) -> None:
        """Ends what is under way and refuses what waits."""
        self._idle = self._loop.create_future()
        for member in self._queue:
            member.fail(Unavailable("The server is stopping."))
        self._wake()
        await self._idle

    def _wake(self) -> None:
        """One round of the loop later, so that whatever arrives in this one is in the same group."""
        if not (self._is_scheduled or self.is_away or self._turn is not None):
            self._is_scheduled = True
            self._loop.call_soon(self._advance, context=self._context)

    def _advance(self) -> None:
        self._is_scheduled = False
        if self._is_worth_waiting():
            self._wake()
            return
        queue = self._queue
        while queue and len(self._group) < GROUP:
            member = queue[0]
            if member.is_abandoned:
                queue.popleft()
            elif isinstance(member, CallMember):
                if self._group:
                    break
                queue.popleft()
                self._call(member)
                return
            elif not (self._has_begun or self._begin()):
                return
            else:
                queue.popleft()
                if self._start(member):
                    return
        if self._group:
            self._commit()
        else:
            self._rest()

    def _is_worth_waiting(self) -> bool:
        """Whether to look once more who comes. A commit costs as much for one as for twenty.

        Without it, of writers who all write again whenever they are answered, the fastest would commit alone and the
        others wait for that.
        """
        if self._has_begun or not self._patience or not 0 < len(self._queue) < self._expected:
            return False
        self._patience -= 1
        return True

    def _rest(self) -> None:
        if self._has_begun:
            self._roll_back()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _begin(self) -> bool:
        try:
            self._execute("BEGIN IMMEDIATE")
            self._has_begun = True
            self.generations.holding_lock()
        except sqlite3.Error as error:
            if self._has_begun or not is_busy(error):
                self._roll_back()
                self._refuse_all(error)
            else:
                self._lend(self._begin_patiently, self._begun_patiently)
            return False
        return True

    def _begin_patiently(self) -> None:
        self._execute(f"PRAGMA busy_timeout={BUSY_MS}")
        try:
            self._execute("BEGIN IMMEDIATE")
        finally:
            self._execute("PRAGMA busy_timeout=0")

    def _begun_patiently(self, _: None, error: BaseException | None) -> None:
        self.is_away = False
        if error is not None:
            self._refuse_all(error)
        else:
            self._has_begun = True
            self.generations.holding_lock()
        self._wake()

    def _start(self, member: Member) -> bool:
        """Runs a store, or gives a transaction its turn: then the answer is True, and the rest follows later.

        The first of a group needs no savepoint: nobody else is hurt when all is rolled back. Stores after stores do
        without as well, since failures are few: at one, everybody before it is run again, this time with savepoints.
        """
        hopeful = self._is_hopeful(member)
        try:
            if self._group and not hopeful:
                self._execute("SAVEPOINT member")
                member.in_savepoint = True
            if isinstance(member, TurnMember):
                self._turn = member
                member.turn.set_result(None)
                return True
            member.perform(self.connection)
            if member.in_savepoint:
                self._execute("RELEASE member")
            self._group.append(member)
        except BaseException as error:
            if hopeful and self._group and isinstance(error, Exception) and self.connection.in_transaction:
                self._begin_again(member)
                return False
            self._undo(member, error)
            member.fail(public_error(SQLITE, error))
            if not isinstance(error, Exception):
                self._wake()
                raise
        return False

    def _is_hopeful(self, member: Member) -> bool:
        """Whether the group so far can be run again, should this member fail."""
        if self._careful:
            self._careful -= 1
            return False
        return not self._has_turns and isinstance(member, StoreMember)

    def _begin_again(self, member: Member) -> None:
        """Rolls everybody back and queues them once more, to be run with savepoints."""
        again = [other for other in (*self._leave_group(), member) if isinstance(other, StoreMember)]
        self._roll_back()
        for other in again:
            other.begin_again()
        self._queue.extendleft(reversed(again))
        self._careful = len(again)

    def _undo(self, member: Member, error: BaseException | None) -> None:
        """Takes back one member's writes. Some failures, such as a full disk, have taken back everybody's."""
        try:
            if not self.connection.in_transaction:
                self._abort(error or Unavailable())
            elif member.in_savepoint:
                self._execute("ROLLBACK TO member")
                self._execute("RELEASE member")
            else:
                self._roll_back()
        except sqlite3.Error as failure:
            self._abort(failure)

    def _abort(self, error: BaseException, *others: Member) -> None:
        """Nothing of the group can be saved."""
        group = self._leave_group()
        self._roll_back()
        for member in (*group, *others):
            member.fail(public_error(SQLITE, error))

    def _leave_group(self) -> list[Member]:
        """Who was in the group, which is empty from here on."""
        group, self._group = self._group, []
        self._has_turns = False
        return group

    def _roll_back(self) -> None:
        self._has_begun = False
        if self.connection.in_transaction:
            self._execute("ROLLBACK")

    def _refuse_all(self, error: BaseException) -> None:
        while self._queue:
            self._queue.popleft().fail(public_error(SQLITE, error))
        self._rest()

    def _commit(self) -> None:
        try:
            rows = [row for member in self._group for row in member.effects.rows]
            if rows:
                self._first_seq = log.insert(self.connection, rows)
        except Exception as error:
            self._abort(error)
            self._wake()
        else:
            self._lend(self._commit_in_thread, self._committed)

    def _commit_in_thread(self) -> None:
        self._execute("COMMIT")

    def _committed(self, _: None, error: BaseException | None) -> None:
        self.is_away = False
        if error is not None:
            self._abort(error)
        else:
            self._has_begun = False
            self._expected, self._patience = len(self._group), PATIENCE
            self._tell(self._leave_group())
        self._wake()

    def _tell(self, group: list[Member]) -> None:
        """Generations first, then who follows the log, then the writers, who must find nothing old."""
        changes: list[LoggedChange] = []
        for member in group:
            self.generations.wrote(member.effects.tables)
            changes += member.effects.changes
        for seq, change in enumerate(changes, self._first_seq):
            change.seq = seq
        if changes:
            for listener in tuple(self._listeners):
                try:
                    listener(changes)
                except Exception:
                    logger.exception("a listener to commits failed")
        for member in group:
            member.committed()

    def _call(self, member: CallMember) -> None:
        def call() -> Any:
            # A table that is made anew is dropped in between, which must not reach what refers to it.
            self._execute("PRAGMA foreign_keys=off")
            try:
                self._begin_patiently()
                result = member.call(self.connection)
                if self._execute("PRAGMA foreign_key_check").fetchone() is not None:
                    raise sqlite3.IntegrityError("FOREIGN KEY constraint failed")
                self._execute("COMMIT")
                return result
            except BaseException:
                if self.connection.in_transaction:
                    self._execute("ROLLBACK")
                raise
            finally:
                self._execute("PRAGMA foreign_keys=on")

        def done(result: Any, error: BaseException | None) -> None:
            self.is_away = False
            self.generations.wrote_everything()
            if error is None:
                member.result = result
                member.committed()
            else:
                member.fail(public_error(SQLITE, error))
            self._wake()

        self._lend(call, done)

    def _lend(self, call: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        self.is_away = True
        self.worker.submit(call, done)
