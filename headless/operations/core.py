"""What every operation works with: the database, the compiled collections, the clock, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headless.access import AccessContext, Decision, constant, decide
from headless.clock import Clock
from headless.compile.application import Compiled
from headless.compile.collection import CompiledCollection
from headless.compile.global_ import CompiledGlobal
from headless.compile.plan import Node
from headless.config import Config
from headless.database import Database
from headless.errors import ConfigError
from headless.hooks import HookContext
from headless.names import did_you_mean
from headless.query.statements import Statements
from headless.security.passwords import Passwords
from headless.uuid7 import Uuid7

if TYPE_CHECKING:
    from headless.api import Api
    from headless.request import Request


class Core:
    """The parts of an application that operations need, without its surfaces."""

    def __init__(
        self,
        config: Config,
        database: Database,
        compiled: Compiled,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self.config = config
        self.database = database
        self.compiled = compiled
        """Everything that has documents: the collections and the globals."""
        self.collections = compiled.collections
        self.globals = compiled.globals
        self.passwords = passwords
        self.clock = clock
        self.new_uuid = Uuid7(clock.now)
        self.statements = Statements(database, self.collection)
        self.make_api: Callable[[Asker], Api]
        self.watch: Callable[..., Any]
        self.hub: Any = None
        self.sessions: Any = None
        self.post: Any = None
        self.keys: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def collection(self, slug: str) -> CompiledCollection:
        """The compiled collection. Raises ConfigError, naming the nearest, when there is none."""
        found = self.collections.get(slug)
        if found is None and slug in self.globals:
            raise ConfigError(f"{slug!r} is a global, not a collection: see find_global and update_global")
        if found is None:
            raise ConfigError(f"there is no collection {slug!r}{did_you_mean(slug, self.collections)}")
        return found

    def global_(self, slug: str) -> CompiledGlobal:
        """The compiled global. Raises ConfigError, naming the nearest, when there is none."""
        found = self.globals.get(slug)
        if found is None:
            raise ConfigError(f"there is no global {slug!r}{did_you_mean(slug, self.globals)}")
        return found


class Asker:
    """Who asks: a user, nobody, or the system, which may do everything. It remembers what the rules answered."""

    __slots__ = ("_api", "_opens", "_reads", "_system_api", "core", "locale", "request", "state", "system", "user")

    def __init__(
        self, core: Core, user: Mapping[str, Any] | None = None, request: Request | None = None, *, system: bool = False
    ) -> None:
        self.core = core
        self.user = user
        self.system = system
        self.request = request
        self.locale: str | None = None
        self.state: dict[str, Any] | None = None
        self._reads: dict[str, Decision] | None = None
        self._opens: dict[int, bool] | None = None
        self._api: Api | None = None
        self._system_api: Api | None = None

    def collection(self, slug: str) -> CompiledCollection:
        """The compiled collection."""
        return self.core.collection(slug)

    def context(self, operation: str, collection: str, **more: Any) -> AccessContext:
        """What a rule is asked with."""
        return AccessContext(
            self.user, operation, collection, request=self.request, locale=self.locale,
            staff_collection=self.core.config.admin.user, **more,
        )  # fmt: skip

    async def decide(self, collection: CompiledCollection, operation: str, **more: Any) -> Decision:
        """The answer of the collection's rule for an operation."""
        if self.system:
            return True
        rule = collection.rules[operation]
        fixed = constant(rule)
        return fixed if fixed is not None else await decide(rule, self.context(operation, collection.slug, **more))

    async def reads(self, slug: str) -> Decision:
        """The answer of a collection's read rule, asked once."""
        if self.system or self.core.collections[slug].is_open:
            return True
        if self._reads is None:
            self._reads = {}
        if slug not in self._reads:
            self._reads[slug] = await self.decide(self.collection(slug), "read")
        return self._reads[slug]

    async def opens(self, collection: CompiledCollection, node: Node) -> bool:
        """Whether a query may name the field: not a hidden one, nor one whose rule answers anything but True."""
        if node.unlogged:
            return False
        if self.system:
            return True
        if node.field.hidden:
            return False
        rule = node.field.access.get("read")
        if rule is None:
            return True
        if self._opens is None:
            self._opens = {}
        if id(node) not in self._opens:
            self._opens[id(node)] = await decide(rule, self.context("read", collection.slug)) is True
        return self._opens[id(node)]

    async def allows_field(self, rule: Any, operation: str, collection: str, **more: Any) -> bool:
        """Whether a field's rule lets the asker through. A where answers no: a field has no rows."""
        return self.system or await decide(rule, self.context(operation, collection, **more)) is True

    @property
    def api(self) -> Api:
        """The local API with the asker's rights."""
        if self._api is None:
            self._api = self.core.make_api(self)
        return self._api

    @property
    def as_system(self) -> Api:
        """The local API without restrictions, for the same request."""
        if self._system_api is None:
            asker = Asker(self.core, self.user, system=True, request=self.request)
            asker.state = self.state
            self._system_api = self.core.make_api(asker)
        return self._system_api

    @property
    def actor(self) -> dict[str, Any] | None:
        """The user as the change log names one."""
        if self.user is None:
            return None
        return {"collection": self.user.get("collection"), "id": self.user.get("id")}

    def hook_context(self, operation: str, collection: CompiledCollection, **more: Any) -> HookContext:
        """What a hook is given."""
        if self.state is None:
            self.state = self.request.hook_state if self.request is not None else {}
        return HookContext(
            operation, collection.slug, self.user, request=self.request, locale=self.locale, state=self.state,
            api=self.api, system=self.as_system, override_access=self.system, **more,
        )  # fmt: skip
