"""The tables in the order in which they are copied, each with its key and the references that have to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headless.database import system
from headless.database.transfer.values import Kind, kind_of


@dataclass(frozen=True)
class Part:
    """A table. `waiting` are its references to tables that are copied after it, and to itself."""

    table: sa.Table
    key: sa.Column[Any]
    waiting: tuple[sa.Column[Any], ...]

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> tuple[sa.Column[Any], ...]:
        return tuple(self.table.columns)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind_of(column) for column in self.table.columns)

    @property
    def key_place(self) -> int:
        return self.columns.index(self.key)

    @property
    def waiting_places(self) -> tuple[int, ...]:
        return tuple(self.columns.index(column) for column in self.waiting)


def parts_of(metadata: sa.MetaData) -> list[Part]:
    """The declared tables and the platform's own; a table comes after those that it refers to, if that can be."""
    found = sa.schema.sort_tables_and_constraints(metadata.tables.values())  # type: ignore[no-untyped-call]
    return [*_ordered([table for table, _ in found if table is not None]), *_ordered(system.metadata.sorted_tables)]


def _ordered(tables: Sequence[sa.Table]) -> list[Part]:
    places = {table.name: place for place, table in enumerate(tables)}
    return [
        Part(
            table,
            _key(table),
            tuple(
                column
                for column in table.columns
                if any(places[key.column.table.name] >= places[table.name] for key in column.foreign_keys)
            ),
        )
        for table in tables
    ]


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key.columns
    return key
