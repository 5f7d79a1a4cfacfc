"""Finding the endpoint for a method and a path: a tree of path segments, where a word is preferred to a parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headless.collection import Collection
from headless.endpoint import Endpoint
from headless.errors import ConfigError


class _Branch:
    __slots__ = ("endpoints", "parameter", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Branch] = {}
        self.parameter: _Branch | None = None
        self.endpoints: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}


class RouteTable:
    """Endpoints by method and path. The first that claims a path keeps it."""

    def __init__(self, endpoints: Sequence[Endpoint] = ()) -> None:
        self._root = _Branch()
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
        if endpoint.method in branch.endpoints:
            raise ConfigError(f"two endpoints answer {endpoint.method} {endpoint.path}")
        branch.endpoints[endpoint.method] = (endpoint, tuple(names))
        self._all.append(endpoint)

    def match(self, method: str, segments: Sequence[str]) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint and its path parameters, or None."""
        if segments and segments[0] not in self._root.words:
            if self._root.parameter is None:
                return None
            if len(segments) == 1:
                return self._by_parameter(method, segments[0])
        found = _match(self._root, method, segments, 0)
        if found is None:
            return None
        (endpoint, names), values = found
        return endpoint, dict(zip(names, values, strict=True)) if names else {}

    def _by_parameter(self, method: str, segment: str) -> tuple[Endpoint, dict[str, str]] | None:
        """What most requests ask for: one segment that is no word, such as an id."""
        branch = self._root.parameter
        found = branch.endpoints.get(method) if branch is not None and segment else None
        return None if found is None else (found[0], {found[1][0]: segment})


class Routes:
    """The routes of one collection or global: its own, which come first, and the generated ones."""

    __slots__ = ("generated", "own")

    def __init__(self, declared: Collection, generated: Sequence[Endpoint]) -> None:
        self.own = RouteTable(declared.endpoints or ())
        self.generated = RouteTable(generated)

    def match(self, method: str, segments: list[str]) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint and its path parameters, or None."""
        found = self.own.match(method, segments) if self.own else None
        return found or self.generated.match(method, segments)


def _match(
    branch: _Branch, method: str, segments: Sequence[str], place: int
) -> tuple[tuple[Endpoint, tuple[str, ...]], list[str]] | None:
    if place == len(segments):
        endpoint = branch.endpoints.get(method)
        return None if endpoint is None else (endpoint, [])
    segment = segments[place]
    word = branch.words.get(segment)
    if word is not None:
        found = _match(word, method, segments, place + 1)
        if found is not None:
            return found
    if branch.parameter is not None and segment:
        found = _match(branch.parameter, method, segments, place + 1)
        if found is not None:
            return found[0], [segment, *found[1]]
    return None


def split(path: str) -> list[str]:
    """The segments of a path; a slash at its end does not count."""
    trimmed = path.strip("/")
    return trimmed.split("/") if trimmed else []
