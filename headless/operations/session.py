"""Logging in and out: sessions are kept with the user, and a token is worth what its session is."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headless.clock import iso_from_ms
from headless.compile.collection import CompiledCollection
from headless.errors import ApiError, AuthenticationError, BadRequest, Forbidden
from headless.hooks import first_answer
from headless.operations import find as finding
from headless.operations.accounts import hashed_before
from headless.operations.change import Shown, before, collection_hooks
from headless.operations.core import Asker, Core
from headless.operations.create import create
from headless.operations.credentials import check_password, renew_hash
from headless.operations.find import stored
from headless.operations.identity import Account, Identity, credentials_of
from headless.operations.keys import user_of_key
from headless.operations.lockout import Locked, forgetting
from headless.operations.open_sessions import admitting, changing, closing, renewing
from headless.operations.page import Document
from headless.operations.present import present
from headless.operations.recovery import reset_password
from headless.operations.strategies import again, user_by_strategies
from headless.operations.verification import without_verification
from headless.security.cookies import SessionCookie
from headless.security.tokens import Tokens

if TYPE_CHECKING:
    from headless.request import Request

PRIVATE = frozenset({"_sid", "_strategy", "_claims", "_key"})
"""What a user who asks has besides the values of his document."""

Identified = tuple[Document | None, str | None]


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
        self._cookie_names: dict[str | None, tuple[str, ...]] = {}
        self.has_strategies = any(core.collections[slug].declaration.auth.strategies for slug in self._cookies)
        """Whether anything but tokens and keys may say who asks."""

    def cookie_names(self, slug: str | None = None) -> tuple[str, ...]:
        """The cookies that may hold a token: first that of the collection that is asked, then that of staff."""
        if slug not in self._cookies:
            slug = self._core.config.admin.user
        if slug not in self._cookie_names:
            cookies = sorted(self._cookies.items(), key=lambda item: item[0] != slug)
            self._cookie_names[slug] = tuple(dict.fromkeys(cookie.name for _, cookie in cookies))
        return self._cookie_names[slug]

    async def initialized(self, slug: str) -> bool:
        """Whether the collection has a user."""
        return await finding.count_readable(Asker(self._core, system=True), self._auth(slug)) > 0

    async def login(self, slug: str, data: Mapping[str, Any], request: Request | None = None) -> Login:
        """Raises ValidationError for what is missing and AuthenticationError for what is wrong."""
        collection = self._auth(slug)
        asker = Asker(self._core, request=request)
        data = await before(asker, collection, "login", data)
        identity, password = credentials_of(collection, data)
        account = await check_password(asker, collection, identity, password)
        email = identity.value if identity.is_email else ""
        login = await self.admit(collection, account.document, request, email, account)
        await renew_hash(self._core, collection, account, password)
        return login

    async def admit(
        self,
        collection: CompiledCollection,
        user: Document,
        request: Request | None,
        email: str | None = None,
        account: Account | None = None,
    ) -> Login:
        """Opens a session for a user whose password was right. What a hook after it raises closes it again."""
        asker = Asker(self._core, {**user, "_strategy": "local-jwt"}, request=request)
        user = await collection_hooks(asker, collection, "before_login", "login", "doc", doc=user, id=user["id"])
        async with self._together(collection, "after_login"):
            login = await self._open(collection, user, email=email, account=account)
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
        data = {**data, **without_verification(collection), **await hashed_before(system, collection, data)}
        async with self._core.database.transaction() as transaction:
            await transaction.lock(f"first user of {slug}")
            if await self.initialized(slug):
                raise Forbidden
            user = await create(system, collection, data, Shown())
            return await self.admit(collection, user, request)

    async def reset_password(self, slug: str, data: Mapping[str, Any], request: Request | None = None) -> Login:
        """Logs in whoever has the token of a mail, with a new password. Raises Forbidden and ValidationError."""
        login: Login = await reset_password(Asker(self._core, request=request), self._auth(slug), data)
        return login

    async def find_user(self, token: str) -> Document | None:
        """The user whose open session a token belongs to, with `collection`, `_strategy` and `_sid`, or None."""
        claims = self._tokens.decode(token)
        return None if claims is None else await self.user_of(claims)

    async def user_of(self, claims: Mapping[str, Any]) -> Document | None:
        """The user whose open session is the one that signed claims name, as `find_user` answers."""
        collection = self._core.collections.get(str(claims.get("collection")))
        if collection is None or collection.declaration.auth is None:
            return None
        user = await stored(self._core, collection, claims.get("id"))
        if user is None or not self._is_open(collection, user, claims):
            return None
        return {**user, "_strategy": "local-jwt", "_sid": claims.get("sid"), "_claims": claims}

    def _is_open(self, collection: CompiledCollection, user: Document, claims: Mapping[str, Any]) -> bool:
        """Whether the session lives that a token belongs to; without sessions, whether the token itself does."""
        now = self._core.clock.text()
        if collection.declaration.auth.use_sessions:
            sid = claims.get("sid")
            return any(session["id"] == sid and session["expiresAt"] > now for session in user["sessions"])
        ends, began = (iso_from_ms(int(claims.get(key, 0)) * 1000) for key in ("exp", "iat"))
        return ends > now and began >= (user["tokensSince"] or "")

    async def identify(self, request: Request, tokens: Iterable[str], key: tuple[str, str] | None) -> Identified:
        """Who asks, and the token that says so: by a session's token, an API key of a collection, or a strategy."""
        for token in tokens:
            if (user := await self.find_user(token)) is not None:
                return user, token
        user = None
        if key is not None:
            user = await user_of_key(Asker(self._core, request=request), key[0], self._core.keys.of(key[1]))
        if user is None and self.has_strategies:
            user = await user_by_strategies(self._core, request)
        return user, None

    async def renewed(self, user: Mapping[str, Any], request: Request | None = None) -> Document | None:
        """The user of an earlier request as he is now; None when what let him in does so no longer."""
        if "_claims" in user:
            return await self.user_of(user["_claims"])
        if "_key" in user:
            return await user_of_key(Asker(self._core, request=request), user["collection"], [user["_key"]])
        return await again(self._core, dict(user), request)

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
        if collection.declaration.auth.use_sessions:
            await self._core.database.store(
                lambda: changing(self._core, collection, user["id"], lambda sessions: list(filter(kept, sessions)))
            )
        elif everywhere:
            await self._core.database.store(lambda: closing(self._core, collection, user["id"]))
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

    async def end(self, user: Mapping[str, Any], which: str) -> None:
        """Ends one of a user's sessions by its id, or with `others` all but the one that he asks in."""
        collection, own = self._auth(user["collection"]), user.get("_sid")
        if collection.declaration.auth.use_sessions:

            def left(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
                return [each for each in sessions if (each["id"] == own if which == "others" else each["id"] != which)]

            await self._core.database.store(lambda: changing(self._core, collection, user["id"], left))

    async def confirm(self, user: Mapping[str, Any], password: str, request: Request | None = None) -> None:
        """Has a user who is logged in prove that he knows his password. A wrong one counts as at a log-in.

        Raises AuthenticationError, and Locked.
        """
        collection = self._auth(user["collection"])
        key = next(key for key in ("email", "username") if user.get(key))
        identity = Identity(key, user[key], key == "email")
        try:
            account = await check_password(Asker(self._core, user, request=request), collection, identity, password)
        except Locked:
            raise
        except AuthenticationError:
            raise AuthenticationError("The present password is wrong.") from None
        await self._core.database.store(lambda: forgetting(self._core, collection, account.id))

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
        found, sid = await stored(self._core, collection, user["id"]), user.get("_sid")
        if found is None or "_claims" not in user:
            # Whoever came by a key or in a way of the application's own has no session to prolong.
            raise Forbidden
        return await self._open(collection, found, sid=sid)

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
        document = {key: value for key, value in user.items() if key not in PRIVATE}
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

    async def _open(
        self,
        collection: CompiledCollection,
        user: Document,
        *,
        sid: str | None = None,
        email: str | None = None,
        account: Account | None = None,
    ) -> Login:
        """Opens a session, or prolongs the one named, and makes its token.

        With the `account` that a password was checked of, raises AuthenticationError when it has another by now.
        """
        core, auth = self._core, collection.declaration.auth
        now = int(core.clock.now() * 1000)
        own = {**user, "_strategy": "local-jwt"}
        if auth.use_sessions:
            own["_sid"] = sid or str(uuid.uuid4())
            session = {
                "id": own["_sid"],
                "createdAt": iso_from_ms(now),
                "expiresAt": iso_from_ms(now + auth.token_expiration * 1000),
            }
            change = renewing(session, prolonged=sid is not None)
            own["sessions"] = await core.database.store(lambda: changing(core, collection, user["id"], change, account))
        elif account is not None:
            await core.database.store(lambda: admitting(core, collection, account))
        token = self._tokens.encode(
            id=user["id"], collection=collection.slug, email=(user.get("email") or "") if email is None else email,
            sid=own.get("_sid"), lifetime=auth.token_expiration, fields=_claims(collection, user),
        )  # fmt: skip
        shown = await self.as_self(own)
        if collection.declaration.timestamps:
            shown["updatedAt"] = None
        return Login(shown, token.text, token.exp, self._cookies[collection.slug].header(token.text, token.exp))


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
    prefix = core.config.cookie_prefix
    return SessionCookie(prefix, cookies.same_site, cookies.secure, cookies.domain, named=cookies.name)
