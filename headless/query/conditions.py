"""Bound conditions: a where tree, its paths resolved and its values read. It compiles to SQL and tests a document.

`shape` says everything about a tree but its values, so that trees of one shape share one compiled statement; `values`
gives the values in the order in which `sql` asks for parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import sqlalchemy as sa

from headless.compile.plan import Node
from headless.operators import Expression, Operator, Values, in_

SERVED: Final = (
    "equals", "in", "all", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "exists",
)  # fmt: skip
"""The operators that an index of values serves, the most telling first."""


class Scope(Protocol):
    """Where SQL expressions find their columns: a table, or the rows of an array inside one."""

    def value(self, node: Node) -> Expression:
        """The node's value."""

    def json(self, node: Node) -> Expression:
        """The JSON text of the node's value."""

    def under(self, node: Node, keys: Sequence[str], value: Expression) -> Expression:
        """What is under keys inside one value of the node."""

    def elements(self, node: Node, condition: Callable[[Scope, Expression], Expression]) -> Expression:
        """Whether any element of the node's list, or part of its value, fulfils a condition.

        The condition is given the scope of that element and its value.
        """

    def referring(self, slug: str, path: Expression, condition: Callable[[Expression], Expression]) -> Expression:
        """Whether a reference of the document at a path fulfils a condition, by the index that references have."""

    def kept(self, column: str, condition: Callable[[Expression], Expression]) -> Expression:
        """Whether one of the document's values in a column of the table of values fulfils a condition."""

    def related(self, slug: str, condition: Condition, target: Expression) -> Expression:
        """Whether the target id is that of a document of the collection that fulfils a condition."""

    def referred_by(self, slug: str, on: Node, condition: Condition) -> Expression:
        """Whether a document of the collection that fulfils a condition refers to this one by a field."""

    def parameter(self) -> sa.BindParameter[Any]:
        """The parameter of the next value."""

    @property
    def dialect(self) -> Any:
        """The database's dialect."""

    def is_risky(self) -> None:
        """Notes that the statement may have to look at every row."""


class Condition(Protocol):
    """Part of a bound where tree."""

    @property
    def shape(self) -> Hashable: ...

    def values(self) -> Iterable[Any]: ...

    def sql(self, scope: Scope) -> Expression: ...

    def test(self, document: Mapping[str, Any]) -> bool: ...

    @property
    def relational(self) -> bool:
        """Whether the answer needs other documents, so that only the database can give it."""


class Constant:
    """Every document, or none."""

    relational = False

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.shape: Hashable = answer

    def values(self) -> Iterable[Any]:
        return ()

    def sql(self, scope: Scope) -> Expression:
        return sa.true() if self.answer else sa.false()

    def test(self, document: Mapping[str, Any]) -> bool:
        return self.answer


ALWAYS = Constant(True)
NEVER = Constant(False)


class Comparison:
    """One operator on one field. `keys` go on inside a JSON value, such as `relationTo` of a polymorphic reference."""

    relational = False

    def __init__(
        self, node: Node, operator: Operator, values: Values, keys: tuple[str, ...] = (), target: str | None = None
    ) -> None:
        self.node = node
        self.operator = operator
        self.keys = keys
        self.target = target
        self._values = values
        self.bound = operator.bind(values)
        self.shape: Hashable = (
            "is", place_of(node), node.field.has_list, keys, target, operator.name, operator.sql, len(self.bound)
        )  # fmt: skip

    def values(self) -> Iterable[Any]:
        return self.bound if self.target is None else (self.node.dotted, *self.bound)

    def sql(self, scope: Scope) -> Expression:
        path = scope.parameter() if self.target is not None else None
        parameters = tuple(scope.parameter() for _ in self.bound)

        def holds(inner: Scope, element: Expression) -> Expression:
            value = scope.under(self.node, self.keys, element) if self.keys else element
            return self.operator.sql(scope.dialect, value, parameters)

        if self.target is not None and path is not None:
            return scope.referring(self.target, path, lambda target: holds(scope, target))
        if (self.operator.name in ("like", "contains", "not_like") and self.bound) or self.node.field.is_json:
            scope.is_risky()
        return scope.elements(self.node, holds) if self.node.field.has_list else holds(scope, scope.value(self.node))

    @property
    def orders(self) -> bool:
        """Whether its operator has an order of its own, for a value of the document itself."""
        return self.operator.order is not None and self.node.rows is None

    @property
    def is_kept(self) -> bool:
        """Whether the table of values tells which documents have a row of which it holds."""
        served = self.operator.name in SERVED and self.operator.positive is None
        return served and self.node.kept is not None and not self.keys

    def among_kept(self, scope: Scope) -> Expression:
        """Whether it holds of a row of the document, by the table of values."""
        parameters = tuple(scope.parameter() for _ in self.bound)
        return scope.kept(str(self.node.kept), lambda value: self.operator.sql(scope.dialect, value, parameters))

    def order(self, scope: Scope) -> Expression:
        """What the documents are ordered by, least first."""
        assert self.operator.order is not None
        return self.operator.order(scope.dialect, scope.value(self.node), scope.parameter())

    def test(self, document: Mapping[str, Any]) -> bool:
        value = dig(document, self.node)
        elements = (value or ()) if self.node.field.has_list else (value,)
        return any(self.operator.test(dig_keys(element, self.keys), self._values) for element in elements)


