"""Readers: from a row of the database to a document, with a loop that holds only what the declaration asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.compile.selection import Selection
from headless.fields.base import ABSENT, DataField

Row = Sequence[Any]
Load = Callable[[Any], Any]


class Reader:
    """Reads rows of `columns` as documents. Made once for a collection, a selection and a locale."""

    __slots__ = ("_keys", "_pick", "_shape", "_simple", "columns")

    def __init__(
        self,
        table: sa.Table,
        plan: Plan,
        *,
        selection: Selection | None = None,
        constants: Mapping[str, Any] | None = None,
        locale: str | None = None,
    ) -> None:
        self.columns: list[sa.Column[Any]] = [table.c.id]
        self._shape = _Shape(table, plan, self.columns, selection, constants or {}, locale, root=True)
        self._keys = self._shape.keys
        self._simple = self._shape.simple

    def read(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One document a row, its keys in the declaration's order."""
        if self._simple:
            keys = self._keys
            return [dict(zip(keys, row, strict=False)) for row in rows]
        build = self._shape.build
        return [build(row) for row in rows]

    def read_one(self, row: Row) -> dict[str, Any]:
        """The document of one row."""
        return self._shape.build(row)


class _Shape:
    """How the object at one level is made from a row: a document, or a group in it."""

    __slots__ = ("constants", "groups", "keys", "loads", "pick", "simple")

    def __init__(
        self,
        table: sa.Table,
        plan: Plan,
        columns: list[sa.Column[Any]],
        selection: Selection | None,
        constants: Mapping[str, Any],
        locale: str | None,
        *,
        root: bool = False,
    ) -> None:
        keys: list[str] = ["id"] if root else []
        places: list[int] = [0] if root else []
        self.loads: list[tuple[str, Load]] = []
        self.groups: list[tuple[str, _Shape]] = []
        self.constants = tuple(constants.items())
        for node in plan.nodes:
            wanted = True if selection is None else selection.of(node.key)
            if wanted is False:
                continue
            keys.append(node.key)
            inner = wanted if isinstance(wanted, Selection) else None
            if node.flat and node.plan is not None:
                places.append(0)
                self.groups.append((node.key, _Shape(table, node.plan, columns, inner, {}, locale)))
                continue
            places.append(len(columns))
            columns.append(table.c[str(node.column)])
            load = loader(node, inner, locale)
            if load is not None:
                self.loads.append((node.key, load))
        self.keys = tuple(keys)
        self.simple = not self.loads and not self.groups and not self.constants and places == list(range(len(places)))
        self.pick = _picker(places)

    def build(self, row: Row) -> dict[str, Any]:
        """The object of one row."""
        made = dict(zip(self.keys, self.pick(row), strict=True))
        for key, load in self.loads:
            value = load(made[key])
            if value is ABSENT:
                del made[key]
            else:
                made[key] = value
        for key, group in self.groups:
            made[key] = group.build(row)
        for key, value in self.constants:
            made[key] = value
        return made


def _picker(places: list[int]) -> Callable[[Row], Sequence[Any]]:
    if not places:
        return lambda row: ()
    if len(places) == 1:
        place = places[0]
        return lambda row: (row[place],)
    return itemgetter(*places)


def loader(node: Node, selection: Selection | None, locale: str | None) -> Load | None:
    """The function from a column's value to the document's, or None when they are the same."""
    if node.localized:
        return _localized(_decoded(node, selection), locale)
    if not node.field.is_json:
        return type(node.field).load
    return _json(_decoded(node, selection), node.field.empty)


def _json(decoded: Load, empty: Callable[[], Any]) -> Load:
    def load(value: Any) -> Any:
        return empty() if value is None else decoded(orjson.loads(value))

    return load


def _localized(decoded: Load, locale: str | None) -> Load:
    def load(value: Any) -> Any:
        by_locale = {} if value is None else orjson.loads(value)
        if locale is None:
            return {code: decoded(item) for code, item in by_locale.items()}
        return decoded(by_locale[locale]) if locale in by_locale else ABSENT

    return load


def _decoded(node: Node, selection: Selection | None) -> Load:
    """What remains to do with a value once its JSON is decoded: complete rows, then leave out what is not selected."""
    plan, container = node.plan, node.contains
    trim = selection.trim if selection is not None else None
    if plan is None:
        return trim if trim is not None and node.field.is_json else _same

    def load(value: Any) -> Any:
        parts = [plan.complete(part) for part in container.parts(value)]
        whole: Any = (parts[0] if parts else plan.complete({})) if node.flat else parts
        return trim(whole) if trim is not None else whole

    return load


def _same(value: Any) -> Any:
    return value


class RowWriter:
    """Turns a document into the values of its leaves' columns, in the order of `names`."""

    __slots__ = ("_leaves", "names")

    def __init__(self, plan: Plan) -> None:
        leaves = list(plan.leaves())
        self.names = tuple(str(node.column) for node in leaves)
        self._leaves = tuple((node.path if len(node.path) > 1 else None, node.key, _dumper(node)) for node in leaves)

    def values(self, document: Mapping[str, Any]) -> list[Any]:
        """The columns' values; a key that the document lacks is NULL."""
        values = []
        for path, key, dump in self._leaves:
            value = document.get(key) if path is None else _dig(document, path)
            values.append(value if dump is None or value is None else dump(value))
        return values


def _dumper(node: Node) -> Callable[[Any], Any] | None:
    if node.localized or node.field.is_json:
        return _encode
    own = type(node.field).dump
    return None if own is DataField.dump else node.field.dump


def _encode(value: Any) -> str:
    return orjson.dumps(value).decode()


def _dig(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
