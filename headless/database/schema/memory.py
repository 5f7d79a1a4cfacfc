"""What a database remembers of changes of its schema: what its columns hold, and which migrations it has had."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from headless.database import system
from headless.database.schema.catalog import catalog_of
from headless.database.schema.state import State, Table, read_state, state_data


def read(connection: sa.Connection) -> dict[str, Table]:
    """The tables as the last change left them; none before the first."""
    return read_state(_row(connection).get("tables", {}))


def derived(connection: sa.Connection) -> set[str]:
    """The tables that the last change made of others."""
    return set(_row(connection).get("derived", ()))


def write(connection: sa.Connection, state: State, derived: Iterable[str]) -> None:
    """Writes down what a change made."""
    text = json.dumps({"tables": state_data(state), "derived": sorted(derived)}, ensure_ascii=False)
    table = system.schema_state
    connection.execute(sa.delete(table))
    connection.execute(sa.insert(table).values(id=1, state=text))


def applied(connection: sa.Connection) -> dict[str, tuple[str, str]]:
    """The migrations that were applied, in that order: the checksum of each, and when."""
    table = system.migrations
    rows = connection.execute(sa.select(table.c.name, table.c.checksum, table.c.applied_at).order_by(table.c.position))
    return {name: (checksum, at) for name, checksum, at in rows}


def _row(connection: sa.Connection) -> dict[str, dict[str, object]]:
    if system.schema_state.name not in catalog_of(connection).tables():
        return {}
    text = connection.execute(sa.select(system.schema_state.c.state)).scalar()
    return json.loads(text) if text else {}