class AllOf:
    """Every part holds."""

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts = tuple(parts)
        self.shape: Hashable = ("and", *(part.shape for part in self.parts))
        self.relational = any(part.relational for part in self.parts)

    def values(self) -> Iterable[Any]:
        for part in self.parts:
            yield from part.values()

    def sql(self, scope: Scope) -> Expression:
        return sa.and_(sa.true(), *(part.sql(scope) for part in self.parts))

    def test(self, document: Mapping[str, Any]) -> bool:
        return all(part.test(document) for part in self.parts)


class AnyOf:
    """At least one part holds."""

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts = tuple(parts)
        self.shape: Hashable = ("or", *(part.shape for part in self.parts))
        self.relational = any(part.relational for part in self.parts)

    def values(self) -> Iterable[Any]:
        for part in self.parts:
            yield from part.values()

    def sql(self, scope: Scope) -> Expression:
        return sa.or_(sa.false(), *(part.sql(scope) for part in self.parts))

    def test(self, document: Mapping[str, Any]) -> bool:
        return any(part.test(document) for part in self.parts)


class Not:
    """The part does not hold: of no row, element or related document."""

    def __init__(self, part: Condition) -> None:
        self.part = part
        self.shape: Hashable = ("not", part.shape)
        self.relational = part.relational

    def values(self) -> Iterable[Any]:
        return self.part.values()

    def sql(self, scope: Scope) -> Expression:
        return sa.func.coalesce(self.part.sql(scope), sa.false()).is_(sa.false())

    def test(self, document: Mapping[str, Any]) -> bool:
        return not self.part.test(document)


class InRows:
    """One row of an array fulfils a condition, which sees that row."""

    def __init__(self, array: Node, part: Condition) -> None:
        self.array = array
        self.part = part
        # Rows inside rows are looked up together with what they are in.
        self._kept = _kept(part) if array.rows is None else None
        columns = tuple(each.node.kept for each in self._kept.any_of) if self._kept is not None else ()
        self.shape: Hashable = ("rows", place_of(array), part.shape, columns)
        self.relational = part.relational

    def values(self) -> Iterable[Any]:
        if self._kept is not None:
            for each in self._kept.any_of:
                yield from each.bound
            if self._kept.is_all:
                return
        yield from self.part.values()

    def sql(self, scope: Scope) -> Expression:
        if self._kept is None:
            return self._among_rows(scope)
        found = sa.or_(*(each.among_kept(scope) for each in self._kept.any_of))
        return found if self._kept.is_all else sa.and_(found, self._among_rows(scope))

    def _among_rows(self, scope: Scope) -> Expression:
        return scope.elements(self.array, lambda inner, row: self.part.sql(inner))

    def test(self, document: Mapping[str, Any]) -> bool:
        return any(self.part.test(row) for row in self.array.contains.parts(dig(document, self.array)))


