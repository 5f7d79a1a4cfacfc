"""The highest key that a table ever gave, so that none returns after a transfer."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from headless.database.schema.catalog import catalog_of

_LAST_ON_POSTGRESQL: Final = (
    "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(quote_ident(:table), :key) AS regclass))"
)
_GO_ON_ON_POSTGRESQL: Final = "SELECT setval(pg_get_serial_sequence(quote_ident(:table), :key), :last)"


def last_key(connection: sa.Connection, table: sa.Table) -> int | None:
    """The highest key that was given, 0 for none yet; None for a table whose keys the database does not make."""
    key = table.autoincrement_column
    if key is None:
        return None
    highest = connection.execute(sa.select(sa.func.max(key))).scalar() or 0
    if not catalog_of(connection).counts(table.name):
        return int(highest)
    return max(int(highest), _counted(connection, table, key))


def _counted(connection: sa.Connection, table: sa.Table, key: sa.Column[Any]) -> int:
    if connection.dialect.name == "postgresql":
        last = connection.execute(sa.text(_LAST_ON_POSTGRESQL), {"table": table.name, "key": key.name}).scalar()
    else:
        last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
    return int(last or 0)


def go_on_after(connection: sa.Connection, table: sa.Table, last: int) -> None:
    """The next key that the database makes for the table is higher, if it keeps a count of its own."""
    key = table.autoincrement_column
    if key is None or not last or not catalog_of(connection).counts(table.name):
        return
    if connection.dialect.name == "postgresql":
        values = {"table": table.name, "key": key.name, "last": last}
        connection.execute(sa.text(_GO_ON_ON_POSTGRESQL), values)
        return
    connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
    connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, last))
