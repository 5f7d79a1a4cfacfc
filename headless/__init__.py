"""headless: declare collections, get a database, a REST API, an admin and live streams.

The public names are loaded when they are first used, so that importing one part does not import the whole.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headless.checkout import require_links

if TYPE_CHECKING:
    from headless.access import AccessContext as AccessContext
    from headless.access import anyone as anyone
    from headless.access import authenticated as authenticated
    from headless.access import nobody as nobody
    from headless.access import public as public
    from headless.access import staff as staff
    from headless.api import Api as Api
    from headless.app import Headless as Headless
    from headless.auth import Auth as Auth
    from headless.auth import MailContext as MailContext
    from headless.collection import Collection as Collection
    from headless.collection import Index as Index
    from headless.config import Config as Config
    from headless.endpoint import Endpoint as Endpoint
    from headless.errors import ApiError as ApiError
    from headless.errors import AuthenticationError as AuthenticationError
    from headless.errors import BadRequest as BadRequest
    from headless.errors import ConfigError as ConfigError
    from headless.errors import Conflict as Conflict
    from headless.errors import Forbidden as Forbidden
    from headless.errors import HeadlessError as HeadlessError
    from headless.errors import NotFound as NotFound
    from headless.errors import QueryError as QueryError
    from headless.errors import ValidationError as ValidationError
    from headless.extension import Plugin as Plugin
    from headless.extension import plugin as plugin
    from headless.global_ import Global as Global
    from headless.hooks import HookContext as HookContext
    from headless.http.querystring import parse_query as parse_query
    from headless.http.responses import JSONResponse as JSONResponse
    from headless.loader import load_project as load_project
    from headless.operations.page import BulkResult as BulkResult
    from headless.operations.page import Page as Page
    from headless.request import Request as Request

require_links()

__version__ = "0.1.0"

_HOMES = {
    "AccessContext": "access", "Api": "api", "ApiError": "errors", "Auth": "auth",
    "AuthenticationError": "errors", "BadRequest": "errors", "BulkResult": "operations.page",
    "Collection": "collection", "Config": "config", "ConfigError": "errors", "Conflict": "errors",
    "Endpoint": "endpoint", "Forbidden": "errors", "Global": "global_", "Headless": "app", "HeadlessError": "errors",
    "HookContext": "hooks", "Index": "collection", "JSONResponse": "http.responses", "MailContext": "auth",
    "NotFound": "errors",
    "Page": "operations.page", "Plugin": "extension", "QueryError": "errors", "Request": "request",
    "ValidationError": "errors", "anyone": "access", "authenticated": "access",
    "load_project": "loader", "nobody": "access",
    "parse_query": "http.querystring", "plugin": "extension", "public": "access", "staff": "access",
}  # fmt: skip

__all__ = ["__version__", "fields", *_HOMES]


def __getattr__(name: str) -> Any:
    if name == "fields":
        return import_module("headless.fields")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'headless' has no attribute {name!r}")
    value = getattr(import_module(f"headless.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
