"""What is asked: the scenarios, their values drawn from a fixed seed, and how each dialect words them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from benchmarks import content, wide

DISTINCT = 1_000
JSON_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Request:
    """One HTTP request, independent of how it is sent."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The request as the bytes of HTTP/1.1."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


class Dialect(Protocol):
    """How one kind of server words the questions."""

    stream: str
    topic: str | None

    def page(self, page: int, limit: int, depth: int) -> Request:
        """A page of posts, newest first."""

    def post(self, id: int | str) -> Request:
        """One post."""

    def filtered(self, rating: int, before: str) -> Request:
        """Ten posts rated above `rating` and published before the date, latest publication first."""

    def create(self, post: Mapping[str, Any]) -> Request:
        """A new post."""

    def publish(self, text: str) -> Request:
        """A new message on the stream."""

    def documents(self, body: bytes) -> list[dict[str, Any]]:
        """The documents of a page's body."""

    def total(self, body: bytes) -> int:
        """How many documents the query matches in all."""


class RestDialect:
    """The wire format this framework speaks."""

    stream = "/api/messages/sse"
    topic: str | None = None

    def page(self, page: int, limit: int, depth: int) -> Request:
        """A page of posts, in the default order."""
        return Request("GET", f"/api/posts?limit={limit}&depth={depth}&page={page}")

    def post(self, id: int | str) -> Request:
        """One post."""
        return Request("GET", f"/api/posts/{id}?depth=0")

    def filtered(self, rating: int, before: str) -> Request:
        """Two conditions and a sort, with the brackets quoted as browsers do."""
        where = f"{quote('where[rating][greater_than]')}={rating}"
        where += f"&{quote('where[publishedAt][less_than]')}={before}T00:00:00.000Z"
        return Request("GET", f"/api/posts?limit=10&depth=0&{where}&sort=-publishedAt")

    def create(self, post: Mapping[str, Any]) -> Request:
        """A new post, answered without populating its references."""
        return send_json("/api/posts?depth=0", post)

    def publish(self, text: str) -> Request:
        """A new message."""
        return send_json("/api/messages?depth=0", {"text": text, "room": "a"})

    def documents(self, body: bytes) -> list[dict[str, Any]]:
        """The page's `docs`."""
        docs: list[dict[str, Any]] = json.loads(body)["docs"]
        return docs

    def total(self, body: bytes) -> int:
        """The page's `totalDocs`."""
        return int(json.loads(body)["totalDocs"])


class WideDialect(RestDialect):
    """The same, of posts of 40 fields."""

    def create(self, post: Mapping[str, Any]) -> Request:
        """A new post with a value in every field."""
        return super().create(wide.create(dict(post)))


class Drawn(NamedTuple):
    """What a scenario draws its requests from."""

    dialect: Dialect
    ids: Sequence[int | str]
    pages: int
    draw: random.Random


@dataclass(frozen=True)
class Scenario:
    """One kind of request: how it is drawn, how often it is asked in a round, and the ratio it must reach."""

    name: str
    title: str
    count: int
    goal: float
    make: Callable[[Drawn, int], Request]

    def requests(self, drawn: Drawn) -> list[Request]:
        """Distinct requests, in the order drawn."""
        return [self.make(drawn, number) for number in range(DISTINCT)]


def send_json(target: str, value: Mapping[str, Any]) -> Request:
    """A POST of a JSON body."""
    return Request("POST", target, json.dumps(value, separators=(",", ":")).encode(), JSON_HEADERS)


def _list(drawn: Drawn, depth: int) -> Request:
    return drawn.dialect.page(drawn.draw.randint(1, drawn.pages), 10, depth)


def _get(drawn: Drawn) -> Request:
    return drawn.dialect.post(drawn.draw.choice(drawn.ids))


def _filter(drawn: Drawn) -> Request:
    return drawn.dialect.filtered(drawn.draw.randint(0, 4), content.day(drawn.draw))


def _create(drawn: Drawn, number: int) -> Request:
    return drawn.dialect.create(content.post(drawn.draw, number))


# Creates come last: they make the collection that the others read larger.
SCENARIOS = (
    Scenario("list", "list 10 of 10,000, random page", 5_000, 0.6, lambda drawn, _: _list(drawn, 0)),
    Scenario("depth1", "list 10, depth 1", 4_000, 0.6, lambda drawn, _: _list(drawn, 1)),
    Scenario("get", "get by id", 15_000, 0.6, lambda drawn, _: _get(drawn)),
    Scenario("filter", "filter + sort", 8_000, 0.6, lambda drawn, _: _filter(drawn)),
    Scenario("create", "create", 5_000, 0.4, _create),
)
