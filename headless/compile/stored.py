"""Stored documents read straight from their table, for what is made of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.compile.reader import Reader
from headless.compile.selection import parse_selection

AT_A_TIME: Final = 500


def each_stored(
    connection: sa.Connection, table: sa.Table, plan: Plan, nodes: Iterable[Node]
) -> Iterator[list[tuple[Any, dict[str, Any]]]]:
    """Every document with its id, `AT_A_TIME`, as far as the fields go that the nodes stand in."""
    reader = Reader(table, plan, selection=parse_selection({node.chain[0].key: True for node in nodes}))
    query = sa.select(*map(_raw, reader.columns)).order_by(table.c.id).limit(AT_A_TIME)
    rows = connection.execute(query).fetchall()
    while rows:
        yield [(row[0], reader.read_one(tuple(row))) for row in rows]
        rows = connection.execute(query.where(table.c.id > rows[-1][0])).fetchall()


def _raw(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The column as readers take it: as the driver gives it, and JSON as text."""
    return (
        sa.cast(column, sa.Text()) if isinstance(column.type, sa.JSON) else sa.type_coerce(column, sa.types.NullType())
    )
