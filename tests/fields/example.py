"""One field of each type, declared as shortly as the type allows, in each role that its storage knows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import sqlalchemy as sa

from headless import Collection, Config, fields
from headless.compile.collection import CompiledCollection
from headless.compile.reader import Reader
from headless.compile.tables import build_versions
from headless.database.dialect import Dialect
from headless.database.postgresql.dialect import POSTGRESQL
from headless.database.sqlite_dialect import SQLITE, add_functions
from headless.database.statements import Statement, compile_statement
from headless.fields import DataField, Field, registry
from headless.query.binding import bind_where
from headless.query.conditions import Condition
from headless.query.statements import Building, TableScope
from tests.postgres import Connected

INNER = "A quiet launch"
OTHER_INNER = "Ein zweiter"
NEEDS: Mapping[str, dict[str, Any]] = {
    "array": {"fields": [fields.Text("inner")]},
    "blocks": {
        "blocks": [
            fields.Block("quote", fields=[fields.Text("inner")]),
            fields.Block("figure", fields=[fields.Number("size"), fields.Text("inner")]),
        ]
    },
    "collapsible": {"label": "More", "fields": [fields.Text("inner")]},
    "group": {"fields": [fields.Text("inner")]},
    "join": {"collection": "targets", "on": "thing"},
    "radio": {"options": ["wide", "narrow"]},
    "upload": {"relation_to": "targets"},
    "relationship": {"relation_to": "targets"},
    "row": {"fields": [fields.Text("inner")]},
    "select": {"options": ["new", "old"]},
    "slug": {"use_as_slug": None, "required": False, "unique": False, "index": False},
    "tabs": {"tabs": [fields.Tab(label="First", fields=[fields.Text("inner")])]},
}
"""What a type cannot be declared without."""
OTHER: Mapping[str, Any] = {
    "array": [{"id": "a", "inner": OTHER_INNER}, {"id": "b", "inner": INNER}],
    "blocks": [
        {"id": "a", "size": 3, "inner": OTHER_INNER, "blockName": "The second", "blockType": "figure"},
        {"id": "b", "inner": INNER, "blockName": None, "blockType": "quote"},
    ],
    "checkbox": False,
    "date": "1999-12-31T23:59:59.999Z",
    "email": "grace@example.org",
    "group": {"inner": OTHER_INNER},
    "json": [1, "two", None],
    "number": -3,
    "point": [-0.1275, 51.507222],
    "upload": 2,
    "radio": "narrow",
    "relationship": 2,
    "rich_text": {
        "root": {
            "type": "root",
            "children": [
                {
                    "type": "paragraph",
                    "children": [
                        {"type": "text", "text": "Ein zweiter", "format": 1},
                        {"type": "text", "text": "Absatz"},
                    ],
                }
            ],
        }
    },
    "select": "old",
    "slug": "ein-zweiter",
}
"""A second value of each type, where a text does not do."""
_AROUND_THE_EXAMPLE = [[[10, -5], [15, -5], [15, 0], [10, 0], [10, -5]]]
ASKED_OF: Mapping[str, list[Any]] = {
    "near": ["12.5,-3.25", "12,-3,100000", "12,-3,100000,90000", [0, 0]],
    "within": [{"type": "Polygon", "coordinates": _AROUND_THE_EXAMPLE}],
    "intersects": [{"type": "MultiPolygon", "coordinates": [_AROUND_THE_EXAMPLE]}],
}
"""What operators are asked with that take something else than a value of the field."""
ASKED: Mapping[str, list[Any]] = {"rich_text": ["quiet Launch", "zweiterabs", "launch\nein", "%", "nowhere"]}
"""What queries of a type ask for, where that is not one of its values."""
LAYOUTS = ("collapsible", "row", "tabs")
"""Types that only arrange what is in them."""
NOTHING = ("join", "ui")
"""Types that keep nothing, nor anything in them."""
ROLES = ("plain", "localized", "version")


def declare(type_: str, **options: Any) -> Field:
    """A field of the type called `value`; one that only arranges holds a text called `inner`."""
    given = {**NEEDS.get(type_, {}), **options}
    made: Field = registry[type_](**given) if type_ in LAYOUTS else registry[type_]("value", **given)
    return made


def data_field(type_: str, **options: Any) -> DataField:
    """The field that holds the value."""
    made = declare(type_, **options)
    return made if isinstance(made, DataField) else fields.Text("inner")


def example(type_: str) -> dict[str, Any]:
    """The document that holds the type's own example."""
    made = declare(type_)
    return {"value": made.example} if isinstance(made, DataField) else {"inner": INNER}


def other(type_: str) -> dict[str, Any]:
    """A document with another value."""
    return {"inner": OTHER_INNER} if type_ in LAYOUTS else {"value": OTHER.get(type_, OTHER_INNER)}


class Everything:
    """An access object that opens everything."""

    def __init__(self, collections: Mapping[str, CompiledCollection]) -> None:
        self._collections = collections

    async def reads(self, slug: str) -> bool:
        return True

    async def opens(self, collection: CompiledCollection, node: Any) -> bool:
        return True

    def collection(self, slug: str) -> CompiledCollection:
        return self._collections[slug]


