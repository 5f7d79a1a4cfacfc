"""The end of a transaction: its changes go into the log in the order of commits, then everybody is told."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from typing import Final

from headless.database.members import Member
from headless.database.postgresql.connections import Connection
from headless.database.protocol import CommitListener, LoggedChange
from headless.errors import Unavailable

logger = logging.getLogger("headless.database")

_COLUMNS: Final = ("collection", "document", "operation", "actor", "at", "before", "after")
_NAMES: Final = ", ".join(_COLUMNS)
_ARRAYS: Final = ", ".join(f"${place}::text[]" for place in range(1, len(_COLUMNS) + 1))
_INSERT: Final = (
    f"INSERT INTO _changes ({_NAMES}) SELECT {_NAMES}"  # noqa: S608
    f" FROM unnest({_ARRAYS}) WITH ORDINALITY AS logged ({_NAMES}, place) ORDER BY place RETURNING seq"
)


class Commits:
    """Commits on any connection of this process. `lock` is the key of the log's advisory lock, two integers."""

    def __init__(self, lock: tuple[int, int], listeners: list[CommitListener]) -> None:
        self._lock = f"SELECT pg_advisory_xact_lock({lock[0]}, {lock[1]})"
        self._listeners = listeners

    async def commit(self, connection: Connection, members: Sequence[Member]) -> None:
        """Makes what the members did durable.

        Whoever logs takes the lock by a statement of its own, and no statement on data follows: a sequence is in the
        order of commits, and nobody who holds the lock waits for a row.
        """
        rows = [row for member in members for row in member.effects.rows]
        numbers: list[int] = []
        if rows:
            await connection.execute(self._lock)
            columns = [list(column) for column in zip(*rows, strict=True)]
            numbers = sorted(row[0] for row in await connection.fetch(_INSERT, *columns))
        # A transaction that a failed statement had aborted answers ROLLBACK, without an error.
        if await connection.execute("COMMIT") != "COMMIT":
            raise Unavailable()
        self._tell(members, numbers)

    def _tell(self, members: Sequence[Member], numbers: list[int]) -> None:
        """Who follows the log hears of it before the writers do, who must find nothing old."""
        changes: list[LoggedChange] = [change for member in members for change in member.effects.changes]
        for change, seq in zip(changes, numbers, strict=True):
            change.seq = seq
        if changes:
            for listener in tuple(self._listeners):
                try:
                    listener(changes)
                except Exception:
                    logger.exception("a listener to commits failed")
        for member in members:
            member.committed()


def text_key(text: str) -> int:
    """A number of 32 bits with a sign for a text, as the keys of advisory locks are."""
    return zlib.crc32(text.encode()) - (1 << 31)
