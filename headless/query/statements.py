"""Statements for bound queries: built as expression trees once a shape, compiled, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import sqlalchemy as sa

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.compile.reader import Reader
from headless.compile.references import reference_column
from headless.database import Database, Statement
from headless.fields.base import JSON_TEXT
from headless.operators import Expression, equals
from headless.query.binding import ID
from headless.query.conditions import ALWAYS, Comparison, Condition, Scope
from headless.query.sorting import Sort, SortKey


def whole(node: Node) -> sa.types.TypeEngine[Any]:
    """The type of the node's value: of a list not that of its elements."""
    return JSON_TEXT if node.field.has_list else node.type


class Building:
    """Hands out parameters while one statement is built."""

    def __init__(self, database: Database, collections: Callable[[str], CompiledCollection]) -> None:
        self.dialect: Any = database.dialect
        self.collections = collections
        self.names: list[str] = []
        self.risky = False

    def parameter(self) -> sa.BindParameter[Any]:
        name = f"p{len(self.names)}"
        self.names.append(name)
        return sa.bindparam(name)


class TableScope:
    """The columns of a collection's table."""

    def __init__(
        self, building: Building, collection: CompiledCollection, table: sa.FromClause, locale: str | None = None
    ) -> None:
        self._building = building
        self._collection = collection
        self._table = table
        self._locale = locale

    @property
    def dialect(self) -> Any:
        return self._building.dialect

    def parameter(self) -> sa.BindParameter[Any]:
        return self._building.parameter()

    def is_risky(self) -> None:
        self._building.risky = True

    def value(self, node: Node) -> Expression:
        column: Expression = self._table.c[str(node.column)]
        if not (node.localized and self._locale):
            return column
        return self.dialect.json_value(column, [self._locale], whole(node))  # type: ignore[no-any-return]

    def json(self, node: Node) -> Expression:
        column: Expression = self._table.c[str(node.column)]
        return self.dialect.json_part(column, [self._locale]) if node.localized and self._locale else column

    def under(self, node: Node, keys: Sequence[str], value: Expression) -> Expression:
        type_ = self._id_type(node) if tuple(keys) == ("value",) else sa.Text()
        return self.dialect.json_value(value, list(keys), type_)  # type: ignore[no-any-return]

    def _id_type(self, node: Node) -> sa.types.TypeEngine[Any]:
        """The type of the ids that a value may have in it: JSON, where they are not all alike."""
        ids = [self._building.collections(slug).ids for slug in node.slugs]
        return ids[0].column if len({each.kind for each in ids}) == 1 else JSON_TEXT

    def elements(self, node: Node, condition: Callable[[Scope, Expression], Expression]) -> Expression:
        self.is_risky()
        inner: Scope = self
        if node.plans:
            rows, is_part = node.contains.part_rows(self.dialect, self.value(node))
            value, inner = rows.c.value, RowScope(self, rows.c.value)
        else:
            rows, is_part = self.dialect.json_rows(self.value(node)), None
            value = self.dialect.json_value(rows.c.value, [], node.type)
        wanted = [each for each in (is_part, condition(inner, value)) if each is not None]
        return sa.exists(sa.select(sa.literal_column("1")).select_from(rows).where(*wanted))

    def referring(self, slug: str, path: Expression, condition: Callable[[Expression], Expression]) -> Expression:
        references = self._collection.references_table
        assert references is not None
        made = references.alias()
        found = sa.select(made.c.source).where(made.c.path == path, condition(made.c[reference_column(slug)]))
        return self._table.c.id.in_(found)

    def referred_by(self, slug: str, on: Node, condition: Condition) -> Expression:
        target = self._building.collections(slug)
        table = target.table.alias()
        scope = TableScope(self._building, target, table, self._locale)
        if on.is_foreign_key:
            column = table.c[str(on.column)]
            found = sa.select(column).where(column.is_not(None), condition.sql(scope))
        else:
            assert target.references_table is not None
            references = target.references_table.alias()
            column = references.c[reference_column(self._collection.slug)]
            there = sa.and_(references.c.path == self.parameter(), column.is_not(None))
            matching = sa.select(table.c.id).where(condition.sql(scope))
            found = sa.select(column).where(there, references.c.source.in_(matching))
        return self._table.c.id.in_(found)

    def kept(self, column: str, condition: Callable[[Expression], Expression]) -> Expression:
        values = self._collection.values_table
        assert values is not None
        made = values.alias()
        return self._table.c.id.in_(sa.select(made.c.source).where(condition(made.c[column])))

    def sorted_by(self, key: SortKey) -> Expression:
        """The value a sort key orders by: through relations a subquery, of rows the first row's."""
        if key.through:
            (reference, slug), *rest = key.through
            target = self._building.collections(slug)
            table = target.table.alias()
            inner = TableScope(self._building, target, table, self._locale)
            value = inner.sorted_by(SortKey(key.node, key.descending, tuple(rest)))
            return sa.select(value).where(table.c.id == self.value(reference)).scalar_subquery()
        array = key.node.rows
        if array is None:
            return self.value(key.node)
        rows = self.dialect.json_rows(self.value(array))
        value = self.dialect.json_value(rows.c.value, list(key.node.keys), whole(key.node))
        return sa.select(value).select_from(rows).order_by(rows.c.key).limit(sa.literal_column("1")).scalar_subquery()

    def related(self, slug: str, condition: Condition, target: Expression) -> Expression:
        collection = self._building.collections(slug)
        table = collection.table.alias()
        scope = TableScope(self._building, collection, table, self._locale)
        return target.in_(sa.select(table.c.id).where(condition.sql(scope)))


