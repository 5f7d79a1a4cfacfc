"""The course of a database through a project's migrations: where it is, forward, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from headless.clock import Clock
from headless.database import system
from headless.database.schema import memory
from headless.database.schema.catalog import catalog_of
from headless.database.schema.change import Change
from headless.database.schema.difference import difference
from headless.database.schema.finishing import Finish
from headless.database.schema.runner import begin, bring, compare, end, steps_to, take
from headless.database.schema.state import is_derived, renames_of, state_of
from headless.database.schema.step import Step
from headless.errors import ConfigError
from headless.migrations.files import Migration, state_after
from headless.names import did_you_mean


@dataclass(frozen=True)
class Standing:
    """Where a database is. `applied` tells when each migration was; the rest are names, and steps in words."""

    applied: dict[str, str]
    pending: list[str]
    changed: list[str]
    """Those whose file was changed since they were applied."""
    missing: list[str]
    """Those that were applied and have no file."""
    undeclared: list[str]
    """What is declared and in no migration; nothing where there are no migrations."""
    left: list[str]
    """What the database lacks of what is declared."""

    @property
    def is_behind(self) -> bool:
        """Whether the database is not as declared."""
        return bool(self.pending or self.left)


@dataclass
class Course:
    """A project's migrations, and the tables that it declares."""

    migrations: Sequence[Migration]
    tables: Sequence[sa.Table]
    clock: Clock = field(default_factory=Clock)

    def standing(self, connection: sa.Connection) -> Standing:
        """Where the database is."""
        applied = memory.applied(connection)
        known = {migration.name: migration.checksum for migration in self.migrations}
        return Standing(
            applied={name: at for name, (_, at) in applied.items()},
            pending=[name for name in known if name not in applied],
            changed=[name for name, (checksum, _) in applied.items() if known.get(name, checksum) != checksum],
            missing=[name for name in applied if name not in known],
            undeclared=_described(self.to_write()) if self.migrations else [],
            left=_described(compare(connection, self.tables)),
        )

    def is_new(self, connection: sa.Connection) -> bool:
        """Whether the database has nothing yet that could be behind."""
        found = catalog_of(connection).tables()
        return not memory.applied(connection) and not any(table.name in found for table in self.tables)

    def to_write(self) -> list[Step]:
        """The steps from what the migrations lead to, to what is declared."""
        return difference(state_after(self.migrations), state_of(self.tables), renames_of(self.tables))

    def up(
        self, connection: sa.Connection, *, to: str | None = None, may_lose: bool = False, freely: bool = False
    ) -> list[str]:
        """Takes what is pending, up to `to` or until all is as declared. Answers what it did, in words.

        Where there are no migrations, and where it acts `freely`, the database is also brought to what no migration
        leads to. Raises ConfigError when that cannot be, or a step is refused: then nothing may be committed.
        """
        catalog_of(connection).lock()
        if not self.migrations:
            return _described(bring(connection, self.tables, may_lose=may_lose))
        pending = self._pending(connection, to)
        if to is None and not freely:
            self._refuse_undeclared()
        found = compare(connection, self.tables)
        change = begin(connection, self.tables, may_lose=may_lose)
        for migration in pending:
            _telling(migration, migration.up, change)
            self._note(connection, migration)
        told = [migration.name for migration in pending]
        if to is not None:
            self._remember(change)
        elif pending or found:
            rest = [step for step in steps_to(change.state, self.tables) if freely]
            take(change, rest)
            end(change, self.tables)
            told += _described([*rest, *(step for step in found if isinstance(step, Finish))])
        return told

    def down(self, connection: sa.Connection, *, to: str | None = None, may_lose: bool = False) -> list[str]:
        """Takes back the migration that was applied last, or all those after `to`. Answers their names."""
        catalog_of(connection).lock()
        change = begin(connection, self.tables, may_lose=may_lose)
        back = self._to_take_back(connection, to)
        for migration in back:
            _telling(migration, migration.down, change)
            table = system.migrations
            connection.execute(sa.delete(table).where(table.c.name == migration.name))
        if back:
            self._remember(change)
        return [migration.name for migration in back]

    def _refuse_undeclared(self) -> None:
        left = _described(self.to_write())
        if left:
            raise ConfigError([*(f"in no migration yet: {text}" for text in left), "run: headless migrate create NAME"])

    def _pending(self, connection: sa.Connection, to: str | None) -> list[Migration]:
        standing = self.standing(connection)
        if standing.changed:
            remedy = "put it back, and say the rest in a new migration"
            raise ConfigError([f"{name} was changed since it was applied: {remedy}" for name in standing.changed])
        names = [migration.name for migration in self.migrations]
        wanted = names if to is None else names[: _place(to, names) + 1]
        return [migration for migration in self.migrations if migration.name in {*wanted} & {*standing.pending}]

    def _to_take_back(self, connection: sa.Connection, to: str | None) -> list[Migration]:
        applied = list(memory.applied(connection))
        known = {migration.name: migration for migration in self.migrations}
        back = applied[-1:] if to is None else applied[_place(to, applied) + 1 :]
        missing = [name for name in back if name not in known]
        if missing:
            raise ConfigError([f"{name} cannot be taken back: its file is not there" for name in missing])
        return [known[name] for name in reversed(back)]

    def _note(self, connection: sa.Connection, migration: Migration) -> None:
        row = {"name": migration.name, "checksum": migration.checksum, "applied_at": self.clock.text()}
        connection.execute(sa.insert(system.migrations).values(row))

    def _remember(self, change: Change) -> None:
        found = change.catalog.tables()
        derived = [table.name for table in self.tables if is_derived(table) and table.name in found]
        memory.write(change.connection, change.state, derived)


def _telling(migration: Migration, call: Callable[[Change], None], change: Change) -> None:
    """Calls; what is refused is told with the migration's name."""
    try:
        call(change)
    except ConfigError as error:
        raise ConfigError([f"{migration.name}: {problem}" for problem in error.problems]) from error


def _described(steps: Sequence[Step | Finish]) -> list[str]:
    return [step.description for step in steps if not step.idle and (isinstance(step, Step) or not step.quiet)]


def _place(name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise ConfigError(f"there is no migration {name!r} here{did_you_mean(name, names)}")
    return names.index(name)
