"""Steps about columns: added, dropped, called otherwise, holding something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headless.database.schema.change import Change
from headless.database.schema.conversion import keeps, renamed, without_was
from headless.database.schema.state import Column, State
from headless.database.schema.step import ALLOW, Step, Tables, found


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
        table = found(state, self.table)
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
        return f"column {self.place} is no longer declared: drop it with its values"

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
        table = found(state, self.table)
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
        table = found(state, self.table)
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
        table = found(state, self.table)
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