class OfKinds:
    """The row is of one of some kinds, and fulfils what is asked of that kind. `kind` is the node that says it."""

    def __init__(self, kind: Node, parts: Mapping[str, Condition]) -> None:
        self.kind = kind
        self.parts = parts
        self.relational = any(part.relational for part in parts.values())
        alike: dict[Hashable, list[str]] = {}
        for name, part in parts.items():
            values = tuple(part.values())
            alike.setdefault((part.shape, values, tuple(map(type, values))), []).append(name)
        # Where kinds have a field in common, the database is asked once for all of them.
        self._groups = [(names, in_.bind(tuple(names)), parts[names[0]]) for names in alike.values()]
        self.shape: Hashable = ("kinds", *((tuple(names), part.shape) for names, _, part in self._groups))

    def values(self) -> Iterable[Any]:
        for _, names, part in self._groups:
            yield from names
            yield from part.values()

    def sql(self, scope: Scope) -> Expression:
        kind = scope.value(self.kind)
        asked = []
        for _, _, part in self._groups:
            among = scope.dialect.in_list(kind, scope.parameter())
            asked.append(sa.and_(among, part.sql(scope)))
        return sa.or_(sa.false(), *asked)

    def test(self, document: Mapping[str, Any]) -> bool:
        part = self.parts.get(dig(document, self.kind))
        return part is not None and part.test(document)


@dataclass(frozen=True, slots=True)
class Kept:
    """Comparisons with values that are kept by themselves, one of which holds where a condition on a row does."""

    any_of: tuple[Comparison, ...]
    is_all: bool
    """Whether the condition says no more than that."""

    @property
    def rank(self) -> int:
        """How little the values tell: the less the better."""
        return max(SERVED.index(each.operator.name) for each in self.any_of)


def _kept(part: Condition) -> Kept | None:
    """What the table of values knows of a condition on a row; None when it may hold of rows without such a value."""
    if isinstance(part, Comparison):
        return Kept((part,), is_all=True) if part.is_kept else None
    if isinstance(part, InRows):
        return _kept(part.part)
    if isinstance(part, AllOf):
        # Which values stand in the same row, the rows themselves say: the table narrows down where to look.
        found = [kept for kept in map(_kept, part.parts) if kept is not None]
        return Kept(min(found, key=lambda kept: kept.rank).any_of, is_all=False) if found else None
    if isinstance(part, AnyOf):
        return _any_kept(part.parts)
    if isinstance(part, OfKinds):
        # The column of a leaf is that of its kind of row.
        return _any_kept(part.parts.values())
    return None


def _any_kept(parts: Iterable[Condition]) -> Kept | None:
    found = [_kept(part) for part in parts]
    known = [kept for kept in found if kept is not None]
    if not known or len(known) < len(found):
        return None
    return Kept(tuple(each for kept in known for each in kept.any_of), all(kept.is_all for kept in known))


class Related:
    """A referenced document of a collection fulfils a condition."""

    relational = True

    def __init__(self, node: Node, slug: str, part: Condition) -> None:
        self.node = node
        self.slug = slug
        self.part = part
        self.shape: Hashable = ("related", place_of(node), node.field.has_list, slug, part.shape)

    def values(self) -> Iterable[Any]:
        return self.part.values()

    def sql(self, scope: Scope) -> Expression:
        if self.node.field.has_list:
            return scope.elements(self.node, lambda inner, element: scope.related(self.slug, self.part, element))
        return scope.related(self.slug, self.part, scope.value(self.node))

    def test(self, document: Mapping[str, Any]) -> bool:
        raise TypeError("a condition on a related document is answered by the database")


class ReferredBy:
    """A document of a collection fulfils a condition and refers, by its field `on`, to this one of `owner`."""

    relational = True

    def __init__(self, owner: str, slug: str, on: Node, part: Condition) -> None:
        self.owner = owner
        self.slug = slug
        self.on = on
        self.part = part
        self.shape: Hashable = ("referred", owner, slug, on.path, part.shape)

    def values(self) -> Iterable[Any]:
        if not self.on.is_foreign_key:
            yield self.on.dotted
        yield from self.part.values()

    def sql(self, scope: Scope) -> Expression:
        return scope.referred_by(self.slug, self.on, self.part)

    def test(self, document: Mapping[str, Any]) -> bool:
        raise TypeError("a condition on documents that refer to this one is answered by the database")


def place_of(node: Node) -> tuple[str, ...]:
    """Where a node's value is, seen from the table or the row that the condition is asked of."""
    return node.path if node.parent is None else node.keys


def dig(document: Mapping[str, Any], node: Node) -> Any:
    """The node's value in a document, or in a row when the node lives in one."""
    value: Any = document
    for name in node.keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def dig_keys(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
