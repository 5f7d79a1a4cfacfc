"""What is filled: made ready once, and known again after an interruption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from headless.database import system
from headless.database.schema.catalog import catalog_of
from headless.database.schema.planner import compare
from headless.database.schema.runner import perform
from headless.database.transfer.notes import SOURCE, begin_notes, forget_notes, has_notes, read_notes, write_note
from headless.database.transfer.parts import Part
from headless.database.transfer.source import count_rows
from headless.errors import ConfigError

OF_THE_SCHEMA: Final = (system.migrations, system.schema_state)
"""What a database remembers of its schema is no document: the source's takes its place."""


class Notes:
    """How far each table is: the last key that was copied, and how many rows those were."""

    def __init__(self, known: Mapping[str, Any], *, resumed: bool) -> None:
        self.resumed = resumed
        self._known = dict(known)

    def after(self, name: str) -> Any:
        """The last key; None before the first batch."""
        return self._known[name][0] if name in self._known else None

    def rows(self, name: str) -> int:
        """How many rows there are up to that key."""
        return int(self._known[name][1]) if name in self._known else 0

    def write(self, connection: sa.Connection, name: str, after: Any, rows: int) -> None:
        """Notes a batch in the transaction that writes it. Raises ConfigError if somebody else noted one."""
        write_note(connection, name, [after, self.rows(name) + rows], before=self._known.get(name))

    def wrote(self, name: str, after: Any, rows: int) -> None:
        """The transaction was committed."""
        self._known[name] = [after, self.rows(name) + rows]


def refuse_others(
    connection: sa.Connection, parts: Sequence[Part], source: Mapping[str, Any], *, restart: bool
) -> None:
    """Raises ConfigError unless the target is empty, or what an interrupted transfer of the same source left."""
    if not has_notes(connection):
        _refuse_documents(connection, parts)
    elif not restart:
        _refuse_another(read_notes(connection)[SOURCE], source)


def begin(
    connection: sa.Connection,
    parts: Sequence[Part],
    tables: Sequence[sa.Table],
    source: Mapping[str, Any],
    *,
    restart: bool,
) -> Notes:
    """Makes the declared tables and the notes, or finds those of an interrupted transfer.

    With `restart` what that one copied is deleted. Raises ConfigError as `refuse_others` does.
    """
    refuse_others(connection, parts, source, restart=restart)
    if restart and has_notes(connection):
        _forget(connection, parts)
    _declare(connection, tables)
    if has_notes(connection):
        return Notes(read_notes(connection), resumed=True)
    for table in OF_THE_SCHEMA:
        connection.execute(sa.delete(table))
    begin_notes(connection, source)
    return Notes({}, resumed=False)


def _declare(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    steps = compare(connection, tables)
    refused = [f"the target has to change: {step.description}. {step.remedy}" for step in steps if step.destructive]
    if refused:
        raise ConfigError(refused)
    perform(connection, steps)


def _refuse_documents(connection: sa.Connection, parts: Sequence[Part]) -> None:
    there = catalog_of(connection).tables()
    asked = [part for part in parts if part.name in there and part.table not in OF_THE_SCHEMA]
    rows = {part.name: count_rows(connection, part.table) for part in asked}
    filled = ", ".join(f"{name} ({number})" for name, number in rows.items() if number)
    if filled:
        raise ConfigError(
            f"the target is not empty, and nothing of it is overwritten: {filled}. Name an empty database; "
            "to see whether this one is equal already, add --verify"
        )


def _refuse_another(known: Mapping[str, Any], source: Mapping[str, Any]) -> None:
    """A transfer goes on only where what it copied is still what there is."""
    if known["address"] != source["address"]:
        raise ConfigError(
            f"the target holds an unfinished transfer from {known['address']}: finish that one, name an empty "
            "database, or delete what was copied and begin anew with --restart"
        )
    if known["change"] != source["change"]:
        raise ConfigError(
            "the source was written to since this transfer began, so what was copied may be out of date: "
            "stop the application and begin anew with --restart"
        )


def _forget(connection: sa.Connection, parts: Sequence[Part]) -> None:
    """Deletes what was copied. Only a transfer wrote here: no application starts on what is not whole."""
    there = catalog_of(connection).tables()
    copied = [part for part in reversed(parts) if part.name in there]
    for part in copied:
        if part.waiting:
            connection.execute(sa.update(part.table).values(dict.fromkeys(part.waiting)))
    for part in copied:
        connection.execute(sa.delete(part.table))
    forget_notes(connection)
