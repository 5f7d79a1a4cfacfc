"""Requests with an `Idempotency-Key`: done once, however often they are sent, and answered the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from headless.database.system import kept_answers as table
from headless.errors import ApiError, BadRequest, Conflict
from headless.operations.core import Core

LONGEST_KEY: Final = 255
HOUR_MS: Final = 3_600_000
RUNNING: Final = "The first request with this Idempotency-Key is not answered yet."
OTHER: Final = "This Idempotency-Key was used for another request: give each its own."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with a key: whose it is, and what it asks for. Both are hashes."""

    id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the first time, or `replayed`."""

    status: int
    content_type: str
    body: bytes
    replayed: bool = False


def asked(user: Mapping[str, Any] | None, key: bytes, *parts: bytes) -> Asked:
    """The request of a user with a key, whose `parts` are everything its answer depends on. Raises BadRequest.

    A key belongs to its user. Nobody in particular shares no key with others: the whole request is part of it.
    """
    if not 0 < len(key) <= LONGEST_KEY or not all(32 < byte < 127 for byte in key):
        raise BadRequest(f"An Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters.")
    fingerprint = _hash(*parts)
    who = ("nobody", fingerprint) if user is None else ("user", str(user["collection"]), str(user["id"]))
    return Asked(_hash(*(part.encode() for part in who), key), fingerprint)


def _hash(*parts: bytes) -> str:
    """A hash that no other division into parts has."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part) + part)
    return whole.hexdigest()


class Answers:
    """Keeps the answers to requests with a key, each in the transaction of what the request did."""

    def __init__(self, core: Core, hours: int) -> None:
        self._core = core
        self._lifetime = hours * HOUR_MS
        self._running: set[str] = set()
        compile = core.database.compile
        at: sa.BindParameter[Any] = sa.bindparam("at", type_=sa.Integer)
        id: sa.BindParameter[Any] = sa.bindparam("key")
        kept = sa.select(table.c.fingerprint, table.c.status, table.c.content_type, table.c.body)
        self._find = compile(kept.where(table.c.id == id, table.c.expires_at > at), ["key", "at"])
        self._forget = compile(table.delete().where(table.c.id == id, table.c.expires_at <= at), ["key", "at"])
        self._prune = compile(table.delete().where(table.c.expires_at <= at), ["at"])
        names = [column.name for column in table.c]
        row: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(f"new_{name}") for name in names}
        new = core.database.dialect.insert_new(table, row).returning(table.c.id)
        self._keep = compile(new, [f"new_{name}" for name in names])

    async def once(self, request: Asked, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the request was answered, else what `make` answers, whose writes are stored together with the answer.

        Raises Conflict while the first is running, ApiError (422) for another request with the same key, and what
        `make` raises: then nothing was stored, and the next is the first again.
        """
        if request.id in self._running:
            raise Conflict(RUNNING)
        self._running.add(request.id)
        try:
            return await self._known(request) or await self._made(request, make)
        finally:
            self._running.discard(request.id)

    async def prune(self) -> None:
        """Forgets the answers that are too old."""
        await self._core.database.store(self._pruned)

    async def _known(self, request: Asked) -> Answer | None:
        rows = await self._core.database.read(self._find, (request.id, self._now()))
        if not rows:
            return None
        fingerprint, status, content_type, body = rows[0]
        if fingerprint != request.fingerprint:
            raise ApiError(OTHER, status=422)
        return Answer(status, content_type, bytes(body), replayed=True)

    async def _made(self, request: Asked, make: Callable[[], Awaitable[Answer]]) -> Answer:
        async with self._core.database.transaction():
            # Another process may have answered while this one waited for its turn.
            known = await self._known(request)
            if known is not None:
                return known
            answer = await make()
            if not await self._core.database.store(lambda: self._stored(request, answer)):
                raise Conflict(RUNNING)
        return answer

    def _stored(self, request: Asked, answer: Answer) -> Generator[Any, Any, bool]:
        now = self._now()
        yield self._forget, (request.id, now)
        row = (request.id, request.fingerprint, answer.status, answer.content_type, answer.body, now + self._lifetime)
        return bool((yield self._keep, row))

    def _pruned(self) -> Generator[Any, Any, None]:
        yield self._prune, (self._now(),)

    def _now(self) -> int:
        return int(self._core.clock.now() * 1000)
