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
    sql = str(sa.select(*reader.columns).compile(dialect=connection.dialect))
    found = connection.exec_driver_sql(sql, execution_options={"stream_results": True, "max_row_buffer": AT_A_TIME})
    while rows := found.fetchmany(AT_A_TIME):
        yield [(row[0], reader.read_one(tuple(row))) for row in rows]