class RowScope(TableScope):
    """The values inside one row of an array."""

    def __init__(self, outer: TableScope, row: Expression) -> None:
        super().__init__(outer._building, outer._collection, outer._table, outer._locale)
        self._row = row

    def value(self, node: Node) -> Expression:
        return self.dialect.json_value(self._row, list(node.keys), whole(node))  # type: ignore[no-any-return]

    def json(self, node: Node) -> Expression:
        return self.dialect.json_part(self._row, list(node.keys))  # type: ignore[no-any-return]


class Statements:
    """Makes and remembers the statements of queries on one database."""

    def __init__(self, database: Database, collections: Callable[[str], CompiledCollection]) -> None:
        self._database = database
        self._collections = collections

    def find(
        self,
        collection: CompiledCollection,
        reader: Reader,
        where: Condition,
        sort: Sort | None,
        *,
        limited: bool,
        revision: bool = False,
        held: bool = False,
    ) -> Statement:
        """SELECT the reader's columns; the values are the where's, then limit and offset when `limited`.

        With `held` nobody else changes the rows before the transaction ends in which they are read.
        """
        key = (
            "find",
            collection.slug,
            id(reader),
            where.shape,
            None if sort is None else sort.shape,
            limited,
            revision,
            held,
        )
        return self._remembered(key, lambda: self._find(collection, reader, where, sort, limited, revision, held))

    def _find(
        self,
        collection: CompiledCollection,
        reader: Reader,
        where: Condition,
        sort: Sort | None,
        limited: bool,
        revision: bool,
        held: bool = False,
    ) -> Statement:
        building = Building(self._database, self._collections)
        scope = TableScope(building, collection, collection.table)
        columns = [*reader.columns, collection.table.c["_rev"]] if revision else list(reader.columns)
        query = sa.select(*columns)
        if where is not ALWAYS:
            query = query.where(where.sql(scope))
        if sort is not None:
            query = query.order_by(*sort.expressions(scope, collection))
            building.risky = building.risky or (sort.risky(collection) and not _by_id(where))
        if limited:
            query = query.limit(building.parameter()).offset(building.parameter())
        if held:
            query = query.with_for_update(of=collection.table)
        return self._database.compile(query, building.names, risky=building.risky)

    def by_id(self, collection: CompiledCollection, reader: Reader) -> Statement:
        """SELECT the reader's columns of one document; the value is its id."""
        if reader.by_id is None:
            where = Comparison(ID, equals, (0,))
            reader.by_id = self._find(collection, reader, where, None, limited=False, revision=False)
        return reader.by_id

    def count(self, collection: CompiledCollection, where: Condition) -> Statement:
        """SELECT count(*)."""
        return self._remembered(("count", collection.slug, where.shape), lambda: self._count(collection, where))

    def _count(self, collection: CompiledCollection, where: Condition) -> Statement:
        building = Building(self._database, self._collections)
        query = sa.select(sa.func.count()).select_from(collection.table)
        if where is not ALWAYS:
            query = query.where(where.sql(TableScope(building, collection, collection.table)))
        return self._database.compile(query, building.names, risky=building.risky)

    def distinct(
        self, collection: CompiledCollection, node: Node, where: Condition, *, descending: bool = False
    ) -> Statement:
        """SELECT DISTINCT a field's values, of lists the elements, in order; values: the where's, limit and offset."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            source, value = _values(building, collection, node)
            found = where.sql(TableScope(building, collection, collection.table))
            query = sa.select(value).select_from(source).where(found, value.is_not(None)).distinct()
            query = query.order_by(building.dialect.ordered(value, descending=descending))
            query = query.limit(building.parameter()).offset(building.parameter())
            return self._database.compile(query, building.names, risky=True)

        return self._remembered(("distinct", collection.slug, node.path, where.shape, descending), make)

    def count_distinct(self, collection: CompiledCollection, node: Node, where: Condition) -> Statement:
        """SELECT count(DISTINCT …) of a field's values."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            source, value = _values(building, collection, node)
            found = where.sql(TableScope(building, collection, collection.table))
            query = sa.select(sa.func.count(sa.distinct(value))).select_from(source).where(found)
            return self._database.compile(query, building.names, risky=True)

        return self._remembered(("count distinct", collection.slug, node.path, where.shape), make)

    def insert(self, collection: CompiledCollection, names: Sequence[str]) -> Statement:
        """INSERT one row of the named columns; the answer is its id."""

        def make() -> Statement:
            columns: dict[str, sa.BindParameter[Any]] = {
                name: sa.bindparam(f"p{place}") for place, name in enumerate(names)
            }
            query = sa.insert(collection.table).values(columns)
            bound = [parameter.key for parameter in columns.values()]
            return self._database.compile_insert(query, collection.table.c.id, bound)

        return self._remembered(("insert", collection.slug, tuple(names)), make)

    def update(
        self, collection: CompiledCollection, names: Sequence[str], where: Condition, *, checked: bool = True
    ) -> Statement:
        """UPDATE the named columns of one document, its revision raised; values: columns, id, revision, the where's."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            table = collection.table
            columns: dict[str, Any] = {name: building.parameter() for name in names}
            query = sa.update(table).where(table.c.id == building.parameter())
            if checked:
                columns["_rev"] = table.c["_rev"] + sa.literal_column("1")
                query = query.where(table.c["_rev"] == building.parameter())
            if where is not ALWAYS:
                query = query.where(where.sql(TableScope(building, collection, table)))
            query = query.values(columns).returning(table.c.id)
            return self._database.compile(query, building.names)

        return self._remembered(("update", collection.slug, tuple(names), where.shape, checked), make)

    def holds(self, collection: CompiledCollection, where: Condition) -> Statement:
        """SELECT the id of one document if the condition holds of it; values: id, revision, the where's."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            table = collection.table
            query = sa.select(table.c.id).where(*_at_revision(table, building))
            query = query.where(where.sql(TableScope(building, collection, table)))
            return self._database.compile(query, building.names)

        return self._remembered(("holds", collection.slug, where.shape), make)

    def delete(self, collection: CompiledCollection) -> Statement:
        """DELETE one document; values: id, revision."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            table = collection.table
            query = sa.delete(table).where(*_at_revision(table, building))
            return self._database.compile(query.returning(table.c.id), building.names)

        return self._remembered(("delete", collection.slug), make)

    def built(self, key: Hashable, build: Callable[[Building], sa.Select[Any]]) -> Statement:
        """A SELECT of the caller's, remembered by a key of its shape."""

        def make() -> Statement:
            building = Building(self._database, self._collections)
            query = build(building)
            return self._database.compile(query, building.names, risky=building.risky)

        return self._remembered(key, make)

    def remembered(self, key: Hashable, make: Callable[[Database], Statement]) -> Statement:
        """Any other statement, remembered by a key of the caller's."""
        return self._remembered(key, lambda: make(self._database))

    def _remembered(self, key: Hashable, make: Callable[[], Statement]) -> Statement:
        statement = self._database.statements.get(key)
        if statement is None:
            statement = make()
            self._database.statements.put(key, statement)
        return statement


def _at_revision(table: sa.Table, building: Building) -> tuple[Expression, Expression]:
    return table.c.id == building.parameter(), table.c["_rev"] == building.parameter()


def _values(building: Building, collection: CompiledCollection, node: Node) -> tuple[sa.FromClause, Expression]:
    """A field's values, as they are told apart, and what they are selected from: of rows and lists, every element."""
    scope = TableScope(building, collection, collection.table)
    source: sa.FromClause = collection.table
    for part in (*(part for part in node.chain[:-1] if not part.flat), node):
        value = scope.value(part)
        if part is not node or node.field.has_list:
            rows = building.dialect.json_rows(value)
            source, scope = sa.join(source, rows, sa.true()), RowScope(scope, rows.c.value)
            value = building.dialect.json_value(rows.c.value, [], part.type)
    return source, building.dialect.comparable(value)


def _by_id(where: Condition) -> bool:
    shape: Any = where.shape
    return isinstance(shape, tuple) and shape[:2] == ("is", ("id",))
