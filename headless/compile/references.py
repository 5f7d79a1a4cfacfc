"""The table of references: those that no column of the document can hold, each with a typed foreign key.

A row of it is one reference of one document. It is made of the documents and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.compile.stored import each_stored
from headless.compile.tables import IdTypes, short, table_name
from headless.database.schema import DERIVED, FILL
from headless.fields.base import ABSENT

Reference = tuple[Any, int, str, Any]
"""The id of the row it stands in, its position in a list, the slug and the id that it refers to."""


def build_references(metadata: sa.MetaData, table: sa.Table, plan: Plan, id_types: IdTypes) -> sa.Table | None:
    """The table of references of a table; None without a field that needs it."""
    nodes = [node for node in plan.references() if not node.is_foreign_key]
    slugs = sorted({slug for node in nodes for slug in node.slugs})
    if not slugs:
        return None
    name = references_name(table.name)
    made = sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", table.c.id.type, sa.ForeignKey(table.c.id, ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("row", sa.Text()),
        sa.Column("position", sa.Integer()),
        *[sa.Column(reference_column(slug), id_types(slug), sa.ForeignKey(f"{table_name(slug)}.id")) for slug in slugs],
        info={DERIVED: True},
    )
    made.info[FILL] = _filling(table, plan, nodes, made)
    sa.Index(short(f"ix_{name}_source"), made.c.source)
    for slug in slugs:
        target = made.c[reference_column(slug)]
        # Only rows that point into this collection: a reference is in one index, however many targets there are.
        pointing = target.is_not(None)
        sa.Index(
            short(f"ix_{name}_{target.name}"), target, made.c.path, sqlite_where=pointing, postgresql_where=pointing
        )
    return made


def references_name(table: str) -> str:
    """The name of the table of references of a table."""
    return short(f"{table}__refs")


def reference_column(slug: str) -> str:
    """The column of a reference's table that points into that collection."""
    return short(f"to_{table_name(slug)}")


def referred(node: Node, document: dict[str, Any]) -> list[Reference]:
    """Each reference of a document at a node."""
    return [
        (row, position, slug, id)
        for row, part in node.places(document)
        for position, (slug, id) in enumerate(node.targets(_present(part.get(node.key))))
    ]


def _present(value: Any) -> Any:
    return None if value is ABSENT else value


def _filling(
    table: sa.Table, plan: Plan, nodes: Sequence[Node], references: sa.Table
) -> Callable[[sa.Connection], None]:
    """The function that writes the references of every document that is stored."""
    nothing = {column.name: None for column in references.c if column.name.startswith("to_")}

    def rows(id: Any, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for node in nodes:
            for row, position, slug, target in referred(node, document):
                place = {"source": id, "path": node.dotted, "row": row, "position": position}
                yield {**nothing, **place, reference_column(slug): target}

    def fill(connection: sa.Connection) -> None:
        for documents in each_stored(connection, table, plan, nodes):
            if made := [row for id, document in documents for row in rows(id, document)]:
                connection.execute(sa.insert(references), made)

    return fill
