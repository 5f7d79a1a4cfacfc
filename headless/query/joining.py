"""The statement of a join: for a whole list of documents at once, the documents that refer to each of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.compile.references import reference_column
from headless.operators import Expression, in_
from headless.query.conditions import Condition
from headless.query.sorting import SortKey
from headless.query.statements import Building, TableScope

_KINDS: Final = ("text", "number", "other")


@dataclass(frozen=True, slots=True)
class Source:
    """What a join brings of one collection: the field that refers, which documents, and by what they are sorted."""

    collection: CompiledCollection
    on: Node
    where: Condition
    keys: tuple[SortKey | None, ...]

    @property
    def shape(self) -> Hashable:
        """What identifies it in a cache."""
        keys = tuple(None if key is None else key.shape for key in self.keys)
        return (self.collection.slug, self.on.path, self.where.shape, keys)


class Column:
    """A column of every source's rows: one for each kind of value, where not all have the same.

    Ordered by all of them, numbers come before texts, as SQLite has it.
    """

    def __init__(self, name: str, values: Sequence[Expression | None], descending: bool, dialect: sa.Dialect) -> None:
        self.descending = descending
        self._values = values
        self._kinds = [None if value is None else _kind(value, dialect) for value in values]
        types = {_kind(value, dialect): value.type for value in values if value is not None} or {"text": sa.Text()}
        self._types = {kind: types[kind] for kind in _KINDS if kind in types}
        self.labels = [f"{name}_{kind}" for kind in self._types]

    def of(self, number: int) -> Iterator[sa.Label[Any]]:
        """What stands in it for one source."""
        value = self._values[number]
        for label, (kind, type_) in zip(self.labels, self._types.items(), strict=True):
            found = value if value is not None and self._kinds[number] == kind else sa.cast(sa.null(), type_)
            yield found.label(label)


def _kind(value: Expression, dialect: sa.Dialect) -> str:
    type_ = value.type.dialect_impl(dialect)
    if isinstance(type_, sa.String | sa.JSON):
        return "text"
    return "number" if isinstance(type_, sa.Integer | sa.Numeric | sa.Float) else "other"


def _sorted_by(building: Building, source: Source, key: SortKey | None) -> Expression | None:
    if key is None:
        return None
    value = TableScope(building, source.collection, source.collection.table).sorted_by(key)
    return building.dialect.comparable(value)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Joining:
    """A join of some documents of `owner`. `descending` says of each sort key which way it goes."""

    owner: CompiledCollection
    sources: Sequence[Source]
    descending: Sequence[bool]
    counted: bool

    @property
    def shape(self) -> Hashable:
        """What identifies its statement in a cache."""
        sources = tuple(source.shape for source in self.sources)
        return ("join", self.owner.slug, sources, tuple(self.descending), self.counted)

    def values(self, parents: Iterable[Any], after: int, last: int) -> Iterator[Any]:
        """The statement's values: the ids of the documents, and which places of each one's list are asked for."""
        (ids,) = in_.bind(tuple(parents))
        for source in self.sources:
            yield ids
            if not source.on.is_foreign_key:
                yield source.on.dotted
            yield from source.where.values()
        yield from (after, last)

    def query(self, building: Building) -> sa.Select[Any]:
        """SELECT parent, number of the source, id, place in the parent's list, and length of that list if counted.

        When it is counted the first document of each list is always among the rows, to tell the length.
        """
        columns = self._columns(building)
        parts = [self._part(building, source, number, columns) for number, source in enumerate(self.sources)]
        found = (parts[0] if len(parts) == 1 else sa.union_all(*parts)).subquery()
        order = [
            building.dialect.ordered(found.c[label], descending=column.descending)
            for column in columns
            for label in column.labels
        ]
        order.append(found.c.number.asc())
        ids = [found.c[label] for label in columns[-1].labels]
        id = ids[0] if len(ids) == 1 else sa.func.coalesce(*(sa.cast(each, sa.Text()) for each in ids))
        rank = sa.func.row_number().over(partition_by=found.c.parent, order_by=order).label("rank")
        total = [sa.func.count().over(partition_by=found.c.parent).label("total")] if self.counted else []
        ranked = sa.select(found.c.parent, found.c.number, id.label("id"), rank, *total).subquery()
        asked: Expression = sa.and_(ranked.c.rank > building.parameter(), ranked.c.rank <= building.parameter())
        if self.counted:
            asked = sa.or_(asked, ranked.c.rank == sa.literal_column("1"))
        return sa.select(*ranked.c).where(asked).order_by(ranked.c.parent, ranked.c.rank)

    def _columns(self, building: Building) -> list[Column]:
        """What the list is sorted by: the keys, and the ids at last."""
        made = []
        dialect = building.dialect.sqlalchemy
        for place, descending in enumerate(self.descending):
            values = [_sorted_by(building, source, source.keys[place]) for source in self.sources]
            made.append(Column(f"k{place}", values, descending, dialect))
        ids = [source.collection.table.c.id for source in self.sources]
        return [*made, Column("id", ids, True, dialect)]

    def _part(self, building: Building, source: Source, number: int, columns: Sequence[Column]) -> sa.Select[Any]:
        """Every document of one source with the document that it refers to."""
        parent, rows, among = self._referring(building, source)
        found = source.where.sql(TableScope(building, source.collection, source.collection.table))
        values = [value for column in columns for value in column.of(number)]
        where = (*among, found)
        number_ = sa.literal_column(str(number), sa.Integer()).label("number")
        return sa.select(parent.label("parent"), number_, *values).select_from(rows).where(*where)

    def _referring(self, building: Building, source: Source) -> tuple[Expression, sa.FromClause, list[Expression]]:
        """The column of the parents, what is selected from, and the condition that the parents are those asked for."""
        table, references = source.collection.table, source.collection.references_table
        if source.on.is_foreign_key:
            column: Expression = table.c[str(source.on.column)]
            return column, table, [building.dialect.in_list(column, building.parameter())]
        assert references is not None
        made = references.alias()
        target = made.c[reference_column(self.owner.slug)]
        among = [building.dialect.in_list(target, building.parameter()), made.c.path == building.parameter()]
        # Once a document, however many of its rows or places in a list refer to the same parent.
        chosen = sa.select(made.c.source, target.label("parent")).where(*among, target.is_not(None))
        pairs = chosen.distinct().subquery()
        return pairs.c.parent, sa.join(pairs, table, table.c.id == pairs.c.source), []
