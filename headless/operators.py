"""The operators of the where language as rows of data: each reads a raw value, compiles to SQL and tests in memory.

SQL and memory answer alike; a property test holds them together. Text is compared by code point, case is folded by
`str.lower`, and NULL is what SQL says it is except where an operator's row says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Protocol

import orjson
import sqlalchemy as sa

from headless import geometry
from headless.errors import BadRequest
from headless.lexical.plain import written

Expression = sa.ColumnElement[Any]
Values = tuple[Any, ...]

LONGEST_TEXT: Final = 10_000
LONGEST_LIST: Final = 1_000
MOST_WORDS: Final = 50
PLACE: Final = (
    r"^-?(180|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]{1,9})?),-?(90|[1-8]?[0-9](\.[0-9]{1,9})?)(,[0-9]{1,8}){0,2}$"
)
FARTHEST: Final = 1e9
NEAR: Final = "The value of 'near' is longitude,latitude,most metres,least metres; the last two may be left out."


class Never(Exception):
    """Raised while reading a value that no stored value can equal, such as a word for a number."""


class SqlDialect(Protocol):
    """What operators need of a database's dialect."""

    def fold(self, column: Expression) -> Expression:
        """The text in lower case, numbers as text."""

    def json_value(
        self, column: Expression, path: Sequence[str], type_: sa.types.TypeEngine[Any] | None = None
    ) -> Expression:
        """The value at a path inside a JSON value, a text unless another type is given."""

    def in_list(self, column: Expression, parameter: sa.BindParameter[Any]) -> Expression:
        """Whether the column is one of the values of a list bound as one parameter."""

    def written(self, column: Expression) -> Expression:
        """The text of a rich text, as `headless.lexical.plain.written` has it."""

    def distance(self, column: Expression, point: sa.BindParameter[Any]) -> Expression:
        """Metres between the point that the column holds as JSON and one bound as JSON; NULL without a point."""

    def inside(self, column: Expression, polygons: sa.BindParameter[Any], edges: Expression) -> Expression:
        """1 when the column's point lies in polygons bound as JSON, else 0; `edges` says if theirs count."""


class Comparable(Protocol):
    """What operators need of a field: reading a raw value of a query. Raises Never or BadRequest."""

    def query_value(self, raw: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `read` makes values of the raw one, `bind` parameters of the values."""

    name: str
    read: Callable[[Comparable, Any], Values]
    sql: Callable[[SqlDialect, Expression, tuple[sa.BindParameter[Any], ...]], Expression]
    test: Callable[[Any, Values], bool]
    bind: Callable[[Values], Values] = lambda values: values
    positive: str | None = None
    """For a negation, the operator it negates across rows, lists and relations."""
    every: bool = False
    """Whether each of the values must hold by itself, of one element of a list or another."""
    order: Callable[[SqlDialect, Expression, sa.BindParameter[Any]], Expression] | None = None
    """What its answers are ordered by when no order is asked for, given its first parameter; least first."""

    def json_schema(self, value: dict[str, Any]) -> dict[str, Any]:
        """The JSON Schema of what it is given, by that of the field's values."""
        if self.read is flag:
            return {"type": "boolean"}
        if self.read in (text, tokens):
            return {"type": "string"}
        if self.read is place:
            return {"type": "string", "pattern": PLACE, "description": "Longitude, latitude, most and least metres."}
        if self.read is area:
            return {"type": "string", "contentMediaType": "application/json", "description": "A GeoJSON polygon."}
        return {"type": "array", "items": value, "minItems": 1} if self.read in (many, each) else value


def one(field: Comparable, raw: Any) -> Values:
    return (field.query_value(raw),)


def many(field: Comparable, raw: Any) -> Values:
    """A comma list, a list or a single value; items that nothing can equal are left out."""
    values = []
    for item in _items(raw):
        try:
            value = field.query_value(item)
        except Never:
            continue
        if value is not None:
            values.append(value)
    return tuple(values)


def each(field: Comparable, raw: Any) -> Values:
    """A comma list, a list or a single value. Raises Never for no items, or for one that nothing can equal."""
    values = tuple(dict.fromkeys(field.query_value(item) for item in _items(raw)))
    if not values or None in values:
        raise Never
    return values


def _items(raw: Any) -> Sequence[Any]:
    items = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, list | tuple) else [raw]
    if len(items) > LONGEST_LIST:
        raise BadRequest(f"A list in a query holds at most {LONGEST_LIST} values.")
    return items


def text(field: Comparable, raw: Any) -> Values:
    return (_text(raw).lower(),)


def tokens(field: Comparable, raw: Any) -> Values:
    words = tuple(_text(raw).lower().split())
    if len(words) > MOST_WORDS:
        raise BadRequest(f"A text in a query has at most {MOST_WORDS} words.")
    return words


