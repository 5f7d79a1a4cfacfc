"""The statement of a join: for a whole list of documents at once, the documents that refer to each of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.compile.tables import reference_column
from headless.operators import Expression, in_
from headless.query.conditions import Condition
from headless.query.sorting import SortKey
from headless.query.statements import Building, TableScope


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
        parts = [self._part(building, source, number) for number, source in enumerate(self.sources)]
        found = (parts[0] if len(parts) == 1 else sa.union_all(*parts)).subquery()
        keys = [(found.c[f"k{place}"], descending) for place, descending in enumerate(self.descending)]
        order = [key.desc() if descending else key.asc() for key, descending in keys]
        order += [found.c.id.desc(), found.c.number.asc()]
        rank = sa.func.row_number().over(partition_by=found.c.parent, order_by=order).label("rank")
        total = [sa.func.count().over(partition_by=found.c.parent).label("total")] if self.counted else []
        ranked = sa.select(found.c.parent, found.c.number, found.c.id, rank, *total).subquery()
        asked: Expression = sa.and_(ranked.c.rank > building.parameter(), ranked.c.rank <= building.parameter())
        if self.counted:
            asked = sa.or_(asked, ranked.c.rank == sa.literal_column("1"))
        return sa.select(*ranked.c).where(asked).order_by(ranked.c.parent, ranked.c.rank)

    def _part(self, building: Building, source: Source, number: int) -> sa.Select[Any]:
        """Every document of one source with the document that it refers to."""
        table = source.collection.table
        scope = TableScope(building, source.collection, table)
        parent, rows, among = self._referring(building, source)
        found = source.where.sql(scope)
        keys = [sa.null() if key is None else scope.sorted_by(key) for key in source.keys]
        return (
            sa.select(
                parent.label("parent"),
                sa.literal_column(str(number)).label("number"),
                table.c.id.label("id"),
                *(key.label(f"k{place}") for place, key in enumerate(keys)),
            )
            .select_from(rows)
            .where(*among, found)
        )

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
