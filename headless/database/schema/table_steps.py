"""Steps about tables: made, dropped, called otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from headless.database.schema.change import Change
from headless.database.schema.state import Column, State, Table
from headless.database.schema.step import ALLOW, Step, Tables, found


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
        state[self.to] = found(state, self.table)
        del state[self.table]
        for name, table in state.items():
            state[name] = table.with_columns(
                {key: _pointing(column, self.table, self.to) for key, column in table.columns.items()}
            )

    def back(self) -> Step:
        return RenameTable(self.to, self.table)

    def data(self) -> dict[str, Any]:
        return {"table": self.table, "to": self.to}


def _pointing(column: Column, old: str, new: str) -> Column:
    if column.references is None or column.references[0] != old:
        return column
    return replace(column, references=(new, *column.references[1:]))
