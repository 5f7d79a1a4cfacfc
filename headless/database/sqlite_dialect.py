"""How SQLite says it: expressions, types of columns, the case-folding function, the meaning of errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteDDLCompiler, SQLiteDialect, SQLiteTypeCompiler

from headless import geometry, operators
from headless.database.dialect import (
    Busy,
    Corrupt,
    Failure,
    ForeignKey,
    Full,
    Holds,
    NotNull,
    Step,
    Unique,
    Unstorable,
)
from headless.database.words import Word, checked_path
from headless.lexical.blocks import FIELDS, TYPES
from headless.lexical.plain import JOINED

FOLD: Final = "headless_fold"
DISTANCE: Final = "headless_distance"
INSIDE: Final = "headless_inside"

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class JsonPath(Word):
    """A path made of names from a declaration."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__("$" + "".join(f'."{segment}"' for segment in checked_path(path)))


_OBJECT, _ARRAY, _NOTHING = Word("object"), Word("array"), Word("[]")
_KINDS: Final = {"text": ("text",), "number": ("integer", "real"), "flag": ("true", "false")}


class _Compiler(SQLiteCompiler):
    def limit_clause(self, select: Any, **options: Any) -> str:
        limit, offset = select._limit_clause, select._offset_clause
        text = "\n LIMIT " + ("-1" if limit is None else self.process(limit, **options))
        return text if offset is None else f"{text} OFFSET {self.process(offset, **options)}"


class _TypeCompiler(SQLiteTypeCompiler):
    # A column declared JSON has numeric affinity: the text "1" would come back as the number 1.
    def visit_JSON(self, type_: Any, **options: Any) -> str:  # noqa: N802
        return "TEXT"


class _DDLCompiler(SQLiteDDLCompiler):
    """Writes a foreign key with its column, so that it is added and dropped with it."""

    def get_column_specification(self, column: sa.Column[Any], **options: Any) -> str:
        text = str(super().get_column_specification(column, **options))  # type: ignore[no-untyped-call]
        for key in column.foreign_keys:
            target = key.column
            text += f" REFERENCES {self.preparer.format_table(target.table)} ({self.preparer.format_column(target)})"
            text += f" ON DELETE {key.ondelete}" if key.ondelete else ""
        return text


class SQLAlchemyDialect(SQLiteDialect):
    statement_compiler = _Compiler
    ddl_compiler = _DDLCompiler
    type_compiler_cls = _TypeCompiler
    supports_statement_cache = False


SQLALCHEMY: Final[sa.Dialect] = SQLAlchemyDialect(paramstyle="qmark")