def flag(field: Comparable, raw: Any) -> Values:
    if isinstance(raw, bool):
        return (raw,)
    if isinstance(raw, str) and raw.lower() in ("true", "false", "1", "0", ""):
        return (raw.lower() in ("true", "1"),)
    raise BadRequest("The value of 'exists' is true or false.")


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return as_text(raw)
    if not isinstance(raw, str):
        raise BadRequest("A text operator takes text.")
    if len(raw) > LONGEST_TEXT:
        raise BadRequest(f"A text in a query has at most {LONGEST_TEXT} characters.")
    return raw


def as_text(value: Any) -> str:
    """How a stored value reads as text: `4.5`, `2`, `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return str(value)


def fold(value: Any) -> str:
    """Case folding, the one definition of it."""
    return as_text(value).lower()


def pattern(part: str) -> str:
    """A LIKE pattern, escaped with a backslash, that finds `part` anywhere."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _patterns(values: Values) -> Values:
    return tuple(pattern(value) for value in values)


def _listed(values: Values) -> Values:
    return (orjson.dumps([int(value) if isinstance(value, bool) else value for value in values]).decode(),)


def _contains_all(dialect: SqlDialect, column: Expression, parameters: tuple[sa.BindParameter[Any], ...]) -> Expression:
    folded = dialect.fold(column)
    found = [folded.like(parameter, escape="\\") for parameter in parameters]
    return sa.and_(column.is_not(None), *found)


def _contains_not_all(
    dialect: SqlDialect, column: Expression, parameters: tuple[sa.BindParameter[Any], ...]
) -> Expression:
    return sa.and_(column.is_not(None), sa.not_(_contains_all(dialect, column, parameters)))


def _has_words(value: Any, values: Values) -> bool:
    if value is None:
        return False
    folded = fold(value)
    return all(part in folded for part in values)


equals = Operator(
    "equals", one,
    lambda dialect, column, parameters: column == parameters[0],
    lambda value, values: value is not None and value == values[0],
)  # fmt: skip
not_equals = Operator(
    "not_equals", one,
    lambda dialect, column, parameters: column.is_distinct_from(parameters[0]),
    lambda value, values: value is None or value != values[0],
    positive="equals",
)  # fmt: skip
in_ = Operator(
    "in", many,
    lambda dialect, column, parameters: dialect.in_list(column, parameters[0]),
    lambda value, values: value is not None and value in values,
    _listed,
)  # fmt: skip
not_in = Operator(
    "not_in", many,
    lambda dialect, column, parameters: sa.and_(column.is_not(None), sa.not_(dialect.in_list(column, parameters[0]))),
    lambda value, values: value is not None and value not in values,
    _listed, positive="in",
)  # fmt: skip
not_in_or_empty = Operator(
    "not_in", many,
    lambda dialect, column, parameters: sa.or_(column.is_(None), sa.not_(dialect.in_list(column, parameters[0]))),
    lambda value, values: value is None or value not in values,
    _listed, positive="in",
)  # fmt: skip
exists = Operator(
    "exists", flag, lambda dialect, column, parameters: column.is_not(None), lambda value, values: value is not None
)
missing = Operator(
    "exists",
    flag,
    lambda dialect, column, parameters: column.is_(None),
    lambda value, values: value is None,
    positive="exists",
)
greater_than = Operator(
    "greater_than", one,
    lambda dialect, column, parameters: column > parameters[0],
    lambda value, values: value is not None and values[0] is not None and value > values[0],
)  # fmt: skip
greater_than_equal = Operator(
    "greater_than_equal", one,
    lambda dialect, column, parameters: column >= parameters[0],
    lambda value, values: value is not None and values[0] is not None and value >= values[0],
)  # fmt: skip
less_than = Operator(
    "less_than", one,
    lambda dialect, column, parameters: column < parameters[0],
    lambda value, values: value is not None and values[0] is not None and value < values[0],
)  # fmt: skip
less_than_equal = Operator(
    "less_than_equal", one,
    lambda dialect, column, parameters: column <= parameters[0],
    lambda value, values: value is not None and values[0] is not None and value <= values[0],
)  # fmt: skip
all_ = Operator("all", each, equals.sql, equals.test, every=True)
points_to = Operator(
    "equals", one,
    lambda dialect, column, parameters: sa.and_(
        dialect.json_value(column, ["relationTo"]) == parameters[0],
        dialect.in_list(dialect.json_value(column, ["value"], sa.JSON()), parameters[1]),
    ),
    lambda value, values: isinstance(value, Mapping) and (value.get("relationTo"), value.get("value")) == values,
    lambda values: (values[0], *_listed(values[1:])),
)  # fmt: skip
"""A polymorphic reference's value, which is a collection and an id."""
contains = Operator("contains", text, _contains_all, _has_words, _patterns)
like = Operator("like", tokens, _contains_all, _has_words, _patterns)
not_like = Operator(
    "not_like", tokens, _contains_not_all, lambda value, values: value is not None and not _has_words(value, values),
    _patterns, positive="like",
)  # fmt: skip


