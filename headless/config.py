"""The whole declaration of an application, which plugins extend and the application is compiled from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from headless.access import as_rules
from headless.collection import Collection, IdType, as_endpoint, as_id_type
from headless.declaration import Bool, Frozen, Int, Names, Str, declaration, each, empty, nested
from headless.endpoint import Endpoint
from headless.errors import ConfigError
from headless.fields.block import Block
from headless.fields.blocks import as_blocks, circles
from headless.global_ import Global
from headless.hooks import as_hooks
from headless.names import did_you_mean
from headless.streams.places import StreamLimits

if TYPE_CHECKING:
    from headless.extension import Plugin

ROOT_HOOKS = ("after_error",)
DESCRIPTIONS = ("own", "whole")


@declaration
class AdminOptions:
    """The admin: whether it is there, under which path, and whose collection may log in to it."""

    user: Str = "users"
    path: Str = "/admin"
    enabled: Bool = True
    name: Str = "Headless"


@declaration
class MailOptions:
    """How mail is sent: by `console:`, `folder:PATH`, `smtp://…` or `smtps://…`, and from whom."""

    url: Str | None = None
    sender: Str | None = None


@declaration
class CorsOptions:
    """Which origins' pages may call the API. `*` means any, without credentials."""

    origins: Names = ()
    headers: Names = ()


@declaration
class OpenApiOptions:
    """The API's description: whether it is there, and who may read of the whole API or of the part that is his."""

    enabled: Bool = True
    docs: Bool = True
    access: Annotated[Any, BeforeValidator(as_rules(DESCRIPTIONS))] = dataclasses.field(default_factory=empty)
    title: Str | None = None
    version: Str = "1.0.0"
    description: Str | None = None


@declaration
class ChangeLogOptions:
    """How long committed changes can be replayed to streams: so many days, and at most so many bytes."""

    days: Int = 7
    max_bytes: Int = 2**30


@declaration
class GenerateOptions:
    """The files that `headless dev` keeps in step with the declarations, by path in the project; false for none."""

    openapi: Str | Literal[False] = ".headless/openapi.json"
    typescript: Str | Literal[False] = ".headless/types.ts"
    python: Str | Literal[False] = False
    yaml_schema: Str | Literal[False] = ".headless/schema.json"


def as_generate(given: Any) -> Any:
    """Reads what is generated; `false` is nothing."""
    if given is False:
        return GenerateOptions(openapi=False, typescript=False, python=False, yaml_schema=False)
    return GenerateOptions(**given) if isinstance(given, Mapping) else given


def as_cors(given: Any) -> Any:
    if isinstance(given, str):
        return CorsOptions(origins=(given,))
    if isinstance(given, list | tuple):
        return CorsOptions(origins=tuple(given))
    return CorsOptions(**given) if isinstance(given, Mapping) else given