class SQLite:
    """The dialect of SQLite 3.38 and later, with NULL first in ascending order as SQLite has it."""

    name: Final = "sqlite"
    sqlalchemy: Final[sa.Dialect] = SQLALCHEMY

    def json_value(
        self, column: sa.ColumnElement[Any], path: Sequence[str], type_: sa.types.TypeEngine[Any] | None = None
    ) -> sa.ColumnElement[Any]:
        return sa.func.json_extract(column, JsonPath(path)) if path else column

    def json_part(self, column: sa.ColumnElement[Any], path: Sequence[str]) -> sa.ColumnElement[Any]:
        return column.op("->")(JsonPath(path))

    def json_inside(
        self, json: sa.ColumnElement[Any], steps: Sequence[Step], holds: Holds | None
    ) -> sa.ColumnElement[Any]:
        value: sa.ColumnElement[Any] = json
        type_: sa.ColumnElement[Any] = sa.func.json_type(json)
        tables: list[sa.TableValuedAlias] = []
        wanted: list[sa.ColumnElement[Any]] = []
        for may_be_place, key in steps:
            if may_be_place:
                around = sa.case((type_.in_([_OBJECT, _ARRAY]), value), else_=_NOTHING)
            else:
                one = sa.func.json_array(sa.func.json(value))
                objects = _each(sa.case((type_ == _ARRAY, value), (type_ == _OBJECT, one), else_=_NOTHING))
                tables.append(objects)
                around = sa.case((objects.c.type == _OBJECT, objects.c.value), else_=Word("{}"))
            member = _each(around)
            tables.append(member)
            wanted.append((sa.cast(member.c.key, sa.Text()) if may_be_place else member.c.key) == key)
            value, type_ = member.c.value, member.c.type
        if holds is None:
            wanted.append(type_ != Word("null"))
        else:
            # A single value is the one row of itself, a list has a row for each element.
            single = _each(around, sa.case((type_ != _OBJECT, member.c.fullkey)))
            tables.append(single)
            kinds = {kind: single.c.type.in_([Word(name) for name in names]) for kind, names in _KINDS.items()}
            wanted.append(holds(dict.fromkeys(kinds, single.c.value), kinds))
        return sa.exists(sa.select(sa.literal_column("1")).select_from(*tables).where(*wanted))

    def json_rows(self, column: sa.ColumnElement[Any], name: str | None = None) -> sa.TableValuedAlias:
        return sa.func.json_each(column).table_valued("key", "value", "type", name=name)

    def json_blocks(self, column: sa.ColumnElement[Any]) -> tuple[sa.TableValuedAlias, sa.ColumnElement[bool] | None]:
        valid = _readable(column)
        tree = sa.func.json_tree(valid).table_valued("key", "value", "type", "path")
        path = tree.c.path
        steps = sa.func.replace(sa.func.replace(path, Word(".children["), Word("")), Word("]"), Word(""))
        type_ = sa.func.json_extract(valid, path.op("||")(Word(".type")))
        is_block = sa.and_(
            tree.c.key == Word(FIELDS),
            tree.c.type == _OBJECT,
            path.like(Word("$.root.children[%")),
            sa.func.rtrim(steps, Word("0123456789")) == Word("$.root"),
            type_.in_([Word(name) for name in TYPES]),
        )
        return tree, is_block

    def in_list(self, column: sa.ColumnElement[Any], parameter: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        return column.in_(sa.select(sa.func.json_each(parameter).table_valued("value").c.value))

    def ordered(self, value: sa.ColumnElement[Any], *, descending: bool) -> sa.ColumnElement[Any]:
        return value.desc() if descending else value.asc()

    def comparable(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return value

    def fold(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.Function(FOLD, column, type_=sa.Text())

    def insert_new(self, table: sa.Table, row: Mapping[str, sa.BindParameter[Any]]) -> sa.Insert:
        return insert(table).values(row).on_conflict_do_nothing()

    def written(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        parts = sa.func.json_tree(_readable(column)).table_valued("key", "value", "type", "path")
        goes_on = parts.c.value.in_([Word(name) for name in JOINED])
        said = sa.case((parts.c.key == Word("text"), parts.c.value), (~goes_on, Word("\n")))
        found = sa.select(sa.func.group_concat(said, Word(""))).select_from(parts)
        is_part = sa.and_(parts.c.key.in_([Word("text"), Word("type")]), parts.c.type == Word("text"))
        around = parts.c.path.op("||")(Word("."))
        for deeper in (f".{FIELDS}.", f".{FIELDS}["):
            is_part = sa.and_(is_part, sa.func.instr(around, Word(deeper)) == sa.literal_column("0"))
        return found.where(is_part).scalar_subquery()

    def distance(self, column: sa.ColumnElement[Any], point: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        return sa.Function(DISTANCE, column, point, type_=sa.Double())

    def inside(
        self, column: sa.ColumnElement[Any], polygons: sa.BindParameter[Any], edges: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        return sa.Function(INSIDE, column, polygons, edges, type_=sa.Integer())

    def encode_list(self, values: Iterable[Any]) -> str:
        return orjson.dumps(list(values)).decode()

    def classify(self, error: BaseException) -> Failure | None:
        if isinstance(error, OverflowError | UnicodeError):
            return Unstorable()
        if not isinstance(error, sqlite3.Error):
            return None
        if isinstance(error, sqlite3.IntegrityError):
            return _constraint(str(error))
        if str(error).startswith("Error binding parameter"):
            return Unstorable()
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return Busy()
        if code in _FULL:
            return Full()
        return Corrupt() if code in _CORRUPT else None


SQLITE: Final = SQLite()


def _readable(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The JSON of a rich text. A text that stands in its place is read by json_extract without its quotes."""
    return sa.case((sa.func.json_valid(column), column))


def _each(*arguments: sa.ColumnElement[Any]) -> sa.TableValuedAlias:
    return sa.func.json_each(*arguments).table_valued("key", "value", "type", "fullkey")


def fold(value: Any) -> Any:
    """`headless_fold` on every connection: `str.lower`, numbers as text."""
    if type(value) is str:
        return value.lower()
    return None if value is None else operators.fold(value)


def distance(point: str | None, other: str) -> float | None:
    """`headless_distance`: metres between two points given as JSON."""
    return None if point is None else geometry.distance(orjson.loads(point), _decoded(other))


def inside(point: str | None, polygons: str, edges: int) -> int | None:
    """`headless_inside`: whether a point lies in polygons, both given as JSON."""
    return None if point is None else geometry.is_inside(orjson.loads(point), _decoded(polygons), edges=bool(edges))


_decoded = lru_cache(maxsize=64)(orjson.loads)
"""What a statement compares every row with is decoded once."""


def add_functions(connection: sqlite3.Connection) -> None:
    """The functions that the platform's statements call, on a new connection."""
    for name, function in ((FOLD, fold), (DISTANCE, distance), (INSIDE, inside)):
        arguments = function.__code__.co_argcount
        connection.create_function(name, arguments, function, deterministic=True)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection is in the way for now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def is_interrupted(error: sqlite3.Error) -> bool:
    """Whether the statement was stopped by a progress handler or by `interrupt`."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT


def _constraint(message: str) -> Failure | None:
    kind, _, subject = message.partition(" constraint failed")
    subject = subject.removeprefix(": ")
    if kind == "FOREIGN KEY":
        return ForeignKey()
    if kind == "UNIQUE" and subject.startswith("index "):
        return Unique(index=subject.removeprefix("index ").strip("'"))
    if kind == "UNIQUE":
        pairs = [name.split(".", 1) for name in subject.split(", ")]
        return Unique(table=pairs[0][0], columns=tuple(pair[-1] for pair in pairs))
    if kind == "NOT NULL":
        table, _, column = subject.partition(".")
        return NotNull(table, column)
    return None
