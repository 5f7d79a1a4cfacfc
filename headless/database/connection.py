"""Connections to SQLite: how they are set up, and reads stopped before they hold up the event loop."""

from __future__ import annotations

import sqlite3
from typing import Final

from headless.database import sqlite_dialect
from headless.database.dialect import public_error
from headless.database.statements import Row, Statement, Values
from headless.errors import Unavailable

OPCODES_PER_TICK: Final = 10_000
TICKS: Final = 10
"""An inline read may take this many ticks: 100,000 opcodes are about a millisecond of a scan."""

BUSY_MS: Final = 10_000

_PRAGMAS: Final = (
    "journal_mode=wal", "foreign_keys=on", "mmap_size=268435456", "cache_size=-32000", "temp_store=memory",
    "journal_size_limit=67108864",
)  # fmt: skip


def connect(path: str, *, durable: bool = True, read_only: bool = False) -> sqlite3.Connection:
    """A connection that one thread at a time may use, and that begins no transaction by itself."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=512)
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        for pragma in (*_PRAGMAS, f"synchronous={'full' if durable else 'off'}"):
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA query_only=on")
    except BaseException:
        connection.close()
        raise
    sqlite_dialect.add_functions(connection)
    return connection


def do_not_wait(connection: sqlite3.Connection) -> sqlite3.Connection:
    """For a connection used on the event loop: a lock held by another process is an error at once."""
    connection.execute("PRAGMA busy_timeout=0")
    return connection


class GuardedConnection:
    """Reads inline, counting the opcodes of each execution by itself.

    SQLite counts over the whole life of a cached statement, so the count that matters is kept here and zeroed
    before each execution, in the one function through which every inline read passes.
    """

    __slots__ = ("_execute", "_ticks", "connection")

    def __init__(self, connection: sqlite3.Connection, *, armed: bool = True) -> None:
        self.connection = connection
        self._execute = connection.cursor().execute
        self._ticks = 0
        if armed:
            self.arm()

    def arm(self) -> None:
        """From now on executions are counted."""
        self.connection.set_progress_handler(self._tick, OPCODES_PER_TICK)

    def disarm(self) -> None:
        """From now on nothing is stopped: an interrupted write would roll its transaction back."""
        self.connection.set_progress_handler(None, 0)

    def _tick(self) -> bool:
        self._ticks += 1
        return self._ticks > TICKS

    def read(self, statement: Statement, values: Values) -> list[Row] | None:
        """All rows, or None when a thread has to do it: it takes long, or another process is in the way."""
        self._ticks = 0
        bind = statement.bind
        try:
            return self._execute(statement.sql, values if bind is None else bind(values)).fetchall()
        except sqlite3.OperationalError as error:
            if sqlite_dialect.is_interrupted(error):
                statement.inline = False
            elif not sqlite_dialect.is_busy(error):
                raise
            return None
        except sqlite3.ProgrammingError as error:
            if "closed database" in str(error):
                raise Unavailable("The server is stopping.") from error
            raise
        except (OverflowError, UnicodeEncodeError) as error:
            raise public_error(sqlite_dialect.SQLITE, error)  # noqa: B904