def as_collections(given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ConfigError("collections are a list")
    return tuple(Collection(**item) if isinstance(item, Mapping) else item for item in given)


def as_globals(given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ConfigError("globals are a list")
    return tuple(Global(**item) if isinstance(item, Mapping) else item for item in given)


def as_mounts(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigError("mounts are a mapping of paths to ASGI applications")
    for path in given:
        if not isinstance(path, str) or not path.startswith("/"):
            raise ConfigError(f"a mount's path begins with a slash: {path!r}")
    return MappingProxyType({path.rstrip("/") or "/": mount for path, mount in given.items()})


@declaration
class Config:
    """Everything that is declared. Immutable: plugins return a changed copy."""

    collections: Annotated[Sequence[Collection], BeforeValidator(as_collections)] = ()
    globals: Annotated[Sequence[Global], BeforeValidator(as_globals)] = ()
    blocks: Annotated[Sequence[Block], BeforeValidator(as_blocks, json_schema_input_type=list[Block])] = ()
    endpoints: Annotated[Sequence[Endpoint], each(as_endpoint)] = ()
    plugins: Annotated[Sequence[Any], each(lambda item: item)] = ()
    mounts: Annotated[Any, BeforeValidator(as_mounts)] = dataclasses.field(default_factory=empty)
    templates: tuple[Path, ...] = ()
    admin: Annotated[Any, nested(AdminOptions)] = AdminOptions()
    hooks: Annotated[Any, BeforeValidator(as_hooks(ROOT_HOOKS))] = dataclasses.field(default_factory=empty)
    database: Str | None = None
    secret: Str | None = None
    secret_env: Str = "HEADLESS_SECRET"  # noqa: S105 - the name of a variable
    previous_secrets: Names = ()
    server_url: Str | None = None
    mail: Annotated[Any, nested(MailOptions)] = MailOptions()
    cors: Annotated[Any, BeforeValidator(as_cors, json_schema_input_type=str | list[str] | CorsOptions)] = CorsOptions()
    csrf: Names = ()
    cookie_prefix: Str = "payload"
    change_log: Annotated[Any, nested(ChangeLogOptions)] = ChangeLogOptions()
    streams: Annotated[Any, nested(StreamLimits)] = StreamLimits()
    openapi: Annotated[Any, nested(OpenApiOptions)] = dataclasses.field(default_factory=OpenApiOptions)
    generate: Annotated[Any, BeforeValidator(as_generate, json_schema_input_type=Literal[False] | GenerateOptions)] = (
        GenerateOptions()
    )
    id_type: Annotated[IdType, BeforeValidator(as_id_type)] = "integer"
    default_depth: Int = 2
    max_depth: Int = 10
    max_limit: Int = 10_000
    body_limit: Int = 2_000_000
    idempotency_hours: Int = 24
    debug: Bool = False
    on_init: Callable[..., Any] | None = None
    custom: Frozen = None

    def __post_init__(self) -> None:
        problems: list[str] = []
        problems += _repeated("collections", [collection.slug for collection in self.collections])
        problems += _repeated("globals", [declared.slug for declared in self.globals])
        problems += self._shared_slugs()
        problems += _repeated("blocks", [block.slug for block in self.blocks])
        problems += circles(self.blocks)
        if self.max_depth < 0 or self.default_depth < 0:
            problems.append("default_depth and max_depth are 0 or more")
        if self.idempotency_hours < 0:
            problems.append("idempotency_hours is 0 or more")
        if problems:
            raise ConfigError(problems)

    def _shared_slugs(self) -> list[str]:
        """Slugs that a collection and a global have: changes, streams and rules would not tell them apart."""
        shared = {collection.slug for collection in self.collections} & {declared.slug for declared in self.globals}
        return [f"a collection and a global are both called {slug!r}" for slug in sorted(shared)]

    def replace(self, **changes: Any) -> Config:
        """A copy with some options changed."""
        current = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return Config(**{**current, **changes})

    def with_collections(self, *collections: Collection) -> Config:
        """A copy with further collections; one of the same slug takes the other's place."""
        added = {collection.slug: collection for collection in collections}
        kept = [added.pop(collection.slug, collection) for collection in self.collections]
        return self.replace(collections=(*kept, *added.values()))

    def with_globals(self, *globals: Global) -> Config:
        """A copy with further globals; one of the same slug takes the other's place."""
        added = {declared.slug: declared for declared in globals}
        kept = [added.pop(declared.slug, declared) for declared in self.globals]
        return self.replace(globals=(*kept, *added.values()))

    def with_blocks(self, *blocks: Block) -> Config:
        """A copy with further blocks for `block_references`; one of the same slug takes the other's place."""
        added = {block.slug: block for block in blocks}
        kept = [added.pop(block.slug, block) for block in self.blocks]
        return self.replace(blocks=(*kept, *added.values()))

    def with_endpoints(self, *endpoints: Endpoint) -> Config:
        """A copy with further endpoints under `/api`."""
        return self.replace(endpoints=(*self.endpoints, *endpoints))

    def with_mounts(self, mounts: Mapping[str, Any]) -> Config:
        """A copy with further ASGI applications at paths outside the API, or functions of the app that make them."""
        return self.replace(mounts={**self.mounts, **mounts})

    def with_templates(self, *folders: Path | str) -> Config:
        """A copy whose admin looks for templates in these folders first."""
        return self.replace(templates=(*(Path(folder) for folder in folders), *self.templates))

    def collection(self, slug: str) -> Collection:
        """The collection of that slug. Raises ConfigError, naming the nearest, when there is none."""
        for collection in self.collections:
            if collection.slug == slug:
                return collection
        slugs = [collection.slug for collection in self.collections]
        raise ConfigError(f"there is no collection {slug!r}{did_you_mean(slug, slugs)}")


def _repeated(what: str, slugs: Sequence[str]) -> list[str]:
    return [f"two {what} are called {slug!r}" for slug in sorted(set(slugs)) if slugs.count(slug) > 1]


def host_plugins(config: Config, find: Callable[[str], Any]) -> tuple[Config, Sequence[Plugin]]:
    """Lets every enabled plugin change the config, in their order. Names are looked up by `find`."""
    plugins = [find(item) if isinstance(item, str) else item for item in config.plugins]
    plugins.sort(key=lambda plugin: plugin.order)
    for plugin in plugins:
        changed = plugin.setup(config)
        if not isinstance(changed, Config):
            raise ConfigError(f"plugin {plugin.name!r} returned {type(changed).__name__}, not a Config")
        config = changed
    return config, plugins
