"""The application: declarations compiled, opened on a database and served as one ASGI application."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from headless.access import describe_rule
from headless.api import Api
from headless.changes.feed import Feed
from headless.changes.log import ChangeLog
from headless.changes.retention import Retention
from headless.clock import Clock
from headless.compile.application import compile_config
from headless.compile.collection import CompiledCollection
from headless.compile.global_ import CompiledGlobal
from headless.config import Config, host_plugins
from headless.database import open_database
from headless.database.schema import SchemaStep, apply, plan
from headless.database.transfer import refuse_unfinished
from headless.endpoint import Endpoint
from headless.errors import ConfigError
from headless.extension import Plugin, find_plugin
from headless.mail import MailTransport, NoMail, transport
from headless.openapi.description import Description
from headless.operations.core import Asker, Core
from headless.operations.idempotency import Answers
from headless.operations.post import Post
from headless.operations.rules import check_rules
from headless.operations.session import Sessions
from headless.operations.ticket import Tickets
from headless.operations.watch import watch
from headless.secret import application_secret, require_secret
from headless.security.passwords import Passwords
from headless.security.secrets import KeyHashes
from headless.security.tokens import Tokens
from headless.server import Server
from headless.shipped import shipped
from headless.streams.hub import Hub

logger = logging.getLogger("headless")


class Headless:
    """An ASGI application made of a Config, or of its options: `Headless(collections=[posts])`.

    It starts with its server's lifespan, or when it is mounted in another application, on the first request.
    `database`, `secret` and the like override what the environment says. Raises ConfigError with every mistake.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        clock: Clock | None = None,
        passwords: Passwords | None = None,
        **options: Any,
    ) -> None:
        declared = config.replace(**options) if config is not None else Config(**options)
        self.declared = declared
        """The config before its plugins and what is shipped extended it: what a second application is made from."""
        extended, self.plugins = host_plugins(declared, find_plugin)
        self.config = shipped(extended)
        compiled = compile_config(self.config)
        self.collections: Mapping[str, CompiledCollection] = compiled.collections
        self.globals: Mapping[str, CompiledGlobal] = compiled.globals
        self.metadata = compiled.metadata
        self.data_dir = Path(os.environ.get("HEADLESS_DATA_DIR", "data"))
        self.database_url = self.config.database or os.environ.get("DATABASE_URL") or "sqlite:///headless.db"
        self.database: Any = open_database(self.database_url, self.data_dir)
        self.core = Core(self.config, self.database, compiled, passwords or Passwords(), clock or Clock())
        self.core.make_api = Api
        self.mail: MailTransport = _transport(self.config)
        self.core.post = Post(lambda: self.mail)
        self.core.watch = watch
        self.answers = Answers(self.core, self.config.idempotency_hours)
        self.feed: Feed
        self.hub: Hub
        self.tickets: Tickets
        self._retention: Retention
        self.server = Server(self)
        self._description = Description(self.config, compiled.by_slug, self.server.routes())
        self._system = Api(Asker(self.core, system=True))
        self._running: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Lock | None = None
        self._sessions: Sessions | None = None
        self._database_is_open = False

    def require_secret(self) -> None:
        """Raises ConfigError unless a secret is configured: one that was made up does not do for serving others."""
        require_secret(self.config)

    @property
    def sessions(self) -> Sessions:
        """Logging in and out. The application's secret is read at its first use."""
        if self._sessions is None:
            secret = application_secret(self.config, self.data_dir)
            self.core.keys = KeyHashes(secret, self.config.previous_secrets)
            signing = partial(Tokens, secret, previous=self.config.previous_secrets, now=self.core.clock.now)
            self._sessions = self.core.sessions = Sessions(self.core, signing())
            self.tickets = Tickets(self.core, signing(purpose="stream ticket: "))
        return self._sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._running is None:
                await self.startup()
            await self.server.answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})

    async def startup(self) -> None:
        """Opens the database, brings its schema up to date and starts the plugins. Harmless when it runs already."""
        loop = asyncio.get_running_loop()
        if self._running is loop:
            return
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._running is not None:
                return
            await self._open(loop)

    async def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        _ = self.sessions
        await check_rules(self.core)
        try:
            steps = await self.schema_plan()
            await refuse_unfinished(self.database)
            refused = [step for step in steps if step.destructive]
            if refused:
                raise ConfigError(
                    [f"the database has to change: {step.description}. {step.remedy}" for step in refused]
                )
            await self.apply_schema(steps)
        except BaseException:
            await self._close_database()
            raise
        self.core.loop = loop
        self._running = loop
        self._follow_changes()
        for plugin in self.plugins:
            if plugin.start is not None:
                await _call(plugin.start, self)
        if self.config.on_init is not None:
            await _call(self.config.on_init, self)

    def _follow_changes(self) -> None:
        """Starts what tells streams of every committed change."""
        log = ChangeLog(self.database)
        self.feed = Feed(self.database, log, wake=self.database.wake())
        self.hub = self.core.hub = Hub(self.feed, log, limits=self.config.streams)
        self.feed.start()
        options = self.config.change_log
        self._retention = Retention(
            log, days=options.days, size=options.max_bytes, now=self.core.clock.now, others=[self.answers.prune]
        )
        self._retention.start()

    async def aclose(self) -> None:
        """Ends the streams, then the plugins, then the database."""
        if self._running is None:
            await self._close_database()
            return
        await self.hub.close()
        await self.core.post.drain()
        for plugin in reversed(self.plugins):
            if plugin.stop is not None:
                await _call(plugin.stop, self)
        await self._retention.stop()
        await self.feed.stop()
        await self._close_database()
        self.core.passwords.close()
        self._running = None
        self.core.loop = None

    async def open_database(self) -> None:
        """Opens the database and nothing else; `aclose` closes it. Harmless when it is open."""
        if not self._database_is_open:
            await self.database.open()
            self._database_is_open = True

    async def _close_database(self) -> None:
        if self._database_is_open:
            self._database_is_open = False
            await self.database.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.startup()
        except BaseException as error:
            message = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
            await send({"type": "lifespan.startup.failed", "message": message})
            raise
        # What is compiled lives as long as the process: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        self.server.watch_exit()
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    def as_system(self) -> Api:
        """The local API without restrictions."""
        return self._system

    def as_user(self, user: Mapping[str, Any] | None) -> Api:
        """The local API with a user's rights; with None, with those of somebody who is not logged in."""
        return Api(Asker(self.core, user))

    def api_for(self, user: Mapping[str, Any] | None, request: Any) -> Api:
        """The local API of a request."""
        return Api(Asker(self.core, user, request))

    def openapi(self) -> dict[str, Any]:
        """The description of the whole API, in OpenAPI 3.1."""
        return self._description.made()

    async def describe(self, request: Any, *, mine: bool = False) -> bytes:
        """The description as JSON, as much of it as the one who asks may know, or use. Raises Forbidden."""
        return await self._description.told(Asker(self.core, request.user, request=request), mine=mine)

    async def schema_plan(self) -> list[SchemaStep]:
        """What the database lacks, or has too much, of what is declared. It opens the database."""
        await self.open_database()
        return await plan(self.database, list(self.metadata.tables.values()))

    async def apply_schema(self, steps: list[SchemaStep]) -> None:
        """Brings the database to what is declared, if there are steps left. Raises ConfigError when values would go."""
        if steps:
            await apply(self.database, list(self.metadata.tables.values()))

    def routes(self) -> list[tuple[str, str, str, str]]:
        """Every route: method, path, rule and where it comes from."""
        return [
            (method, path, self._rule(endpoint, slug), source)
            for method, path, endpoint, source, slug in self.server.routes()
        ]

    def _rule(self, endpoint: Endpoint | None, slug: str | None) -> str:
        """Who may use a route, in words."""
        if endpoint is None:
            return "its own"
        if endpoint.access is not None:
            return describe_rule(endpoint.access)
        if endpoint.operation and slug is not None:
            return describe_rule(self.core.compiled.by_slug[slug].rules[endpoint.operation])
        return "anyone"


def _transport(config: Config) -> MailTransport:
    """How mail is sent: as it is declared, else as the environment says, else not at all. Raises ConfigError."""
    url = config.mail.url or os.environ.get("HEADLESS_MAIL")
    if not url:
        return NoMail()
    host = urlsplit(config.server_url or "").hostname or "localhost"
    return transport(url, config.mail.sender or f"noreply@{host}")


async def _call(function: Any, app: Headless) -> None:
    answer = function(app)
    if inspect.isawaitable(answer):
        await answer


__all__ = ["Headless", "Plugin"]
