"""Queries inside JSON values: a path through objects and lists, and what is compared with what lies at its end.

A path leads to several values where it crosses lists: `root.children.text` looks at the text of each child, `tags` at
each tag; a number in a path is a place in a list, or a key. A condition holds when it holds for one of the values, a
negation when it does for none. Values are compared with their own kind: a number never equals a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from headless import operators
from headless.compile.plan import Node
from headless.errors import BadRequest
from headless.operators import Expression, Operator, Values
from headless.query.conditions import NEVER, Condition, Not, Scope, dig, place_of

LONGEST: Final = 12
"""The most names in a path inside a JSON value."""

TEXT, NUMBER, FLAG = "text", "number", "flag"
OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        each.name: each
        for each in (
            operators.equals, operators.in_, operators.exists, operators.contains, operators.like,
            operators.greater_than, operators.greater_than_equal, operators.less_than, operators.less_than_equal,
        )
    }
)  # fmt: skip
NEGATIONS: Final = MappingProxyType({"not_equals": "equals", "not_in": "in", "not_like": "like"})

_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
_WORDS: Final = ("contains", "like")
_LARGEST: Final = 2**63


@dataclass(frozen=True, slots=True)
class Alternative:
    """An operator for values of some kinds, with what it compares them with."""

    kinds: tuple[str, ...]
    operator: Operator
    values: Values

    def test(self, value: Any) -> bool:
        """Whether one value, which is no list and no object, is so."""
        return _kind(value) in self.kinds and self.operator.test(_as_stored(value), self.values)


class Inside:
    """One of the values at a path inside a JSON value is there, or is as one of some alternatives says."""

    relational = False

    def __init__(self, node: Node, steps: Sequence[str], alternatives: Sequence[Alternative] | None) -> None:
        self.node = node
        self.steps = tuple(steps)
        self.alternatives = alternatives
        self._bound = [each.operator.bind(each.values) for each in alternatives or ()]
        self.shape: Hashable = (
            "inside", place_of(node), tuple(step.isdigit() for step in steps), alternatives is None,
            *((each.kinds, each.operator.name, len(bound)) for each, bound in self._pairs()),
        )  # fmt: skip

    def _pairs(self) -> Iterator[tuple[Alternative, Values]]:
        return zip(self.alternatives or (), self._bound, strict=True)

    def values(self) -> Iterable[Any]:
        yield from self.steps
        for bound in self._bound:
            yield from bound

    def sql(self, scope: Scope) -> Expression:
        scope.is_risky()
        steps = [(step.isdigit(), scope.parameter()) for step in self.steps]
        if self.alternatives is None:
            return scope.dialect.json_inside(scope.json(self.node), steps, None)  # type: ignore[no-any-return]
        asked = [(each, tuple(scope.parameter() for _ in bound)) for each, bound in self._pairs()]

        def holds(values: Mapping[str, Expression], kinds: Mapping[str, Expression]) -> Expression:
            parts = [
                sa.and_(kinds[kind], each.operator.sql(scope.dialect, values[kind], bound))
                for each, bound in asked
                for kind in each.kinds
            ]
            return sa.or_(*parts)

        return scope.dialect.json_inside(scope.json(self.node), steps, holds)  # type: ignore[no-any-return]

    def test(self, document: Mapping[str, Any]) -> bool:
        found = reached(dig(document, self.node), self.steps)
        if self.alternatives is None:
            return any(value is not None for value in found)
        return any(each.test(value) for value in _single(found) for each in self.alternatives)


def inside(node: Node, steps: Sequence[str], name: str, raw: Any) -> Condition | None:
    """The condition on what lies at a path inside the node's JSON; None for an operator that there is not."""
    if name in NEGATIONS:
        asked = inside(node, steps, NEGATIONS[name], raw)
        return None if asked is None else Not(asked)
    operator = OPERATORS.get(name)
    if operator is None:
        return None
    there = Inside(node, steps, None)
    if name == "exists":
        return there if operators.flag(node.field, raw)[0] else Not(there)
    if raw is None or raw == "null":
        return Not(there) if name == "equals" else NEVER
    alternatives = [each for each in _alternatives(operator, raw) if each.values or name in _WORDS]
    return Inside(node, steps, alternatives) if alternatives else NEVER


def _alternatives(operator: Operator, raw: Any) -> list[Alternative]:
    if operator.name in _WORDS:
        return [Alternative((TEXT, NUMBER), operator, operator.read(_AsGiven(), raw))]
    if operator.name == "in":
        read = [pair for item in operator.read(_AsGiven(), raw) for pair in _readings(item)]
        kinds = dict.fromkeys(kind for kind, _ in read)
        return [Alternative((kind,), operator, tuple(item for own, item in read if own == kind)) for kind in kinds]
    read = _readings(raw)
    if operator.name != "equals":
        # What has an order is a number where it reads as one, so that a text that spells one is not in between.
        read = [(kind, item) for kind, item in read if kind == NUMBER] or [pair for pair in read if pair[0] == TEXT]
    return [Alternative((kind,), operator, (item,)) for kind, item in read]


def _readings(raw: Any) -> list[tuple[str, Any]]:
    """What a raw value may mean, by kind: a query string has only texts."""
    if isinstance(raw, bool):
        return [(FLAG, raw)]
    if isinstance(raw, int | float):
        # An id of `$user` is a number of its own class.
        number = _as_stored(int(raw) if isinstance(raw, int) else raw)
        return [(NUMBER, number)] if math.isfinite(number) else []
    if not isinstance(raw, str):
        raise BadRequest("A query inside JSON compares with a text, a number, true, false or null.")
    read: list[tuple[str, Any]] = [(TEXT, str(raw))]
    if _NUMBER.fullmatch(raw) and math.isfinite(number := _number(raw)):
        read.append((NUMBER, number))
    if raw in ("true", "false"):
        read.append((FLAG, raw == "true"))
    return read


def _number(text: str) -> int | float:
    whole = int(text) if text.lstrip("-").isdigit() and len(text) < 20 else float(text)
    number: int | float = _as_stored(whole)
    return number


def _as_stored(value: Any) -> Any:
    """Whole numbers beyond 64 bits are kept as floating ones."""
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return value


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, int | float):
        return NUMBER
    return TEXT if isinstance(value, str) else None


def reached(value: Any, steps: Sequence[str]) -> list[Any]:
    """The values that a path leads to."""
    found = [value]
    for step in steps:
        found = [member for item in found for member in (_at if step.isdigit() else _under)(item, step)]
    return found


def _at(value: Any, step: str) -> Iterator[Any]:
    """The element of a list at a place, or what an object has under a number."""
    if isinstance(value, Mapping):
        if step in value:
            yield value[step]
    elif isinstance(value, list | tuple) and len(step) < 10 and step == str(int(step)) and int(step) < len(value):
        yield value[int(step)]


def _under(value: Any, step: str) -> Iterator[Any]:
    """What an object has under a key, or each object of a list."""
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, Mapping) and step in item:
            yield item[step]


def _single(found: Iterable[Any]) -> Iterator[Any]:
    """The values, and of lists the elements."""
    for value in found:
        if isinstance(value, list | tuple):
            yield from value
        else:
            yield value


class _AsGiven:
    """A reading that leaves values as they are."""

    def query_value(self, raw: Any) -> Any:
        return raw