class Store(Protocol):
    """A database that the platform's statements run on by themselves."""

    dialect: Dialect

    def create(self, table: sa.Table) -> None:
        """Makes an empty table."""

    def run(self, statement: Statement, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a statement."""


class SQLiteStore:
    """A private database."""

    dialect: Dialect = SQLITE

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        add_functions(self._connection)

    def create(self, table: sa.Table) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS {table.name}")
        self._connection.execute(str(sa.schema.CreateTable(table).compile(dialect=self.dialect.sqlalchemy)))

    def run(self, statement: Statement, values: Sequence[Any] = ()) -> list[Any]:
        bound = values if statement.bind is None else statement.bind(values)
        return self._connection.execute(statement.sql, bound).fetchall()


class PostgreSQLStore:
    """Temporary tables of a database on a server."""

    dialect: Dialect = POSTGRESQL

    def __init__(self, connected: Connected) -> None:
        self._connected = connected

    def create(self, table: sa.Table) -> None:
        self._connected.execute(f"DROP TABLE IF EXISTS {table.name}")
        made = sa.schema.CreateTable(table, include_foreign_key_constraints=())
        self._connected.execute(str(made.compile(dialect=self.dialect.sqlalchemy)).replace("TABLE", "TEMP TABLE", 1))

    def run(self, statement: Statement, values: Sequence[Any] = ()) -> list[Any]:
        return self._connected.run(statement, values)


@dataclass
class Shelf:
    """A table for documents with one field, in one role."""

    type: str
    role: str
    store: Store = field(default_factory=SQLiteStore)
    collection: CompiledCollection = field(init=False)
    table: sa.FromClause = field(init=False)

    def __post_init__(self) -> None:
        locales = ("en", "de") if self.role == "localized" else ()
        options = {"localized": True} if self.role == "localized" and self.type not in LAYOUTS else {}
        declared = Collection("things", fields=[declare(self.type, **options)], timestamps=False)
        self.collection = CompiledCollection(declared, Config(), locales=locales)
        self._collections = {
            "things": self.collection,
            "targets": CompiledCollection(Collection("targets", fields=[]), Config()),
        }
        metadata = sa.MetaData()
        for collection in self._collections.values():
            collection.build(metadata, self._id_type)
        self._stored = self.collection.table
        self.table = self._stored
        if self.role == "version":
            self._stored = build_versions(metadata, declared, self.collection.plan, self._id_type)
            columns = [self._stored.c[name] for name in self.collection.row_writer.names]
            self.table = sa.select(self._stored.c.parent.label("id"), *columns).subquery()
        self.store.create(self._stored)

    def _id_type(self, slug: str) -> sa.types.TypeEngine[Any]:
        return self._collections[slug].ids.column

    def write(self, id: int, document: Mapping[str, Any]) -> None:
        """Stores a document; in the localized role as the English one, beside a German one that is empty."""
        if self.role == "localized" and self.type not in LAYOUTS:
            document = {key: self._in_english(value) for key, value in document.items()}
        key = "parent" if self.role == "version" else "id"
        names = [key, *self.collection.row_writer.names]
        query = sa.insert(self._stored).values({name: sa.bindparam(name) for name in names})
        statement = self._compile(query, names)
        self.store.run(statement, (id, *self.collection.row_writer.values(document)))

    def _in_english(self, value: Any) -> Any:
        """A group has no column of its own: its leaves are kept by locale."""
        return {key: {"en": inner} for key, inner in value.items()} if self.type == "group" else {"en": value}

    def read(self, id: int, locale: str = "en") -> dict[str, Any]:
        """The document, without its id."""
        reader = Reader(
            cast("sa.Table", self.table), self.collection.plan, locale=locale if self.role == "localized" else None
        )
        query = sa.select(*reader.columns).where(self.table.c.id == sa.bindparam("id"))
        (row,) = self.store.run(self._compile(query, ["id"]), (id,))
        document = reader.read_one(row)
        assert document.pop("id") == id
        return document

    def bind(self, where: Mapping[str, Any]) -> Condition:
        """The bound condition."""
        return asyncio.run(bind_where(where, self.collection, Everything(self._collections)))

    def statement(self, condition: Condition) -> Statement:
        """The statement that finds the ids of what fulfils a condition."""
        building = Building(cast("Any", self.store), self._collections.__getitem__)
        scope = TableScope(building, self.collection, self.table, "en" if self.role == "localized" else None)
        query = sa.select(self.table.c.id).where(condition.sql(scope))
        return self._compile(query, building.names)

    def find(self, condition: Condition) -> set[int]:
        """The ids of what fulfils a condition, by SQL."""
        return {row[0] for row in self.store.run(self.statement(condition), tuple(condition.values()))}

    def _compile(self, clause: sa.ClauseElement, names: Sequence[str]) -> Statement:
        return compile_statement(clause, names, dialect=self.store.dialect.sqlalchemy)
