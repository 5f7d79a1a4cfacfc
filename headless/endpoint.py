"""Custom endpoints: a method, a path and a function of one request, the same for users as for the shipped ones."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator

from headless.access import Rule, as_rule
from headless.declaration import Str, declaration
from headless.errors import ConfigError

Handler = Callable[..., Any]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

_PARAMETER = re.compile(r":([A-Za-z_]\w*)\??", re.ASCII)


def as_method(given: Any) -> str:
    """Reads a method in any case."""
    if not isinstance(given, str) or given.lower() not in METHODS:
        raise ConfigError(f"{given!r} is not a method: give one of {', '.join(METHODS)}")
    return given.upper()


def as_path(given: Any) -> str:
    """Reads a path whose parameters are written `{id}` or `:id`."""
    if not isinstance(given, str) or not given.startswith("/"):
        raise ConfigError(f"a path begins with a slash: {given!r}")
    return _PARAMETER.sub(r"{\1}", given)


def as_handler(given: Any) -> Handler:
    if not callable(given):
        raise ConfigError(f"{given!r} is not a function")
    return given  # type: ignore[no-any-return]


def as_optional_rule(given: Any) -> Rule:
    return None if given is None else as_rule(given)


class Answering(Protocol):
    """Makes the function below an endpoint on `path`."""

    def __call__(
        self, path: str, *, access: Rule = None, summary: str = "", operation: str = ""
    ) -> Callable[[Handler], Endpoint]:
        """The decorator."""


def _answering(method: str) -> Answering:
    def declare(
        path: str, *, access: Rule = None, summary: str = "", operation: str = ""
    ) -> Callable[[Handler], Endpoint]:
        def decorate(handler: Handler) -> Endpoint:
            told = summary or first_line(handler)
            return Endpoint(method, path, handler, access=access, summary=told, operation=operation)

        return decorate

    declare.__name__ = method
    declare.__doc__ = f"Makes the function below answer {method.upper()} on `path`."
    return declare


@declaration
class Endpoint:
    """`handler` answers `method` on `path`; `access` says who may ask, anyone when it says nothing.

    The handler is given a Request and returns data, a response, or None for 204; a sync one runs in a thread.
    """

    method: Annotated[str, BeforeValidator(as_method)] = dataclasses.field(kw_only=False)
    path: Annotated[str, BeforeValidator(as_path)] = dataclasses.field(kw_only=False)
    handler: Annotated[Any, BeforeValidator(as_handler)] = dataclasses.field(kw_only=False)
    access: Annotated[Any, BeforeValidator(as_optional_rule)] = None
    summary: Str = ""
    operation: Str = ""
    """The collection's rule that the handler asks, such as `read`: for `headless routes` to tell."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Calls the handler, so that a decorated function can still be called as one."""
        return self.handler(*args, **options)

    get = staticmethod(_answering("get"))
    post = staticmethod(_answering("post"))
    put = staticmethod(_answering("put"))
    patch = staticmethod(_answering("patch"))
    delete = staticmethod(_answering("delete"))


def first_line(handler: Handler) -> str:
    """The first line of a function's docstring."""
    return (handler.__doc__ or "").strip().partition("\n")[0]
