"""What a recorded request asks for: the kind of route, the collection, and which missing feature it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.conformance.gaps import Gap, declared
from tests.conformance.reduce import GLOBALS, Declaration, Reduction

Kind = Literal["list", "one", "count", "auth", "other"]
Step = dict[str, Any]

AUTH = {"login", "logout", "me", "refresh-token", "first-register", "init"}
AUTH |= {"forgot-password", "reset-password", "verify", "unlock"}
VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, as a request to a collection or global of the recorded configuration or to something else."""

    method: str
    path: str
    kind: Kind
    slug: str | None = None
    action: str | None = None

    @property
    def writes(self) -> bool:
        return self.method in ("POST", "PATCH", "PUT", "DELETE")

    @property
    def carries_document(self) -> bool:
        """Whether the body of the request is a document of the collection, or a part of one."""
        return self.writes and (self.kind in ("list", "one") or self.action == "first-register")


def find_route(step: Step, original: Declaration) -> Route:
    """The route of a step's request."""
    method, path = str(step["req"]).split(" ", 1)
    parts = path.removeprefix("/api").strip("/").split("/")
    slugs = {collection["slug"]: collection for collection in original["collections"]}
    if parts[0] == "globals" and parts[1:] and any(parts[1] == one["slug"] for one in original.get("globals", ())):
        slug, action = GLOBALS + parts[1], next(iter(parts[2:]), None)
        return Route(method, path, "one" if action is None else "other", slug, action)
    if parts[0] not in slugs or not path.startswith("/api"):
        return Route(method, path, "other", action=_other(parts, original))
    slug, rest = parts[0], parts[1:]
    if not rest:
        return Route(method, path, "list", slug)
    if rest == ["count"]:
        return Route(method, path, "count", slug)
    if rest[0] in AUTH and "auth" in slugs[slug] and (method == "POST" or rest[0] in ("me", "init")):
        return Route(method, path, "auth", slug, rest[0])
    if len(rest) == 1 and rest != ["versions"] and rest != ["access"]:
        return Route(method, path, "one", slug)
    named = next((part for part in rest if not VARIABLE.fullmatch(part) and not part.isdigit()), None)
    return Route(method, path, "other", slug, named)


def _other(parts: list[str], original: Declaration) -> str | None:
    for endpoint in original.get("endpoints", ()):
        if endpoint["path"].strip("/").split("/")[0] == parts[0]:
            return str(endpoint["handler"])
    return None


def missing_feature(step: Step, route: Route, reduction: Reduction) -> str | None:
    """The missing feature that the request needs by its route, headers or files, if any."""
    gaps = reduction.gaps
    if route.slug and (feature := reduction.feature_of(route.slug)):
        return feature
    if route.action is not None and route.action in gaps.handlers:
        return gaps.handlers[route.action]
    if route.slug and route.action is not None and route.action in gaps.routes:
        return gaps.routes[route.action]
    for prefix, feature in gaps.prefixes.items():
        if route.path == prefix or route.path.startswith(prefix + ("" if prefix.endswith("-") else "/")):
            return feature
    if _is_reader_without_rule(step, route, reduction):
        return "the access rule that a substitute stands in for"
    return _header_feature(step, reduction)


def _header_feature(step: Step, reduction: Reduction) -> str | None:
    headers = {str(name).lower(): str(value).lower() for name, value in step.get("headers", {}).items()}
    for header, feature in reduction.gaps.headers.items():
        name, _, word = header.partition(": ")
        if name in headers and word in headers[name]:
            return feature
    return None


def _is_reader_without_rule(step: Step, route: Route, reduction: Reduction) -> bool:
    """A rule that stands in answers users as the recorded one did, and nobody else."""
    headers = {str(name).lower() for name in step.get("headers", {})}
    if "as" in step or headers & {"authorization", "cookie"} or route.slug is None:
        return False
    rules = collection_of(reduction, route.slug).get("access", {}).values()
    asks = not route.writes or route.action == "access"
    return asks and any(rule in reduction.gaps.rules for rule in rules if isinstance(rule, str))


def collection_of(reduction: Reduction, slug: str) -> Declaration:
    """The recorded declaration of a collection, or of a global."""
    kind = "globals" if slug.startswith(GLOBALS) else "collections"
    return next(one for one in reduction.original[kind] if one["slug"] == slug.removeprefix(GLOBALS))


def parameters(route: Route, reduction: Reduction) -> dict[str, str]:
    """The query parameters that a missing feature would give a meaning to on this route, with the feature."""
    found: dict[str, str] = {}
    for gap in _gaps_here(route, reduction):
        found.update(dict.fromkeys(gap.parameters, gap.feature))
    return found


def _gaps_here(route: Route, reduction: Reduction) -> Iterator[Gap]:
    if route.slug is None:
        return
    collection = collection_of(reduction, route.slug)
    yield from declared(collection, reduction.gaps.documents).values()
    if _is_localized(collection["fields"]):
        yield from (gap for name, gap in reduction.gaps.root.items() if name == "localization")


def _is_localized(fields: list[Declaration]) -> bool:
    inner = [field.get("fields", []) for field in fields]
    inner += [part["fields"] for field in fields for part in (*field.get("tabs", ()), *field.get("blocks", ()))]
    return any(field.get("localized") for field in fields) or any(_is_localized(part) for part in inner)
