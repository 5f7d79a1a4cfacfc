"""Logging in and out: sessions are kept with the user, and a token is worth what its session is."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from headless.clock import iso_from_ms
from headless.compile.collection import PASSWORD_COLUMN, CompiledCollection
from headless.database import Database, Statement
from headless.errors import ApiError, AuthenticationError, BadRequest, Forbidden, ValidationError
from headless.hooks import first_answer
from headless.operations import find as finding
from headless.operations.change import Shown, before, collection_hooks
from headless.operations.core import Asker, Core
from headless.operations.create import create
from headless.operations.find import stored
from headless.operations.page import Document
from headless.operations.present import present
from headless.operators import equals
from headless.query.conditions import ALWAYS, Comparison
from headless.security.cookies import SessionCookie
from headless.security.tokens import Tokens

if TYPE_CHECKING:
    from headless.request import Request

WRONG = "The email or password provided is incorrect."
MOST_SESSIONS = 100


@dataclass(frozen=True, slots=True)
class Login:
    """A session that was opened or prolonged: the user as the user sees himself, the token and the second it ends."""

    user: Document
    token: str
    exp: int
    cookie: str
    """The `Set-Cookie` header; empty for a session that a hook opened."""


class Sessions:
    """Opens, finds, prolongs and ends sessions."""

    def __init__(self, core: Core, tokens: Tokens) -> None:
        self._core = core
        self._tokens = tokens
        self._cookies = {
            slug: _cookie(core, found) for slug, found in core.collections.items() if found.declaration.auth is not None
        }
        self.cookie_name = f"{core.config.cookie_prefix}-token"

    async def initialized(self, slug: str) -> bool:
        """Whether the collection has a user."""
        return await finding.count_readable(Asker(self._core, system=True), self._auth(slug)) > 0

    async def login(self, slug: str, data: Mapping[str, Any], request: Request | None = None) -> Login:
        """Raises ValidationError for what is missing and AuthenticationError for what is wrong."""
        collection = self._auth(slug)
        data = await before(Asker(self._core, request=request), collection, "login", data)
        email, password = _credentials(collection, data)
        found = await self._by_email(collection, email)
        stored = found[1] if found is not None else None
        right = await self._core.passwords.verify(stored, password)
        if found is None or not right:
            raise AuthenticationError(WRONG)
        login = await self._admit(collection, found[0], request)
        await self._rehash(collection, login.user["id"], password, str(stored))
        return login

    async def _admit(self, collection: CompiledCollection, user: Document, request: Request | None) -> Login:
        """Opens a session for a user whose password was right. What a hook after it raises closes it again."""
        asker = Asker(self._core, {**user, "_strategy": "local-jwt"}, request=request)
        user = await collection_hooks(asker, collection, "before_login", "login", "doc", doc=user, id=user["id"])
        async with self._together(collection, "after_login"):
            login = await self._open(collection, user)
            return await self._told(asker, collection, "login", login)

    async def _told(self, asker: Asker, collection: CompiledCollection, operation: str, login: Login) -> Login:
        """The session as the hooks after it show it."""
        id, args = login.user["id"], {"token": login.token, "exp": login.exp}
        user = await collection_hooks(
            asker, collection, f"after_{operation}", operation, "doc", doc=login.user, id=id, args=args
        )
        user = await collection_hooks(
            asker, collection, "after_operation", operation, "result", result=user, doc=user, id=id, args=args
        )
        return replace(login, user=user)

    @asynccontextmanager
    async def _together(self, collection: CompiledCollection, kind: str) -> AsyncIterator[None]:
        """A transaction, where a hook runs in it that can fail."""
        if not {kind, "after_operation"} & set(collection.hooks):
            yield
            return
        async with self._core.database.transaction():
            yield

    async def register_first(self, slug: str, data: Mapping[str, Any], request: Request | None = None) -> Login:
        """The first user, logged in. Raises Forbidden once there is one."""
        collection = self._auth(slug)
        system = Asker(self._core, system=True, request=request)
        if await self.initialized(slug):
            raise Forbidden
        async with self._core.database.transaction() as transaction:
            await transaction.lock(f"first user of {slug}")
            if await self.initialized(slug):
                raise Forbidden
            user = await create(system, collection, data, Shown())
            return await self._admit(collection, user, request)

    async def find_user(self, token: str) -> Document | None:
        """The user whose open session a token belongs to, with `collection`, `_strategy` and `_sid`, or None."""
        claims = self._tokens.decode(token)
        return None if claims is None else await self.user_of(claims)

    async def user_of(self, claims: Mapping[str, Any]) -> Document | None:
        """The user whose open session is the one that signed claims name, as `find_user` answers."""
        collection = self._core.collections.get(str(claims.get("collection")))
        if collection is None or collection.declaration.auth is None:
            return None
        return await self._with_session(collection, claims.get("id"), claims.get("sid"))

    async def _with_session(self, collection: CompiledCollection, id: Any, sid: Any) -> Document | None:
        user = await stored(self._core, collection, id)
        now = self._core.clock.text()
        if user is None or not any(session["id"] == sid and session["expiresAt"] > now for session in user["sessions"]):
            return None
        return {**user, "_strategy": "local-jwt", "_sid": sid}

    async def renewed(self, user: Mapping[str, Any]) -> Document | None:
        """The user of an earlier request as he is now; None when that session has ended."""
        return await self._with_session(self._auth(user["collection"]), user["id"], user.get("_sid"))

    async def logout(
        self,
        slug: str,
        user: Mapping[str, Any] | None,
        *,
        everywhere: bool = False,
        request: Request | None = None,
    ) -> str:
        """Ends the user's session, or all of them; answers the `Set-Cookie` header. Raises BadRequest and Forbidden.

        It has ended whatever a hook after it raises.
        """
        collection = self._own(slug, user)
        assert user is not None
        kept = (lambda session: False) if everywhere else (lambda session: session["id"] != user.get("_sid"))
        await self._core.database.store(
            lambda: self._change(collection, user["id"], lambda sessions: list(filter(kept, sessions)))
        )
        await collection_hooks(
            Asker(self._core, user, request=request),
            collection,
            "after_logout",
            "logout",
            "doc",
            doc=user,
            id=user["id"],
        )
        return self._cookies[slug].expired_header()

    async def refresh(self, slug: str, user: Mapping[str, Any] | None, request: Request | None = None) -> Login:
        """Prolongs the user's session, or does what a `refresh` hook does instead. Raises Forbidden."""
        if user is None:
            raise Forbidden
        collection = self._own(slug, user)
        asker = Asker(self._core, user, request=request)
        await before(asker, collection, "refresh", {}, user["id"])
        async with self._together(collection, "after_refresh"):
            login = await self._replaced(asker, collection, user) or await self._prolonged(collection, user)
            return await self._told(asker, collection, "refresh", login)

    async def _prolonged(self, collection: CompiledCollection, user: Mapping[str, Any]) -> Login:
        found = await stored(self._core, collection, user["id"])
        if found is None:
            raise Forbidden
        return await self._open(collection, found, sid=user.get("_sid"))

    async def _replaced(self, asker: Asker, collection: CompiledCollection, user: Mapping[str, Any]) -> Login | None:
        """What a hook answers in place of a prolonged session: `{"user", "token", "exp"}`, without a cookie."""
        answer = await self._instead(asker, collection, "refresh", user)
        return None if answer is None else Login(answer["user"], answer["token"], answer["exp"], "")

    async def _instead(self, asker: Asker, collection: CompiledCollection, kind: str, user: Mapping[str, Any]) -> Any:
        hooks = collection.hooks.get(kind)
        if not hooks:
            return None
        context = asker.hook_context(kind, collection, doc=dict(user), id=user["id"])
        return await first_answer(hooks, context)

    async def me(self, user: Mapping[str, Any], request: Request | None = None) -> dict[str, Any]:
        """The logged-in user's document as the user sees it, under `user`; also `exp` where a `me` hook answers it."""
        collection = self._auth(user["collection"])
        asker = Asker(self._core, user, request=request)
        answer = dict(await self._instead(asker, collection, "me", user) or {"user": await self.as_self(user)})
        answer["user"] = await collection_hooks(
            asker, collection, "after_me", "me", "doc", doc=answer["user"], id=user["id"]
        )
        return answer

    async def as_self(self, user: Mapping[str, Any]) -> Document:
        """The user's document as the user sees it, with the strategy that let him in."""
        collection = self._auth(user["collection"])
        document = {key: value for key, value in user.items() if key not in ("_sid", "_strategy")}
        shown = (await present(Asker(self._core, user), collection, [document], after_write=True))[0]
        shown["_strategy"] = user["_strategy"]
        return shown

    def exp_of(self, token: str) -> int | None:
        """The second at which a token ends."""
        claims = self._tokens.decode(token)
        return claims["exp"] if claims is not None else None

    def _auth(self, slug: str) -> CompiledCollection:
        collection = self._core.collection(slug)
        if collection.declaration.auth is None:
            raise BadRequest(f"The collection {slug!r} has no log-in.")
        return collection

    def _own(self, slug: str, user: Mapping[str, Any] | None) -> CompiledCollection:
        collection = self._auth(slug)
        if user is None:
            raise BadRequest("No User")
        if user.get("collection") != slug:
            raise ApiError("Incorrect collection", status=403)
        return collection

    async def _open(self, collection: CompiledCollection, user: Document, sid: str | None = None) -> Login:
        """Opens a session, or prolongs the one named, and makes its token."""
        core, auth = self._core, collection.declaration.auth
        assert auth is not None
        now = int(core.clock.now() * 1000)
        session = {
            "id": sid or str(uuid.uuid4()),
            "createdAt": iso_from_ms(now),
            "expiresAt": iso_from_ms(now + auth.token_expiration * 1000),
        }

        def renewed(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
            alive = [old for old in sessions if old["expiresAt"] > session["createdAt"]]
            same = next((old for old in alive if old["id"] == session["id"]), None)
            if sid is not None and same is None:
                # Logged out between the look-up and here: what has ended is not prolonged.
                raise Forbidden
            kept = [old for old in alive if old is not same][-(MOST_SESSIONS - 1) :]
            return [*kept, {**session, "createdAt": same["createdAt"] if same else session["createdAt"]}]

        sessions = await core.database.store(lambda: self._change(collection, user["id"], renewed))
        token = self._tokens.encode(
            id=user["id"], collection=collection.slug, email=user.get("email") or "", sid=session["id"],
            lifetime=auth.token_expiration, fields=_claims(collection, user),
        )  # fmt: skip
        own = {**user, "sessions": sessions, "_strategy": "local-jwt", "_sid": session["id"]}
        shown = await self.as_self(own)
        if collection.declaration.timestamps:
            shown["updatedAt"] = None
        return Login(shown, token.text, token.exp, self._cookies[collection.slug].header(token.text, token.exp))

    def _change(
        self, collection: CompiledCollection, id: Any, change: Any
    ) -> Generator[Any, Any, list[dict[str, Any]]]:
        """Rewrites a user's sessions. It is no change of the document: neither its revision nor the log know of it."""
        statements = self._core.statements
        rows = yield (
            statements.remembered(
                ("sessions of", collection.slug), lambda database: _read_sessions(database, collection)
            ),
            (id,),
        )
        sessions: list[dict[str, Any]] = change(orjson.loads(rows[0][0] or "[]")) if rows else []
        yield statements.update(collection, ("sessions",), ALWAYS, checked=False), (orjson.dumps(sessions).decode(), id)
        return sessions

    async def _by_email(self, collection: CompiledCollection, email: str) -> tuple[Document, str | None] | None:
        where = Comparison(collection.plan.by_key["email"], equals, (email,))
        statement = self._core.statements.remembered(
            ("login", collection.slug), lambda database: _read_login(database, collection)
        )
        rows = await self._core.database.read(statement, tuple(where.values()))
        return (collection.reader().read_one(rows[0]), rows[0][-1]) if rows else None

    async def _rehash(self, collection: CompiledCollection, id: Any, password: str, stored: str) -> None:
        """Brings an older form of hash up to date."""
        if not self._core.passwords.needs_rehash(stored):
            return
        fresh = await self._core.passwords.hash(password)
        statement = self._core.statements.update(collection, (PASSWORD_COLUMN,), ALWAYS, checked=False)

        def store() -> Generator[Any, Any, None]:
            yield statement, (fresh, id)

        await self._core.database.store(store)


def _read_sessions(database: Database, collection: CompiledCollection) -> Statement:
    table = collection.table
    return database.compile(sa.select(table.c.sessions).where(table.c.id == sa.bindparam("id")), ["id"])


def _read_login(database: Database, collection: CompiledCollection) -> Statement:
    table = collection.table
    columns = [*collection.reader().columns, table.c[PASSWORD_COLUMN]]
    return database.compile(sa.select(*columns).where(table.c.email == sa.bindparam("email")), ["email"])


def _credentials(collection: CompiledCollection, data: Mapping[str, Any]) -> tuple[str, str]:
    for key in ("email", "password"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            raise ValidationError([{"message": "This field is required.", "path": key}], collection=collection.slug)
    return data["email"].strip().lower(), data["password"]


def _claims(collection: CompiledCollection, user: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the declaration saves to the token, by their names there."""
    claims: dict[str, Any] = {}
    for node in collection.plan.leaves():
        name = node.field.save_to_jwt
        if name:
            value: Any = user
            for key in node.path:
                value = value.get(key) if isinstance(value, Mapping) else None
            claims[name if isinstance(name, str) else node.key] = value
    return claims


def _cookie(core: Core, collection: CompiledCollection) -> SessionCookie:
    auth = collection.declaration.auth
    assert auth is not None
    cookies: Any = auth.cookies
    return SessionCookie(core.config.cookie_prefix, cookies.same_site, cookies.secure, cookies.domain)
