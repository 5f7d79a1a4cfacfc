"""What tables, columns and indexes a database has, asked of its own catalog."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from headless.database.schema.state import Column, Key

_SPACE: Final = re.compile(r"\s+")
_TEXTS: Final[dict[str, WeakKeyDictionary[sa.Index, str]]] = {}
"""The SQL of the indexes that were declared, by kind of database."""
_COLLATION: Final = re.compile(r' COLLATE "?\w+"?', re.ASCII)


class Shape(NamedTuple):
    """What a column is: its type in the database's words, whether it must have a value, whether it is the key."""

    type: str
    required: bool
    key: bool
    references: tuple[Key, ...]

    def __str__(self) -> str:
        parts = [self.type.lower() or "of no type"]
        parts += ["required"] * self.required + ["the primary key"] * self.key
        parts += [f"a reference to {table} (on delete {action.lower()})" for table, _, action in self.references]
        return ", ".join(parts)


class Catalog(ABC):
    """The catalog of a connection's database."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self._texts = _TEXTS.setdefault(self.dialect.name, WeakKeyDictionary())

    @abstractmethod
    def tables(self) -> set[str]:
        """The names of the tables there are."""

    @abstractmethod
    def columns(self, table: str) -> dict[str, Shape]:
        """The columns of a table; none when there is no such table."""

    @abstractmethod
    def indexes(self, table: str) -> dict[str, str]:
        """The indexes of a table by name, each with the SQL it was made by; constraints are not among them."""

    @abstractmethod
    def counts(self, table: str) -> bool:
        """Whether the database makes the table's keys, and never the same again."""

    refers_at_once: ClassVar[bool]
    """Whether a column is made with its reference, which cannot be added later."""
    placeholders: ClassVar[tuple[str, str]]
    """How the driver writes the first and the second value of a statement."""

    @abstractmethod
    def reference_sql(self, table: str, column: str, key: Key) -> tuple[str, ...]:
        """The statements that make a column refer, once its target is there; none where it was made so."""

    @abstractmethod
    def lock(self) -> None:
        """Waits until no other process changes the schema, and keeps them from it until the transaction ends."""

    @abstractmethod
    def index_sql(self, index: sa.Index) -> tuple[str, ...]:
        """The statements that make an index, and make `indexes` answer `index_text` for it."""

    def shape_of(self, column: Column) -> Shape:
        """What a column is in this database."""
        type_ = _COLLATION.sub("", column.engine_type().compile(dialect=self.dialect)).upper()
        # SQLite calls a primary key nullable unless it is told otherwise; SQLAlchemy never does.
        references = (column.references,) if column.references else ()
        return Shape(type_, column.required and not column.key, column.key, references)

    def indexes_with(self, table: str, column: str) -> dict[str, str]:
        """The indexes of a table that a column stands in, also inside an expression or a condition."""
        mention = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)")
        return {name: sql for name, sql in self.indexes(table).items() if mention.search(sql.partition(" ON ")[2])}

    def index_text(self, index: sa.Index) -> str:
        """The SQL of an index, as it is compared."""
        known = self._texts.get(index)
        if known is None:
            known = self._texts[index] = _normal(str(CreateIndex(index).compile(dialect=self.dialect)))
        return known

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return '"' + name.replace('"', '""') + '"'


