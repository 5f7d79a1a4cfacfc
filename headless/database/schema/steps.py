"""The steps that a change of the schema consists of: data that can be read, reviewed, taken, and taken back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from headless.database.schema.change import Change
from headless.database.schema.conversion import keeps, renamed, without_was
from headless.database.schema.state import Column, State, Table
from headless.errors import ConfigError

Tables = dict[str, Table]

ALLOW: Final = "say --allow-destructive to headless migrate"


@dataclass(frozen=True)
class Step(ABC):
    """One step. A `destructive` one loses values or cannot be taken; `remedy` says what else can be done."""

    kind: ClassVar[str]
    table: str

    @property
    @abstractmethod
    def description(self) -> str:
        """The step in words."""

    @property
    def destructive(self) -> bool:
        """Whether values are lost for good, so that it is only taken when that is allowed."""
        return False

    @property
    def impossible(self) -> bool:
        """Whether it cannot be taken at all."""
        return False

    @property
    def idle(self) -> bool:
        """Whether a database can be used as well before it as after it."""
        return False

    @property
    def remedy(self) -> str:
        """What to do where the step is not taken."""
        return ""

    @abstractmethod
    def is_taken(self, state: State) -> bool:
        """Whether nothing of it is left to do, because `headless dev` did it before."""

    @abstractmethod
    def take(self, change: Change) -> None:
        """Does it."""

    def follow(self, change: Change) -> None:  # noqa: B027 - most have nothing left to do
        """What is left to do when every step has been taken."""

    @abstractmethod
    def fold(self, state: Tables) -> None:
        """Puts into a state what the step changes."""

    @abstractmethod
    def back(self) -> Step:
        """The step that takes it back."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """What `read_step` makes the step of again, without its kind."""


@dataclass(frozen=True)
class CreateTable(Step):
    """A table that there was not."""

    kind = "create_table"
    made: Table

    @property
    def description(self) -> str:
        return f"create table {self.table}"

    def is_taken(self, state: State) -> bool:
        return self.table in state

    def take(self, change: Change) -> None:
        change.create_table(self.table, self.made)

    def follow(self, change: Change) -> None:
        change.refer(self.table, self.made)

    def fold(self, state: Tables) -> None:
        state[self.table] = self.made

    def back(self) -> Step:
        return DropTable(self.table, self.made)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, **self.made.data()}


@dataclass(frozen=True)
class DropTable(Step):
    """A table that is no longer declared."""

    kind = "drop_table"
    made: Table

    @property
    def description(self) -> str:
        return f"drop table {self.table}, with its rows"

    @property
    def destructive(self) -> bool:
        return True

    @property
    def remedy(self) -> str:
        return ALLOW

    def is_taken(self, state: State) -> bool:
        return self.table not in state

    def take(self, change: Change) -> None:
        change.drop_table(self.table)

    def fold(self, state: Tables) -> None:
        state.pop(self.table, None)

    def back(self) -> Step:
        return CreateTable(self.table, self.made)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, **self.made.data()}


@dataclass(frozen=True)
class RenameTable(Step):
    """A table that has another name now."""

    kind = "rename_table"
    to: str

    @property
    def description(self) -> str:
        return f"rename table {self.table} to {self.to}"

    def is_taken(self, state: State) -> bool:
        return self.table not in state and self.to in state

    def take(self, change: Change) -> None:
        change.rename_table(self.table, self.to)

    def fold(self, state: Tables) -> None:
        state[self.to] = _found(state, self.table)
        del state[self.table]
        for name, table in state.items():
            state[name] = table.with_columns(
                {key: _pointing(column, self.table, self.to) for key, column in table.columns.items()}
            )

    def back(self) -> Step:
        return RenameTable(self.to, self.table)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, "to": self.to}


@dataclass(frozen=True)
class ColumnStep(Step):
    """A step about one column."""

    column: str

    @property
    def place(self) -> str:
        """The column as messages call it."""
        return f"{self.table}.{self.column}"

    def _has(self, state: State, column: str) -> bool:
        return self.table in state and column in state[self.table].columns


@dataclass(frozen=True)
class AddColumn(ColumnStep):
    """A column that there was not."""

    kind = "add_column"
    made: Column

    @property
    def description(self) -> str:
        return f"add column {self.place}"

    @property
    def impossible(self) -> bool:
        return bool(self.remedy)

    @property
    def destructive(self) -> bool:
        return self.impossible

    @property
    def remedy(self) -> str:
        if self.made.key:
            return "a table cannot get another primary key: make a new collection and copy the documents"
        if self.made.required and self.made.default is None:
            return "the rows that are there would have no value: make it optional, or give it a default"
        if self.made.references is not None and self.made.default is not None:
            return "a reference cannot be added with a default value: leave the default out"
        return ""

    def is_taken(self, state: State) -> bool:
        return self._has(state, self.column)

    def take(self, change: Change) -> None:
        change.add_column(self.table, self.column, self.made)

    def fold(self, state: Tables) -> None:
        table = _found(state, self.table)
        state[self.table] = table.with_columns({**table.columns, self.column: self.made})

    def back(self) -> Step:
        return DropColumn(self.table, self.column, self.made)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, "column": self.column, **self.made.data()}


@dataclass(frozen=True)
class DropColumn(ColumnStep):
    """A column that is no longer declared."""

    kind = "drop_column"
    made: Column

    @property
    def description(self) -> str:
        return f"drop column {self.place}, with its values"

    @property
    def destructive(self) -> bool:
        return True

    @property
    def remedy(self) -> str:
        return f"put the field back, say what it is called now (renamed_from), or {ALLOW}"

    def is_taken(self, state: State) -> bool:
        return self.table in state and not self._has(state, self.column)

    def take(self, change: Change) -> None:
        change.drop_column(self.table, self.column)

    def fold(self, state: Tables) -> None:
        table = _found(state, self.table)
        kept = {name: column for name, column in table.columns.items() if name != self.column}
        state[self.table] = table.with_columns(kept)

    def back(self) -> Step:
        return AddColumn(self.table, self.column, self.made)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, "column": self.column, **self.made.data()}


@dataclass(frozen=True)
class RenameColumn(ColumnStep):
    """A column that has another name now."""

    kind = "rename_column"
    to: str

    @property
    def description(self) -> str:
        return f"rename column {self.place} to {self.to}"

    def is_taken(self, state: State) -> bool:
        return self._has(state, self.to) and not self._has(state, self.column)

    def take(self, change: Change) -> None:
        change.rename_column(self.table, self.column, self.to)

    def fold(self, state: Tables) -> None:
        table = _found(state, self.table)
        columns = {self.to if name == self.column else name: column for name, column in table.columns.items()}
        state[self.table] = table.with_columns(columns)

    def back(self) -> Step:
        return RenameColumn(self.table, self.to, self.column)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, "column": self.column, "to": self.to}


@dataclass(frozen=True)
class ChangeColumn(ColumnStep):
    """A column that holds something else now. `values` maps texts that were to those that take their place."""

    kind = "change_column"
    key: str
    old: Column
    new: Column
    values: Mapping[str, Any] = field(default_factory=dict)

    def _can_be_told(self, value: Any) -> bool:
        """Whether what was put in place of a value was nowhere before, so that it can be put back."""
        return value not in self.old.holds.get("options", ()) and list(self.values.values()).count(value) == 1

    @property
    def made(self) -> Column:
        """The column as it is afterwards."""
        return replace(self.new, holds=without_was(self.new.holds))

    @property
    def description(self) -> str:
        if self.old == self.new:
            return f"column {self.place} is declared to be counted, and has been chosen so far"
        return f"change column {self.place} from {_words(self.old)} to {_words(self.new)}"

    @property
    def impossible(self) -> bool:
        return bool(self.remedy)

    @property
    def destructive(self) -> bool:
        return self.impossible

    @property
    def idle(self) -> bool:
        alike = replace(self.old, holds={}) == replace(self.new, holds={})
        return alike and not self.values and keeps(self.old.holds, self.new.holds)

    @property
    def remedy(self) -> str:
        if self.old.key or self.new.key:
            return (
                "documents are referred to by their ids, here, in URLs and in log-ins: make a new collection and copy "
                "the documents, or undo the declaration"
            )
        if self.new.required and not self.old.required:
            return "a column cannot become required: add one with a default, or undo the declaration"
        return ""

    def is_taken(self, state: State) -> bool:
        return self._has(state, self.column) and state[self.table].columns[self.column] == self.made

    def take(self, change: Change) -> None:
        change.change_column(self.table, self.column, self.key, self.old, self.new, self.values)

    def fold(self, state: Tables) -> None:
        table = _found(state, self.table)
        state[self.table] = table.with_columns({**table.columns, self.column: self.made})

    def back(self) -> Step:
        now, before = renamed(self.old.holds, self.new.holds)
        old, new = replace(self.new, holds=now), replace(self.old, holds=before)
        values = {str(value): was for was, value in self.values.items() if self._can_be_told(value)}
        return ChangeColumn(self.table, self.column, self.key, old, new, values)

    def data(self) -> dict[str, Any]:
        said = {"table": self.table, "column": self.column, "from": self.old.data(), "to": self.new.data()}
        more = {"key": self.key if self.key != "id" else None, "values": dict(self.values)}
        return {**said, **{name: value for name, value in more.items() if value}}


_COLUMN: Final = frozenset({"type", "holds", "references", "default", "required", "key", "automatic"})
_KEYS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "create_table": (frozenset({"table", "columns"}), frozenset({"counted"})),
    "drop_table": (frozenset({"table", "columns"}), frozenset({"counted"})),
    "rename_table": (frozenset({"table", "to"}), frozenset()),
    "add_column": (frozenset({"table", "column", "type"}), _COLUMN),
    "drop_column": (frozenset({"table", "column", "type"}), _COLUMN),
    "rename_column": (frozenset({"table", "column", "to"}), frozenset()),
    "change_column": (frozenset({"table", "column", "from", "to"}), frozenset({"key", "values"})),
}
"""What each kind of step has to say, and may say."""


def step_data(step: Step) -> dict[str, Any]:
    """A step as it stands in a migration: its kind, and under it what it says."""
    return {step.kind: step.data()}


def read_step(given: Any) -> Step:
    """The step that a migration tells of. Raises ConfigError."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise ConfigError(f"a step is its kind and what it does, as in 'add_column: {{…}}', not {given!r}")
    ((kind, data),) = given.items()
    if kind not in _KEYS:
        raise ConfigError(f"there is no step {kind!r}; there are {', '.join(_KEYS)}")
    needed, more = _KEYS[kind]
    if not isinstance(data, Mapping) or not needed <= set(data) <= needed | more:
        also = f", and may say {', '.join(sorted(more - needed))}" if more else ""
        raise ConfigError(f"a step {kind} says {', '.join(sorted(needed))}{also}")
    read: Step = _READ[kind](dict(data))
    return read


