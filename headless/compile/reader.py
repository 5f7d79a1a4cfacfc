"""Readers: from a row of the database to a document, with a loop that holds only what the declaration asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.compile.selection import Selection
from headless.database import Statement
from headless.fields.base import ABSENT

Row = Sequence[Any]
Load = Callable[[Any], Any]
Document = dict[str, Any]
Build = Callable[[Sequence[Row]], list[Document]]


class Reader:
    """Reads rows of `columns` as documents. Made once for a collection, a selection and a locale."""

    __slots__ = ("by_id", "columns", "read")

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
        level = _Level(table, self.columns, locale)
        level.add("id", 0)
        self.read: Build = level.read(plan, selection, constants or {})
        """One document a row, its keys in the declaration's order."""
        self.by_id: Statement | None = None
        """The statement that reads one document by its id alone, once there is one."""

    def read_one(self, row: Row) -> Document:
        """The document of one row."""
        return self.read((row,))[0]


class _Level:
    """What is known of one level of the document while its reader is made: the document itself, or a group in it."""

    def __init__(self, table: sa.Table, columns: list[sa.Column[Any]], locale: str | None) -> None:
        self.table = table
        self.columns = columns
        self.locale = locale
        self.values: dict[str, tuple[int, Load | None]] = {}
        self.loads: list[tuple[str, Load]] = []
        self.groups: list[tuple[str, Build]] = []

    def add(self, key: str, place: int, load: Load | None = None) -> None:
        """A key whose value stands at a place of the row, or is what `load` makes of that."""
        self.values[key] = (place, load)

    def read(self, plan: Plan, selection: Selection | None, constants: Mapping[str, Any]) -> Build:
        """The function that makes this level of each row."""
        for node in plan.nodes:
            wanted = True if selection is None else selection.of(node.key)
            if wanted is not False and not node.is_id:
                self._add_node(node, wanted if isinstance(wanted, Selection) else None)
        return _builder(_display(self.values), tuple(self.loads), tuple(self.groups), tuple(constants.items()))

    def _add_node(self, node: Node, selection: Selection | None) -> None:
        if node.flat:
            self.add(node.key, 0)
            inner = _Level(self.table, self.columns, self.locale)
            self.groups.append((node.key, inner.read(node.plans[""], selection, {})))
            return
        if not node.stored:
            self.add(node.key, 0)
            self.loads.append((node.key, lambda value: node.field.empty()))
            return
        place = len(self.columns)
        self.columns.append(self.table.c[str(node.column)])
        decoded = _decoded(node, selection)
        if node.localized:
            self.add(node.key, place)
            self.loads.append((node.key, _localized(decoded, self.locale)))
        elif node.field.is_json:
            self.add(node.key, place)
            self.loads.append((node.key, _json(decoded, node.field.empty)))
        else:
            self.add(node.key, place, type(node.field).load)


def _display(values: Mapping[str, tuple[int, Load | None]]) -> Build:
    """The function from rows to objects, written out for these keys: a loop over them would take three times as long.

    It is `lambda rows: [{"id": row[0], "done": load_3(row[3])} for row in rows]`.
    """
    loads = {f"load_{place}": load for place, load in values.values() if load is not None}
    entries = [
        f"{key!r}: " + (f"row[{place}]" if load is None else f"load_{place}(row[{place}])")
        for key, (place, load) in values.items()
    ]
    display: Build = eval(f"lambda rows: [{{{', '.join(entries)}}} for row in rows]", loads)  # noqa: S307
    return display


def _builder(
    plain: Build,
    loads: tuple[tuple[str, Load], ...],
    groups: tuple[tuple[str, Build], ...],
    constants: tuple[tuple[str, Any], ...],
) -> Build:
    """The function from rows to objects, without the steps that the declaration has no use for.

    A step is taken for all rows before the next: a call for each row would cost as much as what it does.
    """

    def loaded(rows: Sequence[Row]) -> list[Document]:
        documents = plain(rows)
        for key, load in loads:
            for document in documents:
                value = load(document[key])
                if value is ABSENT:
                    del document[key]
                else:
                    document[key] = value
        return documents

    def whole(rows: Sequence[Row]) -> list[Document]:
        documents = loaded(rows)
        for key, group in groups:
            for document, inner in zip(documents, group(rows), strict=True):
                document[key] = inner
        for document in documents:
            document.update(constants)
        return documents

    return whole if groups or constants else loaded if loads else plain


def _json(decoded: Load, empty: Callable[[], Any]) -> Load:
    loads = orjson.loads

    def plain(value: Any) -> Any:
        return empty() if value is None else loads(value)

    def load(value: Any) -> Any:
        return empty() if value is None else decoded(loads(value))

    return plain if decoded is _same else load


def _localized(decoded: Load, locale: str | None) -> Load:
    def load(value: Any) -> Any:
        by_locale = {} if value is None else orjson.loads(value)
        if locale is None:
            return {code: decoded(item) for code, item in by_locale.items()}
        return decoded(by_locale[locale]) if locale in by_locale else ABSENT

    return load


def _decoded(node: Node, selection: Selection | None) -> Load:
    """What remains to do with a value once its JSON is decoded: complete rows, then leave out what is not selected."""
    if not node.plans:
        return selection.trim if selection is not None and node.field.is_json else _same
    return node.complete if selection is None else lambda value: node.trim(node.complete(value), selection)


def _same(value: Any) -> Any:
    return value


class RowWriter:
    """Turns a document into the values of its leaves' columns, in the order of `names`."""

    __slots__ = ("_leaves", "names")

    def __init__(self, plan: Plan) -> None:
        leaves = list(plan.leaves())
        self.names = tuple(str(node.column) for node in leaves)
        self._leaves = tuple(
            (node.path if len(node.path) > 1 else None, node.key, node.localized or node.field.is_json)
            for node in leaves
        )

    def values(self, document: Mapping[str, Any]) -> list[Any]:
        """The columns' values; a key that the document lacks is NULL."""
        values = []
        for path, key, is_json in self._leaves:
            value = document.get(key) if path is None else _dig(document, path)
            values.append(_encode(value) if is_json and value is not None else value)
        return values


_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _encode(value: Any) -> str:
    """The JSON text of a value. Raises UnicodeError for one with texts that not every database can hold."""
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        if "surrogates" in str(error):
            raise UnicodeError("half a surrogate pair cannot be stored") from None
        raise
    if b"\\u0000" in text and _NUL.search(text):
        raise UnicodeError("the NUL character cannot be stored")
    return text.decode()


def _dig(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
