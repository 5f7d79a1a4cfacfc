"""Custom endpoints: a method, a path and a function of one request, the same for users as for the shipped ones."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Protocol

import pydantic
from pydantic import BeforeValidator

from headless.access import Rule, as_rule
from headless.declaration import Frozen, Int, Str, declaration, each, empty, freeze
from headless.errors import ConfigError

Handler = Callable[..., Any]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

NO_RESPONSES: Mapping[int, Any] = MappingProxyType({})

_PARAMETER = re.compile(r":([A-Za-z_]\w*)\??", re.ASCII)
_SEGMENT = re.compile(r"\{[A-Za-z_]\w*\}|[^{}]*", re.ASCII)


def as_method(given: Any) -> str:
    """Reads a method in any case."""
    if not isinstance(given, str) or given.lower() not in METHODS:
        raise ConfigError(f"{given!r} is not a method: give one of {', '.join(METHODS)}")
    return given.upper()


def as_path(given: Any) -> str:
    """Reads a path whose parameters are written `{id}` or `:id`."""
    if not isinstance(given, str) or not given.startswith("/"):
        raise ConfigError(f"a path begins with a slash: {given!r}")
    path = _PARAMETER.sub(r"{\1}", given)
    segments = path.split("/")
    parameters = [segment for segment in segments if segment.startswith("{")]
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise ConfigError(f"a parameter is a whole part of a path, as in /orders/{{id}}/pay: {given!r}")
    if len(set(parameters)) != len(parameters):
        raise ConfigError(f"two parameters of a path have one name: {given!r}")
    return path


def as_handler(given: Any) -> Handler:
    if not callable(given):
        raise ConfigError(f"{given!r} is not a function")
    return given  # type: ignore[no-any-return]


def as_optional_rule(given: Any) -> Rule:
    return None if given is None else as_rule(given)


def as_schema(given: Any) -> Any:
    """Reads a JSON Schema: a mapping, or a type that pydantic knows, such as a model or `list[Order]`."""
    if given is None or isinstance(given, Mapping):
        return given
    try:
        return freeze(pydantic.TypeAdapter(given).json_schema())
    except (pydantic.errors.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError) as error:
        raise ConfigError(f"{given!r} is neither a JSON Schema nor a type: {error}") from None


def as_parameter(given: Any) -> Any:
    """Reads a parameter: the name of a common one, or a mapping as OpenAPI has it."""
    if isinstance(given, str):
        return given
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise ConfigError(f"a parameter is the name of a common one, or a mapping with name and schema: {given!r}")
    return freeze({"in": "query", "schema": {"type": "string"}, **given})


def as_responses(given: Any) -> Mapping[int, Any]:
    """Reads further answers by status: a text that says when, or a schema."""
    if not isinstance(given, Mapping) or not all(str(status).isdigit() for status in given):
        raise ConfigError("responses are a mapping of statuses to a text or a schema")
    read = {int(status): told if isinstance(told, str) else as_schema(told) for status, told in given.items()}
    frozen: Mapping[int, Any] = freeze(read)
    return frozen


Schema = Annotated[Any, BeforeValidator(as_schema), BeforeValidator(freeze)]


class Answering(Protocol):
    """Makes the function below an endpoint on `path`."""

    def __call__(
        self,
        path: str,
        *,
        access: Rule = None,
        summary: str = "",
        operation: str = "",
        description: str = "",
        parameters: Sequence[Any] = (),
        request_schema: Any = None,
        response_schema: Any = None,
        responses: Mapping[int, Any] = NO_RESPONSES,
        status: int = 200,
        media_type: str = "application/json",
        custom: Any = None,
    ) -> Callable[[Handler], Endpoint]:
        """The decorator."""


def _answering(method: str) -> Answering:
    def declare(path: str, **options: Any) -> Callable[[Handler], Endpoint]:
        def decorate(handler: Handler) -> Endpoint:
            summary, description = told(handler)
            return Endpoint(method, path, handler, **{"summary": summary, "description": description, **options})

        return decorate

    declare.__name__ = method
    declare.__doc__ = f"Makes the function below answer {method.upper()} on `path`."
    return declare


@declaration
class Endpoint:
    """`handler` answers `method` on `path`; `access` says who may ask, anyone when it says nothing.

    The handler is given a Request and returns data, a response, or None for 204; a sync one runs in a thread.

    The other options only tell of it, in the API's description. A schema is a JSON Schema or a type that pydantic
    knows. In a JSON Schema, `{"$ref": "document"}` is a document of the endpoint's collection, `{"$ref":
    "posts.document"}` one of another; likewise `create`, `update` and `page`.
    """

    method: Annotated[str, BeforeValidator(as_method)] = dataclasses.field(kw_only=False)
    path: Annotated[str, BeforeValidator(as_path)] = dataclasses.field(kw_only=False)
    handler: Annotated[Any, BeforeValidator(as_handler)] = dataclasses.field(kw_only=False)
    access: Annotated[Any, BeforeValidator(as_optional_rule)] = None
    summary: Str = ""
    operation: Str = ""
    """The collection's rule that the handler asks, such as `read`: for `headless routes` to tell."""
    description: Str = ""
    parameters: Annotated[Sequence[Any], each(as_parameter)] = ()
    """Of the query: names of common ones such as `where` and `depth`, or mappings as OpenAPI has them."""
    request_schema: Schema = None
    response_schema: Schema = None
    responses: Annotated[Any, BeforeValidator(as_responses)] = dataclasses.field(default_factory=empty)
    """Further answers by status: a text that says when, or a schema."""
    status: Int = 200
    media_type: Str = "application/json"
    custom: Frozen = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Calls the handler, so that a decorated function can still be called as one."""
        return self.handler(*args, **options)

    get = staticmethod(_answering("get"))
    post = staticmethod(_answering("post"))
    put = staticmethod(_answering("put"))
    patch = staticmethod(_answering("patch"))
    delete = staticmethod(_answering("delete"))


def told(handler: Handler) -> tuple[str, str]:
    """What a function's docstring says: its first line, and the rest."""
    first, _, rest = inspect.cleandoc(handler.__doc__ or "").partition("\n")
    return first, rest.strip()
