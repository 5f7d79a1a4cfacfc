"""Statements: SQL text compiled once from an expression tree, free of values, and a cache of them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnClause, TextClause
from sqlalchemy.sql.selectable import FromClause, TableClause

from headless.database.sqlite_dialect import SQLALCHEMY

Row = tuple[Any, ...]
Values = Sequence[Any]
Encode = Callable[[Any], Any]

_HARMLESS: Final = re.compile(r"\*|[0-9]{1,9}", re.ASCII)


@dataclass(slots=True, eq=False)
class Statement:
    """A compiled statement. Nothing of it changes but `inline`, which the database keeps.

    `order` says which of the caller's values goes to each parameter; None is: as they come. `reads` and
    `writes` name tables. A `risky` one is known to take long without being tried; `inline` is whether it may
    be tried on the event loop. What `answers_rowid` inserts one row, and its answer is the key that the row got.
    `encoders` say of the parameters, by their places, what makes of a value what the driver takes.
    """

    sql: str
    order: tuple[int, ...] | None = None
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    risky: bool = False
    answers_rowid: bool = False
    encoders: tuple[tuple[int, Encode], ...] = ()
    inline: bool = field(init=False)
    bind: Callable[[Values], Values] | None = field(init=False)
    """Puts the values into `order`, each as the driver takes it."""

    def __post_init__(self) -> None:
        self.inline = not self.risky
        self.bind = _binder(self.order, self.encoders)

    @property
    def slow(self) -> bool:
        """Whether the statement was found to take long, though it did not look so."""
        return not self.inline and not self.risky


def compile_statement(
    clause: sa.ClauseElement, names: Sequence[str], *, risky: bool = False, dialect: sa.Dialect = SQLALCHEMY
) -> Statement:
    """Compiles a tree whose every value is a `sa.bindparam` named in `names`, the order callers pass them in.

    Raises ValueError when a value stands in the tree itself, or a parameter is not in `names`: values are
    bound, never written.
    """
    elements = list(visitors.iterate(clause))
    _refuse_text(elements)
    compiled: Any = clause.compile(dialect=dialect)
    places = {name: place for place, name in enumerate(names)}
    order: list[int] = []
    encoders: list[tuple[int, Encode]] = []
    for name in compiled.positiontup or ():
        if name not in places or compiled.binds[name].literal_execute:
            raise ValueError(f"{name!r} is not bound by one of the names {list(names)!r} in: {compiled}")
        encode = getattr(compiled.binds[name].type.dialect_impl(dialect), "encode", None)
        if encode is not None:
            encoders.append((len(order), encode))
        order.append(places[name])
    return Statement(
        str(compiled),
        None if order == list(range(len(names))) else tuple(order),
        _tables(elements),
        _written(clause),
        risky,
        encoders=tuple(encoders),
    )


def _binder(order: tuple[int, ...] | None, encoders: Sequence[tuple[int, Encode]]) -> Callable[[Values], Values] | None:
    ordered = _orderer(order)
    if not encoders:
        return ordered

    def bind(values: Values) -> Values:
        bound = list(values if ordered is None else ordered(values))
        for place, encode in encoders:
            bound[place] = encode(bound[place])
        return bound

    return bind


def _orderer(order: tuple[int, ...] | None) -> Callable[[Values], Values] | None:
    if order is None:
        return None
    if len(order) > 1:
        return itemgetter(*order)
    return lambda values: tuple(values[place] for place in order)


def _refuse_text(elements: Sequence[Any]) -> None:
    for element in elements:
        literal = isinstance(element, TextClause) or (isinstance(element, ColumnClause) and element.is_literal)
        if literal and not _HARMLESS.fullmatch(str(element)):
            raise ValueError(f"text may not stand in a statement: {element}")


def _written(clause: sa.ClauseElement) -> frozenset[str]:
    if not isinstance(clause, UpdateBase):
        return frozenset()
    return _tables([clause.table])


def _tables(elements: Iterable[Any]) -> frozenset[str]:
    """The names of the tables that stand in a tree, and of those its columns belong to."""
    names: set[str] = set()
    seen: set[int] = set()
    waiting = list(elements)
    while waiting:
        element = waiting.pop()
        source = element.table if isinstance(element, ColumnClause) else element
        if isinstance(source, TableClause):
            names.add(source.name)
        elif isinstance(source, FromClause) and id(source) not in seen:
            seen.add(id(source))
            waiting += visitors.iterate(source)
    return frozenset(names)


class StatementCache:
    """The statements used last, by the shape of what they answer. A shape never holds a value."""

    def __init__(self, size: int = 512) -> None:
        self._size = size
        self._statements: OrderedDict[Hashable, Statement] = OrderedDict()

    def get(self, key: Hashable) -> Statement | None:
        """The statement of this shape, if it is remembered."""
        found = self._statements.get(key)
        if found is not None:
            self._statements.move_to_end(key)
        return found

    def put(self, key: Hashable, statement: Statement) -> Statement:
        """Remembers the statement and gives it back; of too many, the one unused for longest is forgotten."""
        self._statements[key] = statement
        self._statements.move_to_end(key)
        if len(self._statements) > self._size:
            self._statements.popitem(last=False)
        return statement

    def __len__(self) -> int:
        return len(self._statements)
