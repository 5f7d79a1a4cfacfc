"""How PostgreSQL says it: expressions over JSON, lists and text, each of a known type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from headless.database.dialect import Failure, Holds, Step
from headless.database.postgresql import functions
from headless.database.postgresql.compiler import SQLALCHEMY, Exact, Many
from headless.database.postgresql.errors import classify
from headless.database.types import OrderedJson
from headless.database.words import Word, checked_path

Expression = sa.ColumnElement[Any]

JSON: Final = sa.JSON()
ORDERED: Final = OrderedJson()
TEXT: Final = sa.Text()
_LIST: Final = Word("array")
_NO_ROWS: Final = Word("[]")
_WHOLE: Final = Word("^-?[0-9]{1,18}$")
_PLACE: Final = Word("^(0|[1-9][0-9]{0,8})$")
_KINDS: Final = {"text": "string", "number": "number", "flag": "boolean"}
_TYPES: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {"text": TEXT, "number": Exact(), "flag": sa.Boolean()}


class PostgreSQL:
    """The dialect of PostgreSQL 15 and later with ICU, of a database in UTF-8."""

    name: Final = "postgresql"
    sqlalchemy: Final[sa.Dialect] = SQLALCHEMY

    def json_value(
        self, column: Expression, path: Sequence[str], type_: sa.types.TypeEngine[Any] | None = None
    ) -> Expression:
        found = self.json_part(column, path) if path else _as_json(column)
        return _typed(found, TEXT if type_ is None else type_.dialect_impl(SQLALCHEMY))

    def json_part(self, column: Expression, path: Sequence[str]) -> Expression:
        found = _as_json(column)
        for key in checked_path(path):
            found = found.op("->", return_type=found.type)(Word(key))
        return found

    def json_inside(self, json: Expression, steps: Sequence[Step], holds: Holds | None) -> Expression:
        value: Expression = sa.cast(json, JSON)
        tables: list[sa.TableValuedAlias] = []
        for may_be_place, key in steps:
            key = _given(key, TEXT)
            tables.append(_row(_member(value, key)) if may_be_place else _unnested(_as_list(value)))
            value = tables[-1].c.value
            if not may_be_place:
                value = value.op("->", return_type=JSON)(key)
        if holds is None:
            found = _kind(value) != Word("null")
        else:
            # A single value is the one row of itself, a list has a row for each element.
            tables.append(_unnested(_as_list(value)))
            single = tables[-1].c.value
            kinds = {kind: _kind(single) == Word(name) for kind, name in _KINDS.items()}
            found = holds({kind: _typed(single, _TYPES[kind]) for kind in kinds}, kinds)
        return sa.exists(sa.select(sa.literal_column("1")).select_from(*tables).where(found))

    def json_rows(self, column: Expression, name: str | None = None) -> sa.TableValuedAlias:
        return _elements(_as_json(column), name)

    def json_blocks(self, column: Expression) -> tuple[sa.TableValuedAlias, sa.ColumnElement[bool] | None]:
        function: sa.Function[Any] = sa.Function(functions.BLOCKS, sa.cast(column, ORDERED))
        return function.table_valued(sa.column("value", ORDERED)).render_derived(), None

    def in_list(self, column: Expression, parameter: sa.BindParameter[Any]) -> Expression:
        if isinstance(column.type.dialect_impl(SQLALCHEMY), sa.JSON):
            items = _elements(_given(parameter, JSON))
            return sa.cast(column, JSON).in_(sa.select(items.c.value))
        return column == sa.any_(_given(parameter, Many(column.type)))

    def ordered(self, value: Expression, *, descending: bool) -> Expression:
        value = self.comparable(value)
        if isinstance(value, sa.Column) and not value.nullable:
            return value.desc() if descending else value.asc()
        return value.desc().nulls_last() if descending else value.asc().nulls_first()

    def comparable(self, value: Expression) -> Expression:
        is_json = isinstance(value.type.dialect_impl(SQLALCHEMY), sa.JSON)
        return _in_order(sa.cast(value, TEXT)) if is_json else value

    def fold(self, column: Expression) -> Expression:
        return sa.Function(functions.FOLD, column, type_=TEXT)

    def insert_new(self, table: sa.Table, row: Mapping[str, sa.BindParameter[Any]]) -> sa.Insert:
        return postgresql.insert(table).values(row).on_conflict_do_nothing()

    def written(self, column: Expression) -> Expression:
        return sa.Function(functions.WRITTEN, sa.cast(column, ORDERED), type_=TEXT)

    def distance(self, column: Expression, point: sa.BindParameter[Any]) -> Expression:
        return sa.Function(functions.DISTANCE, column, _given(point, JSON), type_=sa.Double())

    def inside(self, column: Expression, polygons: sa.BindParameter[Any], edges: Expression) -> Expression:
        return sa.Function(functions.INSIDE, column, _given(polygons, JSON), edges, type_=sa.Integer())

    def encode_list(self, values: Iterable[Any]) -> str:
        return orjson.dumps(list(values)).decode()

    def classify(self, error: BaseException) -> Failure | None:
        return classify(error)


POSTGRESQL: Final = PostgreSQL()


def _given(parameter: sa.BindParameter[Any], type_: sa.types.TypeEngine[Any]) -> sa.BindParameter[Any]:
    """The parameter, of a type that the driver can tell."""
    return sa.bindparam(parameter.key, type_=type_)


def _as_json(column: Expression) -> Expression:
    return column if isinstance(column.type.dialect_impl(SQLALCHEMY), sa.JSON) else sa.type_coerce(column, JSON)


def _is_ordered(json: Expression) -> bool:
    return isinstance(json.type, OrderedJson)


def _kind(json: Expression) -> Expression:
    """`text` is called `string`, and `flag` `boolean`; NULL where there is nothing."""
    return sa.Function("json_typeof" if _is_ordered(json) else "jsonb_typeof", json, type_=TEXT)


def _elements(json: Expression, name: str | None = None) -> sa.TableValuedAlias:
    """The elements of a list as rows; nothing else has any."""
    return _unnested(sa.case((_kind(json) == _LIST, json), else_=sa.cast(_NO_ROWS, json.type)), name)


def _unnested(rows: Expression, name: str | None = None) -> sa.TableValuedAlias:
    kind = "json" if _is_ordered(rows) else "jsonb"
    function: sa.Function[Any] = sa.Function(f"{kind}_array_elements", rows)
    return function.table_valued(sa.column("value", rows.type), with_ordinality="key", name=name).render_derived()


def _as_list(json: Expression) -> Expression:
    return sa.case((_kind(json) == _LIST, json), else_=sa.func.jsonb_build_array(json, type_=JSON))


def _row(json: Expression) -> sa.TableValuedAlias:
    """A row of one value, that what follows need not repeat how it is come by."""
    return _unnested(sa.func.jsonb_build_array(json, type_=JSON))


def _member(json: Expression, key: Expression) -> Expression:
    """What an object has under a key, or a list at the place that the key spells."""
    can = sa.or_(_kind(json) == Word("object"), key.op("~")(_PLACE))
    return sa.case((can, json.op("#>", return_type=JSON)(postgresql.array([key]))))


def _typed(json: Expression, type_: sa.types.TypeEngine[Any]) -> Expression:
    """The value that a JSON value is; NULL for null, and for one of another type."""
    if isinstance(type_, sa.JSON):
        json = sa.cast(json, JSON) if _is_ordered(json) and not isinstance(type_, OrderedJson) else json
        return sa.case((_kind(json) != Word("null"), json))
    if isinstance(type_, sa.String):
        return _in_order(_as_text(json))
    if isinstance(type_, sa.Boolean):
        return sa.case((_kind(json) == Word("boolean"), sa.cast(_as_text(json), sa.Boolean())))
    if isinstance(type_, sa.Integer):
        text = sa.cast(json, TEXT)
        return sa.case((text.op("~")(_WHOLE), sa.cast(text, sa.Integer())))
    type_ = type_ if isinstance(type_, Exact) else sa.Double()
    return sa.case((_kind(json) == Word("number"), sa.cast(_as_text(json), type_)))


def _as_text(json: Expression) -> Expression:
    return json.op("#>>", return_type=TEXT)(Word("{}"))


def _in_order(text: Expression) -> Expression:
    return sa.collate(text, "C")
