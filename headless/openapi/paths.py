"""The operations of a description, each made of an endpoint's declaration and of the collection it belongs to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from headless.access import AccessContext, Rule, constant, describe_rule
from headless.compile.collection import CompiledCollection
from headless.compile.schema import references
from headless.config import Config
from headless.declaration import thaw
from headless.endpoint import Endpoint
from headless.fields.base import Schema
from headless.names import did_you_mean
from headless.openapi.components import PREFIX, Components, refused_reference
from headless.openapi.names import operation_id
from headless.openapi.parameters import COMMON, Known
from headless.openapi.sight import Route, Sight, needs_user

SCHEMES: Final = ("cookie", "jwt", "bearer")
ROOT_TAG: Final = "api"
REASONS: Final[Mapping[str, str]] = {
    "400": "The request cannot be understood, or values were refused.",
    "401": "The credentials are wrong.",
    "403": "The asker may not do this.",
    "404": "There is no such document, or none that the asker may know of.",
    "413": "The body is too large.",
    "415": "The body is of a type that is not read.",
    "5XX": "Too busy, or something went wrong on the server's side.",
    "default": "Whatever else went wrong.",
}

_IN_PATH = re.compile(r"\{(\w+)\}")

Operation = dict[str, Any]


class Paths:
    """Makes the operations of routes, those that the sight shows."""

    def __init__(
        self,
        config: Config,
        collections: Mapping[str, CompiledCollection],
        components: Components,
        sight: Sight,
    ) -> None:
        self._config = config
        self._collections = collections
        self._components = components
        self._sight = sight
        self._ids: set[str] = set()

    def made(self, routes: Iterable[Route]) -> dict[str, dict[str, Operation]]:
        """The operations by path and method. Of two routes that answer the same, the first counts, as it is served."""
        paths: dict[str, dict[str, Operation]] = {}
        spelled: dict[str, str] = {}
        for place, (method, path, endpoint, source, slug) in enumerate(routes):
            if endpoint is None:
                continue
            # Two templates that differ in the names of their parameters only are one path.
            path = spelled.setdefault(_IN_PATH.sub("{}", path), path)
            taken = paths.setdefault(path, {})
            if method.lower() in taken:
                continue
            taken[method.lower()] = {}
            if self._shows(place, endpoint, slug):
                taken[method.lower()] = self._operation(path, endpoint, source, slug)
        shown = {path: {method: made for method, made in found.items() if made} for path, found in paths.items()}
        return {path: found for path, found in shown.items() if found}

    def _shows(self, place: int, endpoint: Endpoint, slug: str | None) -> bool:
        if place in self._sight.closed:
            return False
        return slug is None or endpoint.operation != "" or endpoint.access is not None or self._knows(slug)

    def _knows(self, slug: str) -> bool:
        """Whether the routes of a collection that everybody may use are told of: those that log in are."""
        return self._sight.knows(slug) or self._collections[slug].declaration.auth is not None

    def _operation(self, path: str, endpoint: Endpoint, source: str, slug: str | None) -> Operation:
        described = {"description": endpoint.description} if endpoint.description else {}
        operation: Operation = {
            "operationId": self._id(endpoint, slug),
            "tags": [slug or ROOT_TAG],
            "summary": endpoint.summary or f"{endpoint.method} {path}",
            **described,
            "parameters": [*self._in_path(path, slug), *self._in_query(endpoint, slug)],
        }
        if endpoint.request_schema is not None:
            operation["requestBody"] = self._body(endpoint, slug)
        operation["responses"] = self._responses(path, endpoint, source, slug)
        operation["security"] = self._security(endpoint, slug)
        if self._sight.whole and (rule := self._rule(endpoint, slug)) is not None:
            operation["x-access"] = describe_rule(rule)
        return operation

    def _id(self, endpoint: Endpoint, slug: str | None) -> str:
        name = operation_id(getattr(endpoint.handler, "__name__", endpoint.method.lower()).strip("<>"), slug)
        while name in self._ids:
            name += "_"
        self._ids.add(name)
        return name

    def _in_path(self, path: str, slug: str | None) -> Iterator[dict[str, Any]]:
        for name in _IN_PATH.findall(path):
            is_id = name == "id" and slug is not None
            schema = self._components.id(slug) if is_id and slug is not None else {"type": "string"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}

    def _in_query(self, endpoint: Endpoint, slug: str | None) -> Iterator[dict[str, Any]]:
        for declared in endpoint.parameters:
            if declared == "joins" and slug is not None and not self._collections[slug].joins:
                continue
            if isinstance(declared, Mapping):
                yield {**thaw(declared), "schema": self._components.resolved(declared["schema"], slug)}
            else:
                yield self._common(declared, slug)

    def _common(self, name: str, slug: str | None) -> dict[str, Any]:
        """A common parameter: a reference, unless it is different for each collection."""
        config, different = self._config, False

        def shape(of: str) -> Schema:
            nonlocal different
            different = slug is not None
            return {"type": "object"} if slug is None else self._components.shape(of, slug)

        parameter = COMMON[name](Known(shape, config.max_limit, config.default_depth, config.max_depth))
        return parameter if different else self._components.parameter(name, parameter)

    def _body(self, endpoint: Endpoint, slug: str | None) -> dict[str, Any]:
        schema = self._components.resolved(endpoint.request_schema, slug)
        target = self._components.made.get(schema.get("$ref", "").removeprefix(PREFIX), schema)
        return {"required": bool(target.get("required")), "content": {"application/json": {"schema": schema}}}

    def _responses(self, path: str, endpoint: Endpoint, source: str, slug: str | None) -> dict[str, Any]:
        declared: dict[Any, Any] = dict.fromkeys(self._usual(path, endpoint, slug))
        declared |= endpoint.responses
        answers = {str(endpoint.status): self._answer(endpoint, slug)}
        answers |= {str(status): self._failure(str(status), declared[status], slug) for status in sorted(declared)}
        last = "5XX" if source.startswith("generated") else "default"
        return {**answers, last: self._failure(last, None, slug)}

    def _answer(self, endpoint: Endpoint, slug: str | None) -> dict[str, Any]:
        if endpoint.status == 204:
            return {"description": "Done."}
        schema: Any = endpoint.response_schema
        if schema is None:
            schema = {} if endpoint.media_type == "application/json" else {"type": "string"}
        content = {endpoint.media_type: {"schema": self._components.resolved(schema, slug)}}
        return {"description": endpoint.summary or "The answer.", "content": content}

    def _failure(self, status: str, declared: Any, slug: str | None) -> dict[str, Any]:
        """An answer that is not the usual one: by its schema, or as an error, by when it comes."""
        if declared is None:
            return self._components.response(f"Error{status}", self._error(REASONS.get(status, "An error.")))
        if isinstance(declared, str):
            return self._error(declared)
        content = {"application/json": {"schema": self._components.resolved(declared, slug)}}
        return {"description": REASONS.get(status, "An error."), "content": content}

    def _error(self, reason: str) -> dict[str, Any]:
        content = {"application/json": {"schema": self._components.shape("errors")}}
        return {"description": reason, "content": content}

    def _usual(self, path: str, endpoint: Endpoint, slug: str | None) -> Iterator[int]:
        """The statuses that follow from what the route has."""
        rule = self._rule(endpoint, slug)
        if endpoint.parameters or endpoint.request_schema is not None or "{" in path:
            yield 400
        if rule is not None and constant(rule) is not True:
            yield 403
        if "{" in path:
            yield 404
        if endpoint.request_schema is not None:
            yield from (413, 415)

    def _rule(self, endpoint: Endpoint, slug: str | None) -> Rule:
        """The rule that guards the route, None for one that anybody may use."""
        if endpoint.access is not None or slug is None or not endpoint.operation:
            return endpoint.access
        return self._collections[slug].rules[endpoint.operation]

    def _security(self, endpoint: Endpoint, slug: str | None) -> list[dict[str, list[str]]]:
        """The ways to say who asks; none is needed where nobody in particular may be let in."""
        rule = self._rule(endpoint, slug)
        context = AccessContext(
            None, endpoint.operation or "endpoint", slug or "", staff_collection=self._config.admin.user
        )
        schemes: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
        return schemes if rule is not None and needs_user(rule, context) else [{}, *schemes]


def problems(routes: Iterable[Route], slugs: Collection[str]) -> Iterator[str]:
    """What endpoints declare that is not there: common parameters, shapes, collections."""
    for _, path, endpoint, _, slug in routes:
        if endpoint is None:
            continue
        place = f"endpoint {endpoint.method} {path}"
        for name in endpoint.parameters:
            if isinstance(name, str) and name not in COMMON:
                yield f"{place}: there is no common parameter {name!r}{did_you_mean(name, COMMON)}"
        schemas = (endpoint.request_schema, endpoint.response_schema, *endpoint.responses.values())
        for name in sorted(references((schemas, endpoint.parameters))):
            if refused := refused_reference(name, slug, slugs):
                yield f"{place}: {refused}"


def security_schemes(cookie_prefix: str) -> dict[str, Schema]:
    """The ways to say who asks."""
    return {
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": f"{cookie_prefix}-token",
            "description": "Set by a log-in. It counts from this server's own pages and from trusted origins.",
        },
        "jwt": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`JWT ` and the token of a log-in.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }  # fmt: skip
