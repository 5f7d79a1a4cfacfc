"""Figures can be compared only when the answers agree: a look at them before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.requests import Request
from benchmarks.rounds import Contender
from benchmarks.servers import ServerFailed

Answer = tuple[int, list[Any]]


def require_agreement(contenders: Sequence[Contender]) -> None:
    """Raises ServerFailed when a server that speaks the first one's dialect answers otherwise than it does."""
    yardstick, *others = contenders
    for other in others:
        if type(other.dialect) is type(yardstick.dialect):
            for request in questions(yardstick):
                _compare(request, yardstick, other)


def questions(contender: Contender) -> list[Request]:
    """One request of each kind that reads many documents."""
    dialect = contender.dialect
    return [dialect.page(2, 10, 0), dialect.page(3, 10, 1), dialect.filtered(2, "2024-06-15")]


def _compare(request: Request, yardstick: Contender, other: Contender) -> None:
    expected, found = _answer(request, yardstick), _answer(request, other)
    if expected != found:
        raise ServerFailed(f"{request.target}: {yardstick.server.name} answers {expected}, {other.server.name} {found}")


def _answer(request: Request, contender: Contender) -> Answer:
    body = contender.server.ask(request)
    docs = [_without_updates(doc) for doc in contender.dialect.documents(body)]
    # Equal dates of publication leave the order open.
    return contender.dialect.total(body), sorted(docs, key=lambda doc: int(doc["id"]))


def _without_updates(value: Any) -> Any:
    """The document without the moments of its last updates, its own and those of what it refers to."""
    if not isinstance(value, dict):
        return value
    return {key: _without_updates(item) for key, item in value.items() if key != "updatedAt"}
