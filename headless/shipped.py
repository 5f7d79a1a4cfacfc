"""What the platform ships is added here as a plugin would add it: its endpoints, its users collection, its admin."""

from __future__ import annotations

from headless.admin_ui.plugin import admin
from headless.collection import Collection
from headless.collections.users import users
from headless.config import Config
from headless.endpoint import Endpoint
from headless.endpoints import auth, description, documents, streams
from headless.endpoints import globals as of_globals
from headless.endpoints.reference import routes as reference

GENERATED: tuple[Endpoint, ...] = (*documents.ENDPOINTS, *streams.ENDPOINTS)
GENERATED_ROOT: tuple[Endpoint, ...] = (
    *documents.ROOT, *streams.ROOT, *description.ENDPOINTS, *reference.ENDPOINTS
)  # fmt: skip
GENERATED_GLOBAL: tuple[Endpoint, ...] = (*of_globals.ENDPOINTS, *streams.OF_GLOBALS)
GENERATED_AUTH: tuple[Endpoint, ...] = auth.ENDPOINTS


def generated(collection: Collection) -> tuple[Endpoint, ...]:
    """The routes that a collection has without declaring any."""
    if collection.endpoints is False:
        return ()
    without = () if collection.can_duplicate else (documents.duplicate,)
    own: tuple[Endpoint, ...] = ()
    if collection.auth is not None:
        own = auth.WITHOUT_PASSWORDS if collection.auth.disable_local_strategy else GENERATED_AUTH
    return (*own, *(endpoint for endpoint in GENERATED if endpoint not in without))


def generated_global(declared: Collection) -> tuple[Endpoint, ...]:
    """The routes that a global has without declaring any."""
    return () if declared.endpoints is False else GENERATED_GLOBAL


def generated_root(config: Config) -> tuple[Endpoint, ...]:
    """The routes of the application itself."""
    options = config.openapi
    left_out = () if options.enabled else description.ENDPOINTS
    pages = () if options.enabled and options.docs else reference.ENDPOINTS
    return tuple(endpoint for endpoint in GENERATED_ROOT if endpoint not in (*left_out, *pages))


def shipped(config: Config) -> Config:
    """The config with what it needs and did not declare."""
    slugs = {collection.slug for collection in config.collections}
    if config.admin.user not in slugs:
        config = config.with_collections(users(config.admin.user))
    return admin(config)
