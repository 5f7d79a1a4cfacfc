"""Steps as they stand in migrations: what each kind has to say, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from headless.database.schema.column_steps import AddColumn, ChangeColumn, DropColumn, RenameColumn
from headless.database.schema.state import Column, Table
from headless.database.schema.step import Step
from headless.database.schema.table_steps import CreateTable, DropTable, RenameTable
from headless.errors import ConfigError

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
