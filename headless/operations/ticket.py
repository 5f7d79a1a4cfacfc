"""Tickets: each opens one stream in the name of a session, for browsers, whose `EventSource` cannot send its token."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from headless.database.system import used_tickets as table
from headless.errors import AuthenticationError, Forbidden
from headless.operations.core import Core
from headless.operations.page import Document
from headless.security.tokens import Token, Tokens

LIFETIME: Final = 30
PREFIX: Final = "st."
"""Begins every ticket, so that a parameter of the same name that means something else is let alone."""
WORTHLESS: Final = "This ticket was used already, or it is too old, or its session has ended: ask for another."


class Tickets:
    """Issues tickets, and takes each once, whichever process made it. Only that it was used is stored."""

    def __init__(self, core: Core, tokens: Tokens) -> None:
        self._core = core
        self._tokens = tokens
        row: dict[str, sa.BindParameter[Any]] = {"id": sa.bindparam("ticket"), "expires_at": sa.bindparam("until")}
        use = core.database.dialect.insert_new(table, row).returning(table.c.id)
        prune = table.delete().where(table.c.expires_at < sa.bindparam("before"))
        compile = core.database.compile
        self._use = compile(use, ["ticket", "until"])
        self._prune = compile(prune, ["before"])

    def issue(self, user: Mapping[str, Any]) -> Token:
        """A ticket for the session that the user is logged in with. Raises Forbidden for a user without one."""
        if user.get("_sid") is None:
            raise Forbidden("A ticket belongs to a session: log in first.")
        token = self._tokens.encode(
            id=user["id"], collection=user["collection"], email="", sid=user["_sid"], lifetime=LIFETIME,
            fields={"ticket": secrets.token_urlsafe(16)},
        )  # fmt: skip
        return Token(PREFIX + token.text, token.exp)

    async def redeem(self, ticket: str) -> Document:
        """The user whose session it is, as `Sessions.find_user` answers. Raises AuthenticationError."""
        claims = self._tokens.decode(ticket.removeprefix(PREFIX))
        if claims is not None and await self._core.database.store(lambda: self._spend(claims)):
            user: Document | None = await self._core.sessions.user_of(claims)
            if user is not None:
                return user
        raise AuthenticationError(WORTHLESS)

    def _spend(self, claims: Mapping[str, Any]) -> Generator[Any, Any, bool]:
        """Whether this is its first use."""
        # Well after they end: a store may have waited, and the clocks of two machines differ.
        yield self._prune, (int(self._core.clock.now()) - LIFETIME,)
        return bool((yield self._use, (claims["ticket"], claims["exp"])))
