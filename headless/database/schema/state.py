"""Tables as plain data, in the words of no database: what a change of the schema leads from, and to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from headless.database.types import OrderedJson
from headless.errors import ConfigError

DERIVED: Final = "derived"
"""In a table's `info`: what it holds is made of other tables, so that a column nobody declares is no loss to leave."""
FILL: Final = "fill"
"""In the `info` of a table that is made of others: the function that writes its rows, given a connection."""
MADE_OF_IT: Final = "made of it"
"""In the `info` of a table: the names of those that may be made of it. One that is not declared is dropped."""
HOLDS: Final = "holds"
"""In the `info` of a column: what its values are, as `headless.database.schema.conversion` reads it."""
RENAMED_FROM: Final = "renamed from"
"""In the `info` of a table or column: the name that it had before."""
SLUGS: Final = "slugs"
"""In the `info` of a table that was renamed: what values called its collection, and what they call it now."""

Holds = Mapping[str, Any]
Key = tuple[str, str, str]
"""What a column refers to: a table, its column, and what happens on delete."""

_TYPES: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "text": sa.Text(),
    "integer": sa.Integer(),
    "small integer": sa.SmallInteger(),
    "flag": sa.SmallInteger().with_variant(sa.Boolean(), "postgresql"),
    "big integer": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "number": sa.Numeric().with_variant(sa.Double(), "postgresql"),
    "json": sa.JSON().with_variant(sa.Text(), "sqlite"),
    "ordered json": OrderedJson().with_variant(sa.Text(), "sqlite"),
}
_DESCRIBED: Final[WeakKeyDictionary[sa.Table, Table]] = WeakKeyDictionary()
"""The types that the platform's own fields have. Others go by their names in SQLAlchemy."""


def _spelled(type_: sa.types.TypeEngine[Any]) -> tuple[type, str]:
    """What tells types apart that look alike on one database."""
    return type(type_), type_.compile(dialect=_POSTGRESQL)


