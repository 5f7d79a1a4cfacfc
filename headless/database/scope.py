"""What the reads and stores of a task join while it is inside: a connection that it has for itself."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Generic, Protocol, TypeVar

from headless.database.statements import Row, Statement, Values
from headless.errors import TransactionClosed

CLOSED: Final = (
    "This task is not the one that owns the transaction, or the transaction is over. Nested calls belong to "
    "the task that opened it: use asyncio.timeout instead of asyncio.wait_for, and await calls one after "
    "another instead of with asyncio.gather or create_task. Work for later belongs into an after_commit "
    "callback."
)

LATE: Final = (
    "The transaction was open for more than {seconds:g} s and was rolled back. Nobody else can write what it wrote "
    "meanwhile: move what takes long, such as mail and calls to other servers, into an after_commit hook."
)


class Scope(ABC):
    """A connection that one task has for itself for a while."""

    def __init__(self, database: object) -> None:
        self.database = database
        self.outer: Scope | None = None
        self._is_open = False
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a transaction or snapshot belongs to a task, and there is none")
        self._task = task

    def enter(self) -> None:
        """The scope becomes the current one of this task."""
        self._is_open = True
        self.outer = current_scope.get()
        current_scope.set(self)

    def leave(self) -> None:
        """The scope before it becomes the current one again."""
        self._is_open = False
        current_scope.set(self.outer)

    def check(self) -> None:
        """Raises TransactionClosed unless the scope is open and the current task its owner."""
        if not self._is_open or asyncio.current_task() is not self._task:
            raise TransactionClosed(CLOSED)

    @abstractmethod
    def read_inline(self, statement: Statement, values: Values) -> list[Row] | None:
        """All rows, or None when only `read` may."""

    @abstractmethod
    async def read(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, as this scope sees them."""


class Part(Protocol):
    """A part of a transaction that can fail alone."""

    async def keep(self) -> None:
        """What it wrote is the transaction's."""

    async def undo(self, error: BaseException) -> None:
        """What it wrote is undone, if the connection is still the transaction's."""


class TransactionScope(Scope):
    """A transaction: what is written inside is durable, or undone, as one."""

    @abstractmethod
    async def begin(self) -> None:
        """Waits for its turn, and becomes the current scope."""

    @abstractmethod
    async def end(self, error: BaseException | None) -> None:
        """Undoes the writes if the block raised, else waits for the commit. Raises TransactionTimeout."""

    @abstractmethod
    async def begin_part(self) -> Part:
        """Begins a part that can fail alone."""

    @abstractmethod
    def after_commit(self, callback: Callable[[], Awaitable[Any] | None]) -> None:
        """Calls back when the transaction is durable, in the owner's task and outside the transaction."""

    @abstractmethod
    async def lock(self, name: str) -> None:
        """Waits until no other transaction holds this name, and holds it until the end of this one."""


TransactionT = TypeVar("TransactionT", bound=TransactionScope)


class TransactionBlock(Generic[TransactionT]):
    """`async with database.transaction() as transaction`; inside another, a part that can fail alone."""

    __slots__ = ("_database", "_kind", "_make", "_part", "_transaction")

    def __init__(self, database: object, kind: type[TransactionT], make: Callable[[], TransactionT]) -> None:
        self._database = database
        self._kind = kind
        self._make = make
        self._part: Part | None = None

    async def __aenter__(self) -> TransactionT:
        scope = scope_of(self._database)
        if scope is not None:
            self._transaction = writable(scope, self._kind)
            self._part = await self._transaction.begin_part()
        else:
            self._transaction = self._make()
            await self._transaction.begin()
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is None:
            await self._transaction.end(error)
        elif error is None:
            await self._part.keep()
        else:
            await self._part.undo(error)


def writable(scope: Scope, kind: type[TransactionT]) -> TransactionT:
    """The scope as a transaction. Raises RuntimeError for a snapshot."""
    if not isinstance(scope, kind):
        raise RuntimeError("a snapshot is for reading: write outside of it")
    return scope


current_scope: ContextVar[Scope | None] = ContextVar("headless_current_scope", default=None)


def scope_of(database: object) -> Scope | None:
    """The innermost transaction or snapshot of this database that the task is in, or was started in."""
    scope = current_scope.get()
    while scope is not None and scope.database is not database:
        scope = scope.outer
    return scope


def current_transaction(database: object = None) -> TransactionScope | None:
    """The innermost transaction that the current task is in, of this database or of whichever; None outside of one."""
    scope = current_scope.get()
    while scope is not None:
        if isinstance(scope, TransactionScope) and database in (None, scope.database):
            return scope
        scope = scope.outer
    return None


async def settled(future: asyncio.Future[Any]) -> None:
    """Waits for what cannot be stopped half-way, however often the waiting task is cancelled."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    if not future.cancelled():
        future.exception()