def _in_rich_text(operator: Operator) -> Operator:
    """The operator on what a rich text says."""
    return replace(
        operator,
        sql=lambda dialect, column, parameters: operator.sql(dialect, dialect.written(column), parameters),
        test=lambda value, values: operator.test(written(value), values),
    )


def place(field: Comparable, raw: Any) -> Values:
    """`longitude,latitude`, then the most and the least metres from there, as far as they are given."""
    items = raw.split(",") if isinstance(raw, str) else list(raw) if isinstance(raw, list | tuple) else []
    try:
        longitude, latitude, *limits = [float(item) for item in items if item not in (None, "", "null")]
        most, least, *others = [*limits, *(math.inf, 0.0)[len(limits) :]]
    except (TypeError, ValueError):
        raise BadRequest(NEAR) from None
    if others or not geometry.is_position((longitude, latitude)) or math.isnan(most) or math.isnan(least):
        raise BadRequest(NEAR)
    return (longitude, latitude), min(most, FARTHEST), least


def area(field: Comparable, raw: Any) -> Values:
    """A GeoJSON Polygon or MultiPolygon, as a mapping or as JSON text."""
    try:
        return (geometry.parse_polygons(orjson.loads(raw) if isinstance(raw, str) else raw),)
    except ValueError as error:
        raise BadRequest(f"This is not an area to look in: {error}.") from None


def _encoded(values: Values) -> Values:
    return (orjson.dumps(values[0]).decode(), *values[1:])


def _is_near(dialect: SqlDialect, column: Expression, parameters: tuple[sa.BindParameter[Any], ...]) -> Expression:
    return dialect.distance(column, parameters[0]).between(parameters[2], parameters[1])


def _tests_near(value: Any, values: Values) -> bool:
    return value is not None and values[2] <= geometry.distance(value, values[0]) <= values[1]


equals_json = Operator(
    "equals", one, equals.sql, lambda value, values: value is not None and value == values[0], _encoded
)
not_equals_json = Operator(
    "not_equals", one, not_equals.sql, lambda value, values: value is None or value != values[0], _encoded, "equals"
)
near = Operator(
    "near", place, _is_near, _tests_near, _encoded,
    order=lambda dialect, column, parameter: dialect.distance(column, parameter),
)  # fmt: skip


def _in_area(name: str, *, edges: bool) -> Operator:
    counted: Expression = sa.literal_column(str(int(edges)))
    yes: Expression = sa.literal_column("1")
    return Operator(
        name, area,
        lambda dialect, column, parameters: dialect.inside(column, parameters[0], counted) == yes,
        lambda value, values: value is not None and geometry.is_inside(value, values[0], edges=edges),
        _encoded,
    )  # fmt: skip


within = _in_area("within", edges=False)
intersects = _in_area("intersects", edges=True)


def _renamed(operator: Operator, name: str) -> Operator:
    return Operator(name, operator.read, operator.sql, operator.test, operator.bind, operator.positive)


def _table(*operators: Operator) -> Mapping[str, Operator]:
    return MappingProxyType({operator.name: operator for operator in operators})


_ORDER = (greater_than, greater_than_equal, less_than, less_than_equal)
TEXT = _table(equals, not_equals, in_, not_in, exists, contains, like, not_like, *_ORDER)
NUMBER = _table(equals, not_equals, in_, not_in, exists, contains, _renamed(equals, "like"), *_ORDER)
CHECKBOX = _table(equals, not_equals, in_, not_in, exists)
REFERENCE = _table(
    equals, not_equals, in_, not_in_or_empty, exists, _renamed(equals, "contains"), _renamed(equals, "like"), *_ORDER
)
REFERENCES = _table(*REFERENCE.values(), all_)
TEXTS = _table(*TEXT.values(), _renamed(equals, "contains"), all_)
NUMBERS = _table(*NUMBER.values(), _renamed(equals, "contains"), all_)
IDENTITY = _table(
    equals, not_equals, in_, not_in_or_empty, exists, _renamed(equals, "like"), _renamed(equals, "contains"), *_ORDER
)
ANY_ID: Mapping[str, Operator] = MappingProxyType(
    {**dict.fromkeys(("equals", "like", "contains", "in"), in_),
     **dict.fromkeys(("not_equals", "not_in"), not_in_or_empty)}
)  # fmt: skip
"""Operators on ids of several collections, which a value spells differently in each."""
EXISTENCE = _table(exists)
RICH_TEXT = _table(exists, *(_in_rich_text(operator) for operator in (contains, like, not_like)))
POINT = _table(equals_json, not_equals_json, exists, near, within, intersects)

NAMES: Final = frozenset({*TEXTS, *NUMBERS, *REFERENCES, *POINT})
