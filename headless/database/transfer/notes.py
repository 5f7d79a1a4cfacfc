"""What a transfer notes in the database that it fills: from where it comes, and how far it is.

The table is there from the first batch until both sides were found equal. So a database that has it is not whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, DropTable

from headless.database.protocol import Database
from headless.database.schema.catalog import catalog_of
from headless.errors import ConfigError

table: Final = sa.Table(
    "_transfer",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""`value` is JSON: under `source` where it comes from, under each other name the last key that was done."""

SOURCE: Final = "source"


def has_notes(connection: sa.Connection) -> bool:
    """Whether a transfer into this database has not ended."""
    return table.name in catalog_of(connection).tables()


def read_notes(connection: sa.Connection) -> dict[str, Any]:
    """All notes."""
    rows = connection.execute(sa.select(table.c.name, table.c.value))
    return {name: orjson.loads(value) for name, value in rows}


def begin_notes(connection: sa.Connection, source: Mapping[str, Any]) -> None:
    """Makes the table."""
    connection.execute(CreateTable(table))
    write_note(connection, SOURCE, source, before=None)


def write_note(connection: sa.Connection, name: str, value: Any, *, before: Any) -> None:
    """Notes a value in the place of that before, None where there was none. Raises ConfigError if there is another."""
    text = orjson.dumps(value).decode()
    if before is None:
        connection.execute(sa.insert(table).values(name=name, value=text))
        return
    expected = orjson.dumps(before).decode()
    changed = sa.update(table).where(table.c.name == name, table.c.value == expected).values(value=text)
    if connection.execute(changed).rowcount != 1:
        raise ConfigError("another transfer into the same database is running: let one of them end")


def forget_notes(connection: sa.Connection) -> None:
    """Removes the table: the database is whole, or empty."""
    connection.execute(DropTable(table))


async def refuse_unfinished(database: Database) -> None:
    """Raises ConfigError when the database is one that a transfer has not filled to its end."""

    def look(connection: sa.Connection) -> str | None:
        return str(read_notes(connection)[SOURCE]["address"]) if has_notes(connection) else None

    address = await database.inspect(look)
    if address is not None:
        raise ConfigError(
            f"the database is not whole: a transfer from {address} into it has not ended. "
            "Run `headless transfer` again, which goes on where it was"
        )
