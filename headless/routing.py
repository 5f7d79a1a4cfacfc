"""Finding the endpoint for a method and a path: trees of path segments, where a word is preferred to a parameter."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from headless.collection import Collection
from headless.endpoint import Endpoint
from headless.errors import ConfigError


class Route(NamedTuple):
    """An endpoint as it is reached: the parameters of its path, and the collection or global it belongs to if any."""

    endpoint: Endpoint
    names: tuple[str, ...]
    slug: str | None
    is_async: bool


GLOBALS = "globals"
"""What paths of globals begin with."""

Found = tuple[Route, dict[str, str]]
"""A route, and the values of the parameters in its path."""


class _Branch:
    __slots__ = ("parameter", "routes", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Branch] = {}
        self.parameter: _Branch | None = None
        self.routes: dict[str, Route] = {}


class RouteTable:
    """Endpoints by method and path. The first that claims a path keeps it."""

    def __init__(self, endpoints: Sequence[Endpoint] = (), slug: str | None = None) -> None:
        self._root = _Branch()
        self._slug = slug
        self._all: list[Endpoint] = []
        for endpoint in endpoints:
            self.add(endpoint)

    def __bool__(self) -> bool:
        return bool(self._all)

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._all)

    def add(self, endpoint: Endpoint) -> None:
        """Adds an endpoint. Raises ConfigError when another answers the same method and path."""
        branch = self._root
        names: list[str] = []
        for segment in split(endpoint.path):
            if segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                branch.parameter = branch.parameter or _Branch()
                branch = branch.parameter
            else:
                branch = branch.words.setdefault(segment, _Branch())
        if endpoint.method in branch.routes:
            raise ConfigError(f"two endpoints answer {endpoint.method} {endpoint.path}")
        is_async = inspect.iscoroutinefunction(endpoint.handler)
        branch.routes[endpoint.method] = Route(endpoint, tuple(names), self._slug, is_async)
        self._all.append(endpoint)

    def may_begin(self, segment: str) -> bool:
        """Whether a path that begins with the segment may be one of the table's."""
        return segment in self._root.words or self._root.parameter is not None

    def match(self, method: str, segments: Sequence[str]) -> Found | None:
        """The route for a method and a path, or None."""
        branch = self._root
        values: list[str] = []
        for segment in segments:
            word, parameter = branch.words.get(segment), branch.parameter
            if word is not None and parameter is not None:
                found = _search(self._root, method, segments, 0)
                return None if found is None else (found[0], _named(*found))
            if word is not None:
                branch = word
            elif parameter is not None and segment:
                branch = parameter
                values.append(segment)
            else:
                return None
        route = branch.routes.get(method)
        return None if route is None else (route, _named(route, values))


class Owner:
    """The routes of one collection or global: its own, which come first, and the generated ones."""

    __slots__ = ("generated", "own")

    def __init__(self, declared: Collection, generated: Sequence[Endpoint]) -> None:
        self.own = RouteTable(declared.endpoints or (), declared.slug)
        self.generated = RouteTable(generated, declared.slug)


class Router:
    """All routes: the config's own come first, then those of collections and globals, then the generated ones."""

    def __init__(
        self,
        own: Sequence[Endpoint],
        generated: Sequence[Endpoint],
        collections: Mapping[str, Owner],
        globals: Mapping[str, Owner],
    ) -> None:
        """Collections and globals by slug. Raises ConfigError."""
        self._own, self._generated = RouteTable(own), RouteTable(generated)
        self._collections, self._globals = collections, globals
        self._elsewhere = ((self._own, 0), (self._generated, 0))
        self._of_collections = {slug: tuple(self._tables(slug, owner, 1)) for slug, owner in collections.items()}
        self._of_globals = {slug: tuple(self._tables(GLOBALS, owner, 2)) for slug, owner in globals.items()}

    def _tables(self, first: str, owner: Owner, above: int) -> Iterator[tuple[RouteTable, int]]:
        """The tables that may have a path below a first segment, and how many segments stand above theirs."""
        if self._own.may_begin(first):
            yield self._own, 0
        yield from ((table, above) for table in (owner.own, owner.generated) if table)
        if self._generated.may_begin(first):
            yield self._generated, 0

    def __iter__(self) -> Iterator[tuple[str, Endpoint, str, str | None]]:
        """Every route: path, endpoint, what declares it, and the collection or global it belongs to."""
        for endpoint in self._own:
            yield endpoint.path, endpoint, "config", None
        for above, kind, owners in (("", "collection", self._collections), (f"/{GLOBALS}", "global", self._globals)):
            for slug, owner in owners.items():
                for source, table in ((f"{kind} {slug}", owner.own), (f"generated for {slug}", owner.generated)):
                    for endpoint in table:
                        yield f"{above}/{slug}{endpoint.path}".rstrip("/"), endpoint, source, slug
        for endpoint in self._generated:
            yield endpoint.path, endpoint, "generated", None

    def owner(self, segments: Sequence[str]) -> Owner | None:
        """The routes of the collection or global that a path is in."""
        first, second = (*segments, "", "")[:2]
        return self._collections.get(first) or (self._globals.get(second) if first == GLOBALS else None)

    def find(self, method: str, segments: Sequence[str]) -> Found | None:
        """The route for a method and the segments of a path, or None."""
        first = segments[0] if segments else ""
        tables = self._of_collections.get(first)
        if tables is None:
            is_global = first == GLOBALS and len(segments) > 1
            tables = self._of_globals.get(segments[1], self._elsewhere) if is_global else self._elsewhere
        for table, above in tables:
            found = table.match(method, segments[above:] if above else segments)
            if found is not None:
                return found
        return None


def _search(branch: _Branch, method: str, segments: Sequence[str], place: int) -> tuple[Route, list[str]] | None:
    """A word and a parameter may both lead on: the first way that arrives is taken."""
    if place == len(segments):
        route = branch.routes.get(method)
        return None if route is None else (route, [])
    segment = segments[place]
    word = branch.words.get(segment)
    if word is not None:
        found = _search(word, method, segments, place + 1)
        if found is not None:
            return found
    if branch.parameter is not None and segment:
        found = _search(branch.parameter, method, segments, place + 1)
        if found is not None:
            return found[0], [segment, *found[1]]
    return None


def _named(route: Route, values: list[str]) -> dict[str, str]:
    if len(values) == 1:
        # Nearly always an id, which this is much quicker for.
        return {route.names[0]: values[0]}
    return dict(zip(route.names, values, strict=True))


def split(path: str) -> list[str]:
    """The segments of a path; a slash at its end does not count."""
    trimmed = path.strip("/")
    return trimmed.split("/") if trimmed else []