def _read_change(data: dict[str, Any]) -> Step:
    old, new = Column.read(data["from"]), Column.read(data["to"])
    return ChangeColumn(data["table"], data["column"], data.get("key", "id"), old, new, data.get("values", {}))


def _column_of(data: dict[str, Any]) -> tuple[str, str, Column]:
    return data.pop("table"), data.pop("column"), Column.read(data)


_READ: Final[Mapping[str, Any]] = {
    "create_table": lambda data: CreateTable(data["table"], Table.read(data)),
    "drop_table": lambda data: DropTable(data["table"], Table.read(data)),
    "rename_table": lambda data: RenameTable(data["table"], data["to"]),
    "add_column": lambda data: AddColumn(*_column_of(data)),
    "drop_column": lambda data: DropColumn(*_column_of(data)),
    "rename_column": lambda data: RenameColumn(data["table"], data["column"], data["to"]),
    "change_column": _read_change,
}


def _found(state: Tables, name: str) -> Table:
    if name not in state:
        raise ConfigError(f"there is no table {name!r} at this place in the migrations")
    return state[name]


def _pointing(column: Column, old: str, new: str) -> Column:
    if column.references is None or column.references[0] != old:
        return column
    return replace(column, references=(new, *column.references[1:]))


def _words(column: Column) -> str:
    """What a column holds, in a few words."""
    holds = column.holds
    kind = "rows" if "rows" in holds else str(holds.get("type") or column.type)
    parts = [f"a list of {kind}" if holds.get("many") else kind]
    parts += [f"in {form} form" for form in [holds.get("format")] if form]
    parts += [f"of {len(options)} options" for options in [holds.get("options")] if options]
    parts += [f"to {', '.join(targets)}" for targets in [holds.get("to")] if targets]
    parts += ["by locale"] * ("localized" in holds) + ["required"] * column.required
    if column.references is not None:
        parts.append(f"(on delete {column.references[2].lower()})")
    return " ".join(parts)
