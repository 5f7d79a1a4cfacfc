"""What the rest of the platform may ask of a database, whichever it is, and what a store may say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from headless.database.dialect import Dialect
from headless.database.scope import TransactionScope
from headless.database.statements import Row, Statement, StatementCache, Values

T = TypeVar("T")


class LoggedChange(Protocol):
    """What the change log keeps of a write, as `headless.changes.Change`. `seq` is set by the commit."""

    seq: int | None

    @property
    def collection(self) -> str: ...
    @property
    def id(self) -> int | str: ...
    @property
    def operation(self) -> str: ...
    @property
    def actor(self) -> Mapping[str, Any] | None: ...
    @property
    def at(self) -> str: ...
    @property
    def before(self) -> dict[str, Any] | None: ...
    @property
    def after(self) -> dict[str, Any] | None: ...


Callback = Callable[[], Awaitable[Any] | None]
CommitListener = Callable[[list[Any]], None]


@dataclass(frozen=True, slots=True)
class AfterCommit:
    """Yielded by a store: call this after the commit, outside the transaction; an awaitable is awaited."""

    callback: Callback


Step = tuple[Statement, Values] | LoggedChange | AfterCommit
Store = Generator[Step, list[Row], T]
"""The half of a write that changes rows: yields statements with their values, receives rows, never awaits."""


class Wake(Protocol):
    """A call between the processes that share a database: the log has grown. One that is lost does no harm."""

    def open(self, called: Callable[[], None]) -> bool:
        """Call back, on the running loop, whenever another process rings; whether that is possible here."""

    def ring(self) -> None:
        """Call every other process that listens. Returns at once."""

    def close(self) -> None:
        """Listen no more."""


class Database(Protocol):
    """A database. Everything runs on the event loop that opened it."""

    is_private: bool
    """Whether the database is gone when it is closed."""
    commit_listeners: list[CommitListener]
    """Called after each commit with its changes, before anybody learns that it happened."""

    @property
    def dialect(self) -> Dialect:
        """How this database says things."""

    @property
    def statements(self) -> StatementCache:
        """The compiled statements used last."""

    async def open(self) -> None:
        """Connects and brings the platform's own tables up to date."""

    async def close(self) -> None:
        """Lets the commit that is under way end, refuses what waits, and disconnects."""

    def compile(self, clause: sa.ClauseElement, names: Sequence[str], *, risky: bool = False) -> Statement:
        """`compile_statement` in this database's dialect."""

    def compile_insert(self, clause: sa.Insert, key: sa.Column[Any], names: Sequence[str]) -> Statement:
        """The INSERT of one row, which answers the row's key."""

    async def read(self, statement: Statement, values: Values = ()) -> list[Row]:
        """All rows. Raises Unavailable when too many slow reads wait already."""

    def read_inline(self, statement: Statement, values: Values = ()) -> list[Row] | None:
        """All rows at once, or None when only `read` can answer without holding up the event loop."""

    async def total(self, statement: Statement, values: Values = (), key: Hashable = None) -> int:
        """The single number the statement gives, remembered under `key` until a table it reads is written."""

    async def store(self, make: Callable[[], Store[T]]) -> T:
        """Runs the store that `make` gives; its result, once that is durable or part of the transaction."""

    def transaction(self, timeout: float = 5.0) -> AbstractAsyncContextManager[TransactionScope]:
        """A turn on the writer for the current task: durable when the block ends, undone when it raises."""

    def snapshot(self) -> AbstractAsyncContextManager[None]:
        """Reads of the current task inside the block all see the database as it is at the first of them."""

    async def inspect(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection that cannot write."""

    async def call_writer(self, call: Callable[[sa.Connection], T]) -> T:
        """Calls with a connection in a transaction of its own, alone among those who change the schema."""

    def wake(self) -> Wake:
        """What calls the other processes on this database, and hears their calls."""
