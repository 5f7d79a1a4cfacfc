"""The transfer: read once to see that all of it can be stored, copied by batches, compared.

The source is read in one snapshot. A batch and the note that it is done are one transaction, so that whatever
interrupts a transfer, the next one goes on behind the last batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from headless.database import system
from headless.database.dialect import Busy, Disconnected, Failure, ForeignKey, Full, NotNull, Unique, Unstorable
from headless.database.protocol import Database
from headless.database.schema.planner import compare
from headless.database.statements import Row
from headless.database.transfer.comparison import Compared, State, compare_states, survey
from headless.database.transfer.counters import go_on_after
from headless.database.transfer.notes import forget_notes
from headless.database.transfer.parts import Part, parts_of
from headless.database.transfer.progress import Progress
from headless.database.transfer.source import batches
from headless.database.transfer.target import Notes, begin, refuse_others
from headless.database.transfer.values import encoder, judge
from headless.errors import ConfigError

GO_ON: Final = "The same command goes on where this one was"
_NAMED: Final = 20
"""Of the values that cannot be stored, so many are told one by one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transfer came to. `written_since` are the changes of the source that came after its snapshot."""

    tables: Sequence[Compared]
    resumed: bool
    written_since: int

    @property
    def is_done(self) -> bool:
        """Whether the target is the whole source, as it still is."""
        return not self.written_since and all(table.is_equal for table in self.tables)


class Transfer:
    """Of what `metadata` declares, and of the platform's own tables, from one open database into another.

    `address` names the source, so that an interrupted transfer is known to be of the same one.
    """

    def __init__(
        self, source: Database, target: Database, metadata: sa.MetaData, address: str, progress: Progress
    ) -> None:
        self._source = source
        self._target = target
        self._tables = list(metadata.tables.values())
        self._parts = parts_of(metadata)
        self._address = address
        self._progress = progress
        self._troubles: list[str] = []
        self._troubled = 0
        self._judges = {part.name: [judge(column, target.dialect) for column in part.columns] for part in self._parts}

    async def run(self, *, restart: bool = False) -> Outcome:
        """Copies what is not copied yet; with `restart`, everything again. The target is whole when `is_done`.

        Raises ConfigError for what has to be mended first: values that cannot be stored, a target with documents.
        """
        async with self._source.snapshot():
            sequence = await self._last_change()
            facts = {"address": self._address, "change": sequence}
            await self._target.inspect(partial(refuse_others, parts=self._parts, source=facts, restart=restart))
            found = await survey(self._source, self._parts, self._progress, "Reading FROM", self._look)
            self._refuse_troubles()
            notes = await self._begin(facts, restart)
            await self._copy(found, notes)
        await self._target.call_writer(partial(self._count_on, found))
        copied = await survey(self._target, self._parts, self._progress, "Checking TO")
        outcome = Outcome(
            compare_states(found, copied), notes.resumed, max(0, await self._last_change() - sequence)
        )  # fmt: skip
        if outcome.is_done:
            await self._target.call_writer(self._finish)
        return outcome

    def _look(self, part: Part, rows: Sequence[Row]) -> None:
        judges = self._judges[part.name]
        for row in rows:
            for column, tell, value in zip(part.columns, judges, row, strict=True):
                if value is not None and (trouble := tell(value)):
                    self._note_trouble(f"table {part.name}, key {row[part.key_place]!r}, {column.name}: {trouble}")

    def _note_trouble(self, told: str) -> None:
        self._troubled += 1
        if len(self._troubles) < _NAMED:
            self._troubles.append(told)

    def _refuse_troubles(self) -> None:
        if self._troubles:
            problems = [f"the target cannot store {trouble}" for trouble in self._troubles]
            more = self._troubled - len(problems)
            raise ConfigError([*problems, *([f"nor {more} more values"] if more else [])])

    async def _last_change(self) -> int:
        changes = system.changes
        statement = self._source.compile(sa.select(sa.func.max(changes.c.seq)), [])
        return int((await self._source.read(statement))[0][0] or 0)

    async def _begin(self, facts: Mapping[str, Any], restart: bool) -> Notes:
        return await self._target.call_writer(
            lambda connection: begin(connection, self._parts, self._tables, facts, restart=restart)
        )

    async def _copy(self, found: Mapping[str, State], notes: Notes) -> None:
        self._progress.begin("Copying", sum(state.rows for state in found.values()))
        for part in self._parts:
            await self._copy_rows(part, notes)
        waiting = [part for part in self._parts if part.waiting]
        self._progress.begin("Setting references", sum(found[part.name].rows for part in waiting))
        for part in waiting:
            await self._set_references(part, notes)

    async def _copy_rows(self, part: Part, notes: Notes) -> None:
        """Every row, without the references that have to wait."""
        names = [f"p{place}" for place in range(len(part.columns))]
        values: dict[Any, Any] = dict(zip(part.columns, map(sa.bindparam, names), strict=True))
        insert = self._target.compile(sa.insert(part.table).values(values), names)
        made = [encoder(column, self._source.dialect, self._target.dialect) for column in part.columns]
        waiting = set(part.waiting_places)

        def given(row: Row) -> Row:
            return tuple(
                None if place in waiting else value if make is None else make(value)
                for place, (make, value) in enumerate(zip(made, row, strict=True))
            )

        await self._write_all(part, part.name, part.columns, _executing(insert.sql, given), notes)

    async def _set_references(self, part: Part, notes: Notes) -> None:
        """The references that had to wait until what they refer to was there."""
        names = [f"p{place}" for place in range(len(part.waiting))]
        values: dict[Any, Any] = dict(zip(part.waiting, map(sa.bindparam, names), strict=True))
        is_it = part.key == sa.bindparam("key", type_=part.key.type)
        update = self._target.compile(sa.update(part.table).where(is_it).values(values), [*names, "key"])
        columns = (*part.waiting, part.key)

        def given(row: Row) -> Row | None:
            if all(value is None for value in row[:-1]):
                return None
            return row if update.bind is None else tuple(update.bind(row))

        await self._write_all(part, f"{part.name} references", columns, _executing(update.sql, given), notes)

    async def _write_all(
        self, part: Part, name: str, columns: Sequence[sa.Column[Any]], write: _Write, notes: Notes
    ) -> None:
        self._progress.advance(notes.rows(name))
        async for rows in batches(self._source, columns, part.key, notes.after(name)):
            await self._write(part, name, list(columns).index(part.key), write, notes, rows)

    async def _write(self, part: Part, name: str, key: int, write: _Write, notes: Notes, rows: Sequence[Row]) -> None:
        """A batch and its note; one of which a row is refused, by halves, until that row is known."""
        after = rows[-1][key]

        def call(connection: sa.Connection) -> None:
            write(connection, rows)
            notes.write(connection, name, after, len(rows))

        try:
            await self._target.call_writer(call)
        except Exception as error:
            failure = self._target.dialect.classify(error)
            if isinstance(failure, Busy | Disconnected | Full):
                raise ConfigError(f"the target cannot be written to now: {error}. {GO_ON}") from error
            refusal = _refusal(failure)
            if refusal is None:
                raise
            if len(rows) == 1:
                raise ConfigError(f"the target refuses table {part.name}, key {after!r}: {refusal}") from error
        else:
            notes.wrote(name, after, len(rows))
            self._progress.advance(len(rows))
            return
        half = len(rows) // 2
        await self._write(part, name, key, write, notes, rows[:half])
        await self._write(part, name, key, write, notes, rows[half:])

    def _count_on(self, found: Mapping[str, State], connection: sa.Connection) -> None:
        for part in self._parts:
            go_on_after(connection, part.table, found[part.name].last_key or 0)

    def _finish(self, connection: sa.Connection) -> None:
        """The last thing that happens: from now on the target is whole."""
        steps = compare(connection, self._tables)
        if steps:
            raise ConfigError([f"the target is not as declared: {step.description}" for step in steps])
        forget_notes(connection)


_Write = Callable[[sa.Connection, Sequence[Row]], None]


def _refusal(failure: Failure | None) -> str | None:
    """Why a row is refused; None for what has nothing to do with a row. It tells no value: some are secret."""
    match failure:
        case Unique(columns=columns, index=index):
            return f"another row has the same value where it has to be unique ({index or ', '.join(columns)})"
        case ForeignKey():
            return "it refers to something that is not there"
        case NotNull(column=column):
            return f"{column} has no value"
        case Unstorable():
            return "a value is too large for a column or its index"
    return None


def _executing(sql: str, given: Callable[[Row], Row | None]) -> _Write:
    """Executes a statement for the values that are given for each row, if there are any."""

    def write(connection: sa.Connection, rows: Sequence[Row]) -> None:
        values = [row for row in map(given, rows) if row is not None]
        if values:
            connection.exec_driver_sql(sql, values)

    return write