class SQLiteCatalog(Catalog):
    """SQLite keeps the SQL of tables and indexes as it was written."""

    refers_at_once = True
    placeholders = ("?", "?")

    def tables(self) -> set[str]:
        return {name for (name,) in self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, table: str) -> dict[str, Shape]:
        references: dict[str, list[Key]] = {}
        for row in self._rows('SELECT "from", "table", "to", on_delete FROM pragma_foreign_key_list(?)', table):
            references.setdefault(row[0], []).append((row[1], row[2] or "id", row[3].upper()))
        return {
            name: Shape(type_.upper(), bool(not_null and not key), bool(key), tuple(sorted(references.get(name, ()))))
            for name, type_, not_null, key in self._rows(
                'SELECT name, type, "notnull", pk FROM pragma_table_info(?)', table
            )
        }

    def indexes(self, table: str) -> dict[str, str]:
        rows = self._rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", table
        )
        return {name: _normal(sql) for name, sql in rows}

    def counts(self, table: str) -> bool:
        ((sql,),) = self._rows("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", table)
        return "AUTOINCREMENT" in sql.upper()

    def reference_sql(self, table: str, column: str, key: Key) -> tuple[str, ...]:
        return ()

    def lock(self) -> None:
        """The transaction was begun as a writer's, of which there is one."""

    def index_sql(self, index: sa.Index) -> tuple[str, ...]:
        return (self.index_text(index),)

    def _rows(self, sql: str, *values: str) -> Iterator[Any]:
        return iter(self.connection.exec_driver_sql(sql, values).fetchall())


class PostgreSQLCatalog(Catalog):
    """PostgreSQL rewrites the SQL of an index, so what it was made by is kept as its comment."""

    refers_at_once = False
    placeholders = ("$1", "$2")

    def tables(self) -> set[str]:
        return {str(name) for (name,) in self._rows(_TABLES)}

    def columns(self, table: str) -> dict[str, Shape]:
        references: dict[str, list[Key]] = {}
        for name, target, column, action in self._rows(_REFERENCES, table=table):
            references.setdefault(name, []).append((target, column, _ACTIONS[action]))
        return {
            name: Shape(type_.upper(), bool(not_null and not key), bool(key), tuple(sorted(references.get(name, ()))))
            for name, type_, not_null, key in self._rows(_COLUMNS, table=table)
        }

    def indexes(self, table: str) -> dict[str, str]:
        return {name: _normal(text or "") for name, text in self._rows(_INDEXES, table=table)}

    def counts(self, table: str) -> bool:
        return bool(list(self._rows(_COUNTED, table=table)))

    def reference_sql(self, table: str, column: str, key: Key) -> tuple[str, ...]:
        target, name, action = key
        own = f"ALTER TABLE {self.quoted(table)} ADD FOREIGN KEY ({self.quoted(column)})"
        return (f"{own} REFERENCES {self.quoted(target)} ({self.quoted(name)}) ON DELETE {action}",)

    def lock(self) -> None:
        self.connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtext('headless schema ' || current_schema()))")
        )

    def index_sql(self, index: sa.Index) -> tuple[str, ...]:
        text = self.index_text(index)
        comment = text.replace("'", "''")
        return text, f"COMMENT ON INDEX {self.quoted(str(index.name))} IS '{comment}'"

    def _rows(self, sql: str, **values: str) -> Iterator[Any]:
        return iter(self.connection.execute(sa.text(sql), values).fetchall())


_ACTIONS: Final = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_TABLES: Final = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = CAST(current_schema() AS regnamespace)"""
_COLUMNS: Final = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(a.attnum = ANY (k.conkey), false)
FROM pg_attribute a
LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
WHERE a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(:table))
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_REFERENCES: Final = """
SELECT a.attname, f.relname, b.attname, CAST(k.confdeltype AS text)
FROM pg_constraint k
JOIN pg_class f ON f.oid = k.confrelid
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
WHERE k.conrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(:table)) AND k.contype = 'f'"""
_INDEXES: Final = """
SELECT c.relname, obj_description(c.oid, 'pg_class')
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(:table)) AND i.indisvalid
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))"""
_COUNTED: Final = """
SELECT 1 FROM pg_constraint k
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.conrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(:table)) AND k.contype = 'p'
AND (a.attidentity <> '' OR pg_get_serial_sequence(quote_ident(:table), a.attname) IS NOT NULL)"""

_CATALOGS: Final[dict[str, type[Catalog]]] = {"sqlite": SQLiteCatalog, "postgresql": PostgreSQLCatalog}


def catalog_of(connection: sa.Connection) -> Catalog:
    """The catalog that a connection sees."""
    return _CATALOGS[connection.dialect.name](connection)


def _normal(sql: str) -> str:
    return _SPACE.sub(" ", sql).strip()
