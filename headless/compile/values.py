"""The table of values: leaves inside rows that are declared `index: true`, kept once more by themselves for queries.

A row of it is one value of one document, in the column of its leaf. It is made of the documents and nothing else, so a
table that does not fit the declaration is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.compile.stored import each_stored
from headless.compile.tables import IdTypes, short, value_type
from headless.database.schema import FILL
from headless.errors import ConfigError
from headless.fields.base import ABSENT, JSON_TEXT


def values_name(table: str) -> str:
    """The name of the table of values of a table."""
    return short(f"{table}__values")


def can_be_kept(node: Node) -> bool:
    """Whether what the node holds is a scalar, or a list of them."""
    if node.refers is not None:
        return not node.refers.polymorphic
    return node.contains is None and node.stored and not isinstance(node.field.storage, sa.JSON)


def kept_nodes(plan: Plan, place: str) -> list[Node]:
    """The leaves that have a column in the table of values, which is named after their path.

    Raises ConfigError when two would share one.
    """
    seen: dict[str, Node] = {}
    for node in plan.walk():
        if node.rows is None or not node.field.index or not can_be_kept(node) or _is_by_locale(node):
            continue
        name = short("__".join(node.path))
        other = seen.setdefault(name.lower(), node)
        if other is not node:
            raise ConfigError(f"{place}: fields {other.dotted!r} and {node.dotted!r} would share the column {name!r}")
        node.kept = name
    return list(seen.values())


def _is_by_locale(node: Node) -> bool:
    return any(part.localized for part in node.chain)


def build_values(
    metadata: sa.MetaData, table: sa.Table, plan: Plan, nodes: Sequence[Node], id_types: IdTypes
) -> sa.Table | None:
    """The table of values, with an index for each leaf; None without such a leaf."""
    if not nodes:
        return None
    name = values_name(table.name)
    made = sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", table.c.id.type, sa.ForeignKey(table.c.id, ondelete="CASCADE"), nullable=False),
        sa.Column("row", sa.Text()),
        *[sa.Column(str(node.kept), value_type(node, id_types)) for node in nodes],
    )
    made.info[FILL] = filling(table, plan, nodes, made)
    sa.Index(short(f"ix_{name}_source"), made.c.source)
    for node in nodes:
        column = made.c[str(node.kept)]
        # Every leaf has a column, and every value stands in one of them: each is in one index.
        there = column.is_not(None)
        sa.Index(short(f"ix_{name}_{node.kept}"), column, made.c.source, sqlite_where=there, postgresql_where=there)
    return made


def kept_values(nodes: Sequence[Node], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table for a document: of each value the id of its row, and itself under its column's name."""
    return [
        {"row": row, str(node.kept): value}
        for node in nodes
        for row, part in node.places(document)
        for value in _elements(node, part.get(node.key))
    ]


def _elements(node: Node, value: Any) -> Sequence[Any]:
    if value is None or value is ABSENT:
        return ()
    return [item for item in value if item is not None] if node.field.has_list else (value,)


def insertion(table: sa.Table, dialect: Any) -> sa.Insert:
    """INSERT any number of values of a document: `source` is its id, `rows` all of them as one JSON list."""
    return insertion_of_rows(table, [column.name for column in table.c if column.name not in ("id", "source")], dialect)


def insertion_of_rows(table: sa.Table, names: Sequence[str], dialect: Any) -> sa.Insert:
    """INSERT rows of a document into the columns `source` and `names`: the values are its id, and the rows as JSON."""
    rows = dialect.json_rows(sa.bindparam("rows", type_=JSON_TEXT))
    source: sa.BindParameter[Any] = sa.bindparam("source", type_=table.c.source.type)
    values = [dialect.json_value(rows.c.value, [name], table.c[name].type) for name in names]
    return sa.insert(table).from_select(["source", *names], sa.select(source, *values).select_from(rows))


def encoded(rows: Sequence[dict[str, Any]]) -> str:
    """Values as `insertion` takes them."""
    return orjson.dumps(rows).decode()


def filling(table: sa.Table, plan: Plan, nodes: Sequence[Node], values: sa.Table) -> Callable[[sa.Connection], None]:
    """The function that writes the values of every document that is stored."""
    nothing = {str(node.kept): None for node in nodes}

    def fill(connection: sa.Connection) -> None:
        for documents in each_stored(connection, table, plan, nodes):
            rows = [
                {"source": id, **nothing, **row} for id, document in documents for row in kept_values(nodes, document)
            ]
            if rows:
                connection.execute(sa.insert(values), rows)

    return fill