_POSTGRESQL: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_NAMES: Final = {_spelled(type_): name for name, type_ in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name of its type, what its values are, the `Key` that it refers to, its default as SQL.

    The values of an `automatic` one are made by the database.
    """

    type: str
    holds: Holds = field(default_factory=dict)
    references: Key | None = None
    default: str | None = None
    required: bool = False
    key: bool = False
    automatic: bool = False

    def data(self) -> dict[str, Any]:
        """The column as JSON has it, without what is not said."""
        said = {item.name: getattr(self, item.name) for item in fields(self)}
        said["references"] = list(self.references) if self.references else None
        return {name: value for name, value in said.items() if value}

    @classmethod
    def read(cls, data: Any) -> Column:
        """The column that `data` tells of. Raises ConfigError."""
        names = [item.name for item in fields(cls)]
        if not isinstance(data, Mapping) or "type" not in data or not set(data) <= set(names):
            raise ConfigError(f"a column says its type, and may say {', '.join(names[1:])}")
        references = data.get("references")
        return cls(**{**data, "references": tuple(references) if references else None})

    def engine_type(self) -> sa.types.TypeEngine[Any]:
        """The type as SQLAlchemy has it. Raises ConfigError for a name that it does not know."""
        found = _TYPES.get(self.type) or getattr(sa, self.type, None)
        if found is None:
            raise ConfigError(f"there is no type {self.type!r} of columns")
        return found() if isinstance(found, type) else found

    @property
    def is_json(self) -> bool:
        """Whether its values are kept as JSON."""
        return isinstance(self.engine_type(), sa.JSON)


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns by name, and whether the database never makes a key that there was before."""

    columns: Mapping[str, Column]
    counted: bool = False

    def data(self) -> dict[str, Any]:
        """The table as JSON has it."""
        columns = {name: column.data() for name, column in self.columns.items()}
        return {"counted": True, "columns": columns} if self.counted else {"columns": columns}

    @classmethod
    def read(cls, data: Any) -> Table:
        """The table that `data` tells of. Raises ConfigError."""
        if not isinstance(data["columns"], Mapping):
            raise ConfigError("the columns of a table are a mapping of names to columns")
        columns = {name: Column.read(column) for name, column in data["columns"].items()}
        return cls(columns, bool(data.get("counted")))

    def with_columns(self, columns: Mapping[str, Column]) -> Table:
        """The table with other columns."""
        return replace(self, columns=columns)

    @property
    def key(self) -> str:
        """The name of the primary key."""
        return next(name for name, column in self.columns.items() if column.key)


State = Mapping[str, Table]
"""Tables by name."""


def state_of(tables: Iterable[sa.Table]) -> State:
    """Declared tables as data, without those that are made of others."""
    return {table.name: described(table) for table in tables if not is_derived(table)}


def is_derived(table: sa.Table) -> bool:
    """Whether what a table holds is made of other tables."""
    return DERIVED in table.info or FILL in table.info


@dataclass(frozen=True, slots=True)
class Renames:
    """Names that were: of tables, of columns by (table, column), and what values called collections, old to new."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    slugs: Mapping[str, str] = field(default_factory=dict)


def renames_of(tables: Iterable[sa.Table]) -> Renames:
    """The names that declared tables and columns had before."""
    known = list(tables)
    columns = [(table, column) for table in known for column in table.columns if RENAMED_FROM in column.info]
    return Renames(
        {table.name: str(table.info[RENAMED_FROM]) for table in known if RENAMED_FROM in table.info},
        {(table.name, column.name): str(column.info[RENAMED_FROM]) for table, column in columns},
        dict(table.info[SLUGS] for table in known if SLUGS in table.info),
    )


def state_data(state: State) -> dict[str, Any]:
    """A state as JSON has it."""
    return {name: table.data() for name, table in state.items()}


def read_state(data: Mapping[str, Any]) -> dict[str, Table]:
    """The state that `data` tells of."""
    return {name: Table.read(table) for name, table in data.items()}


def built(name: str, table: Table, *, with_references: bool) -> sa.Table:
    """The table as SQLAlchemy has it, in metadata of its own; `with_references` includes its foreign keys."""
    metadata = sa.MetaData()
    made = sa.Table(name, metadata, sqlite_autoincrement=table.counted)
    for column_name, column in table.columns.items():
        made.append_column(built_column(column_name, column))
    for column_name, column in table.columns.items() if with_references else ():
        refer(made, column_name, column)
    return made


def built_column(name: str, column: Column) -> sa.Column[Any]:
    """The column as SQLAlchemy has it, without its foreign key."""
    return sa.Column(
        name,
        column.engine_type(),
        primary_key=column.key,
        autoincrement=column.automatic,
        nullable=not column.required and not column.key,
        server_default=None if column.default is None else sa.text(column.default),
    )


def refer(table: sa.Table, name: str, column: Column) -> None:
    """Gives a column of a built table its foreign key, if it has one."""
    if column.references is None:
        return
    target, key, action = column.references
    if target != table.name and target not in table.metadata.tables:
        sa.Table(target, table.metadata, sa.Column(key, column.engine_type(), primary_key=True))
    shown = None if action == "NO ACTION" else action
    table.c[name].append_foreign_key(sa.ForeignKey(f"{target}.{key}", ondelete=shown))


def described(table: sa.Table) -> Table:
    """A declared table as data."""
    known = _DESCRIBED.get(table)
    if known is None:
        known = _DESCRIBED[table] = _described(table)
    return known


def _described(table: sa.Table) -> Table:
    columns = {column.name: _column(column, column is table.autoincrement_column) for column in table.columns}
    return Table(columns, bool(table.dialect_options["sqlite"]["autoincrement"]))


def _column(column: sa.Column[Any], automatic: bool) -> Column:
    references = [
        (key.column.table.name, key.column.name, (key.ondelete or "NO ACTION").upper()) for key in column.foreign_keys
    ]
    return Column(
        type=_NAMES.get(_spelled(column.type)) or type(column.type).__name__,
        holds=column.info.get(HOLDS, {}),
        references=references[0] if references else None,
        default=_default(column),
        required=not column.nullable and not column.primary_key,
        key=column.primary_key,
        automatic=automatic,
    )


def _default(column: sa.Column[Any]) -> str | None:
    default = column.server_default
    if not isinstance(default, sa.DefaultClause):
        return None
    if isinstance(default.arg, str):
        return "'" + default.arg.replace("'", "''") + "'"
    return str(default.arg)
