"""The test client: an application of its own for each test, in memory, asked without a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from headless.api import Api, SyncApi
from headless.app import Headless
from headless.clock import Clock
from headless.config import Config
from headless.hooks import Hook, HookContext
from headless.mail import Outbox
from headless.operations.page import Page
from headless.security.passwords import LIGHT, Passwords
from headless.testing.exchange import Exchange, ask, describe
from headless.testing.stream import Stream
from headless.testing.thread import LoopThread
from headless.testing.user import PASSWORD, User, checked

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

SECRET = "for tests only: whoever knows this can log in as anybody"  # noqa: S105
STOP_WITHIN = 10.0


def fresh_database() -> str:
    """The URL of a database that is empty when it is opened and gone when it is closed."""
    server = os.environ.get("HEADLESS_TEST_DATABASE", "")
    if not server.startswith(("postgresql:", "postgres:")):
        return server or "sqlite:///:memory:"
    return f"{server}{'&' if '?' in server else '?'}private"


class _System:
    def __repr__(self) -> str:
        return "SYSTEM"


SYSTEM: Final = _System()
"""As whom the helpers of the local API act when nobody is named: as the system, which may do everything."""

Asker = User | _System | None


class TestClient:
    """Runs a copy of an application while a `with` block does, and asks it.

    `app` is a Headless object, also one made at module level, or a Config: what is declared is taken from it, what it
    runs on is not. Each block has a fresh database, a secret and password hashes for tests, and an outbox instead of
    mail. The database is one in memory; the variable HEADLESS_TEST_DATABASE may name one on PostgreSQL instead, of
    which each block gets a schema of its own. `clock` answers seconds since the epoch (see StillClock); `timeout`
    bounds every wait, in seconds; further options replace those of the config.
    """

    __test__ = False

    def __init__(
        self,
        app: Headless | Config,
        *,
        database: str | None = None,
        secret: str = SECRET,
        clock: Callable[[], float] | None = None,
        timeout: float = 10.0,
        **options: Any,
    ) -> None:
        declared = app.declared if isinstance(app, Headless) else app
        if not isinstance(declared, Config):
            raise TypeError(f"TestClient takes a Headless application or a Config, not {type(app).__name__}")
        self._config = declared.replace(database=database or fresh_database(), secret=secret, **options)
        self._clock = clock
        self._timeout = timeout
        self._app: Headless | None = None
        self._thread: LoopThread
        self._tokens: dict[tuple[str, int | str], str] = {}
        self.fired: list[str] = []
        """The collections' and globals' hooks that ran, in order, as `posts.before_change`. Clear it to begin again."""

    def __enter__(self) -> Self:
        if self._app is not None:
            raise RuntimeError("this TestClient is in use already: make another one")
        clock = Clock(self._clock) if self._clock is not None else None
        app = Headless(self._config, clock=clock, passwords=Passwords(LIGHT))
        app.mail = Outbox()
        self._note_hooks(app)
        self._thread = LoopThread()
        try:
            self._thread.run(app.startup(), self._timeout, "starting the application")
        except BaseException:
            self._thread.stop()
            raise
        self._app = app
        return self

    def __exit__(self, *_: object) -> None:
        app, self._app = self.app, None
        self._tokens.clear()
        try:
            self._thread.run(app.aclose(), STOP_WITHIN, "ending the application")
        finally:
            self._thread.stop()

    @property
    def app(self) -> Headless:
        """The running application. Raises RuntimeError outside of the `with` block."""
        if self._app is None:
            raise RuntimeError("use the client in a with block: with TestClient(app) as client: …")
        return self._app

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Runs a coroutine where the application runs: `client.run(client.app.as_system().count("posts"))`."""
        _ = self.app
        return self._thread.run(work, self._timeout if timeout is None else timeout, "client.run")

    def request(
        self,
        method: str,
        path: str,
        *,
        as_: User | None = None,
        json: Any = None,
        content: str | bytes | None = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer to one request, as nobody unless `as_` says as whom.

        Redirects are not followed, and cookies are not kept: every request says everything itself.
        """
        app = self.app
        body = {"json": json, "content": content, "data": data, "files": files}
        request = self._request(method, path, as_, headers, params=params, **body)
        return self._thread.run(_answer(app, request), self._timeout, describe(request))

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """GET, with the options of `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx2.Response:
        """POST, with the options of `request`."""
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> httpx2.Response:
        """PATCH, with the options of `request`."""
        return self.request("PATCH", path, **options)

    def put(self, path: str, **options: Any) -> httpx2.Response:
        """PUT, with the options of `request`."""
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx2.Response:
        """DELETE, with the options of `request`."""
        return self.request("DELETE", path, **options)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        as_: User | None = None,
        last_event_id: str | int | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[Stream]:
        """Opens a stream of server-sent events and hangs up after the block.

        `last_event_id` resumes as a browser does; `timeout` is how long each event is waited for. Raises AssertionError
        when the answer is no stream.
        """
        app = self.app
        resumed = {} if last_event_id is None else {"last-event-id": str(last_event_id)}
        headers = {"accept": "text/event-stream", **resumed, **(headers or {})}
        request = self._request("GET", path, as_, headers, params=params)
        exchange = self._thread.run(_open(app, request), self._timeout, describe(request))
        try:
            if not exchange.is_stream:
                answer = self._thread.run(exchange.response(), self._timeout, describe(request))
                raise AssertionError(f"{describe(request)} is no stream, it answered {shown(answer)}")
            yield Stream(exchange, self._thread, self._timeout if timeout is None else timeout)
        finally:
            self._thread.run(exchange.leave(), STOP_WITHIN, f"leaving {describe(request)}")

    def user(self, email: str, *, collection: str | None = None, password: str = PASSWORD, **fields: Any) -> User:
        """Creates a user, to be given to other calls as `as_`. `collection` is the admin's unless it is named."""
        slug = collection or self.app.config.admin.user
        auth = self.app.collections[slug].declaration.auth
        verified = {"_verified": True} if auth is not None and auth.verify is not None else {}
        made = self.create(slug, {**verified, **fields, "email": email, "password": password})
        return User(made, collection=slug, password=password)

    def users(self, *emails: str, **options: Any) -> list[User]:
        """Creates several users with the same fields: `ada, grace = client.users("ada@…", "grace@…")`."""
        return [self.user(email, **options) for email in emails]

    def login(self, user: User) -> str:
        """Opens a new session, which later requests of this user are made in, and returns its token."""
        credentials = {"email": user.email, "password": user.password}
        token = self.run(self.app.sessions.login(user.collection, credentials)).token
        self._tokens[user.collection, user.id] = token
        return token

    @property
    def system(self) -> SyncApi:
        """The local API without restrictions."""
        return self._api(SYSTEM).sync

    def api(self, user: User | None = None) -> SyncApi:
        """The local API with the rights that a user has now, or with nobody's."""
        return self._api(user).sync

    def create(self, slug: str, data: Mapping[str, Any], *, as_: Asker = SYSTEM, **options: Any) -> dict[str, Any]:
        """The new document, created by the system unless `as_` says by whom."""
        return self.run(self._api(as_).create(slug, data, **options))

    def find(self, slug: str, *, as_: Asker = SYSTEM, **options: Any) -> Page:
        """A page of documents, as the system sees them unless `as_` says who looks."""
        return self.run(self._api(as_).find(slug, **options))

    def get_document(self, slug: str, id: int | str, *, as_: Asker = SYSTEM, **options: Any) -> dict[str, Any]:
        """One document."""
        return self.run(self._api(as_).get(slug, id, **options))

    def update_document(
        self, slug: str, id: int | str, data: Mapping[str, Any], *, as_: Asker = SYSTEM, **options: Any
    ) -> dict[str, Any]:
        """One document, changed."""
        return self.run(self._api(as_).update(slug, id, data, **options))

    def duplicate_document(
        self, slug: str, id: int | str, data: Mapping[str, Any] | None = None, *, as_: Asker = SYSTEM, **options: Any
    ) -> dict[str, Any]:
        """A copy of one document."""
        return self.run(self._api(as_).duplicate(slug, id, data, **options))

    def delete_document(self, slug: str, id: int | str, *, as_: Asker = SYSTEM, **options: Any) -> dict[str, Any]:
        """One document, deleted."""
        return self.run(self._api(as_).delete(slug, id, **options))

    def find_global(self, slug: str, *, as_: Asker = SYSTEM, **options: Any) -> dict[str, Any]:
        """A global's document."""
        return self.run(self._api(as_).find_global(slug, **options))

    def update_global(
        self, slug: str, data: Mapping[str, Any], *, as_: Asker = SYSTEM, **options: Any
    ) -> dict[str, Any]:
        """A global's document, changed."""
        return self.run(self._api(as_).update_global(slug, data, **options))

    @property
    def outbox(self) -> Outbox:
        """The mail that was sent: `client.outbox.last.subject`."""
        self.run(self.app.core.post.drain())
        mail = self.app.mail
        if not isinstance(mail, Outbox):
            raise RuntimeError(f"the application was given another mail transport: {type(mail).__name__}")
        return mail

    def _api(self, asker: Asker) -> Api:
        system = self.app.as_system()
        if isinstance(asker, _System):
            return system
        user = checked(asker)
        return self.app.as_user(user and self.run(system.get(user.collection, user.id, depth=0)))

    def _request(
        self, method: str, path: str, as_: User | None, headers: Mapping[str, str] | None, **body: Any
    ) -> httpx2.Request:
        user = checked(as_)
        own = dict(headers or {})
        if user is not None:
            token = self._tokens.get((user.collection, user.id)) or self.login(user)
            own["authorization"] = f"JWT {token}"
        return ask(method, path, own, **body)

    def _note_hooks(self, app: Headless) -> None:
        """Puts a note before the declared hooks of every kind; a kind that nothing is declared for stays without."""
        for slug, compiled in app.core.compiled.by_slug.items():
            compiled.hooks = {kind: (self._note(f"{slug}.{kind}"), *hooks) for kind, hooks in compiled.hooks.items()}

    def _note(self, name: str) -> Hook:
        def note(context: HookContext) -> None:
            self.fired.append(name)

        return note


async def _open(app: Headless, request: httpx2.Request) -> Exchange:
    exchange = Exchange(app, request)
    await exchange.begin()
    return exchange


async def _answer(app: Headless, request: httpx2.Request) -> httpx2.Response:
    return await (await _open(app, request)).response()


def shown(response: httpx2.Response) -> str:
    """An answer in a few words, for messages."""
    return f"{response.status_code}: {response.text[:500]}"
