"""How a collection names its documents: counted by the database, by UUIDs, or by a field declared for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import sqlalchemy as sa

from headless.compile.plan import Node, Plan
from headless.errors import ConfigError
from headless.fields.abilities import Identifying
from headless.fields.number import whole
from headless.operators import Never

LARGEST_ID = 2**63 - 1

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)

Id = int | str


class Ids(Protocol):
    """What a collection's ids are."""

    @property
    def kind(self) -> str:
        """Collections of one kind read ids alike."""

    @property
    def column(self) -> sa.types.TypeEngine[Any]:
        """The type of the column that holds an id, here and in references."""

    @property
    def counted(self) -> bool:
        """Whether the database makes them, and never the same again."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of an id."""

    def read(self, given: Any) -> Id | None:
        """An id as the collection writes ids, or None for what cannot be one."""

    def query_value(self, raw: Any) -> Any:
        """A value of a query that ids are compared with. Raises Never and BadRequest."""

    def columns(self, document: dict[str, Any], new_uuid: Callable[[], str]) -> dict[str, Any]:
        """What a new document's row is given as its id: nothing where the database counts."""

    def keep(self, document: dict[str, Any], id: Id) -> None:
        """Sets right what hooks made of the id of a stored document."""


class _Generated:
    """Ids that nobody chooses: one that hooks put into a document is nothing."""

    def keep(self, document: dict[str, Any], id: Id) -> None:
        document.pop("id", None)


class IntegerIds(_Generated):
    """Numbers from 1 on. One that was deleted never returns."""

    kind: ClassVar[str] = "integer"
    column: ClassVar[sa.types.TypeEngine[Any]] = sa.Integer()
    counted: ClassVar[bool] = True
    schema: ClassVar[Mapping[str, Any]] = {"type": "integer"}

    def read(self, given: Any) -> int | None:
        id = given if type(given) is int else whole(given)
        return id if id is not None and 0 <= id <= LARGEST_ID else None

    def query_value(self, raw: Any) -> Any:
        value = whole(raw)
        if value is None or abs(value) > LARGEST_ID:
            raise Never
        return value

    def columns(self, document: dict[str, Any], new_uuid: Callable[[], str]) -> dict[str, Any]:
        document.pop("id", None)
        return {}


class UuidIds(_Generated):
    """UUIDs of version 7, as text in lower case. Later ones are greater."""

    kind: ClassVar[str] = "uuid"
    column: ClassVar[sa.types.TypeEngine[Any]] = sa.Text()
    counted: ClassVar[bool] = False
    schema: ClassVar[Mapping[str, Any]] = {"type": "string", "format": "uuid"}

    def read(self, given: Any) -> str | None:
        id = given.lower() if isinstance(given, str) else ""
        return id if _UUID.fullmatch(id) else None

    def query_value(self, raw: Any) -> Any:
        if not isinstance(raw, str):
            raise Never
        return raw.lower()

    def columns(self, document: dict[str, Any], new_uuid: Callable[[], str]) -> dict[str, Any]:
        document.pop("id", None)
        return {"id": new_uuid()}


class DeclaredIds:
    """What the declared `id` field says. It is given when a document is created, and stays."""

    counted: ClassVar[bool] = False

    def __init__(self, field: Any) -> None:
        self.kind = f"declared {field.type}"
        self.column: sa.types.TypeEngine[Any] = field.id_column
        self.schema: Mapping[str, Any] = field.id_schema
        self.read: Callable[[Any], Id | None] = field.read_id
        self.query_value: Callable[[Any], Any] = field.query_value

    def columns(self, document: dict[str, Any], new_uuid: Callable[[], str]) -> dict[str, Any]:
        return {"id": document["id"]}

    def keep(self, document: dict[str, Any], id: Id) -> None:
        document["id"] = id


GENERATED: Mapping[str, type[IntegerIds | UuidIds]] = {"integer": IntegerIds, "uuid": UuidIds}


def make_ids(plan: Plan, place: str, own: str | None, default: str) -> Ids:
    """The ids of a collection with this plan, whose declared field for them becomes theirs. Raises ConfigError.

    `own` is the collection's `id_type`, `default` that of the application.
    """
    node = plan.by_key.get("id")
    if node is None:
        return GENERATED[own or default]()
    problems = list(_problems(node))
    if own is not None:
        problems.append("id_type is for collections that do not declare their id")
    if problems:
        raise ConfigError([f"{place}, field 'id': {problem}" for problem in problems])
    _become_id(node)
    return DeclaredIds(node.field)


def _problems(node: Node) -> list[str]:
    """Why a field cannot hold the id: it has to be there, one scalar, and the same for everybody."""
    field = node.field
    if not isinstance(field, Identifying) or field.has_list:
        return ["an id is a text or a number"]
    wrong = {
        "localized": field.localized,
        "hidden": field.hidden,
        "virtual": not field.is_stored,
        "access.read": "read" in field.access,
        "hooks.after_read": "after_read" in field.hooks,
        "admin.condition": bool(node.conditions),
    }
    return [f"{option} is not for an id, which every document shows" for option, given in wrong.items() if given]


def _become_id(node: Node) -> None:
    field: Any = node.field

    def is_id(value: Any, context: Any) -> Any:
        return True if field.read_id(value) is not None else field.id_rule

    node.field = replace(field, required=True, unique=True, index=False)
    node.validators = (is_id, *field.validators)
    node.column = "id"
    node.is_id, node.plain = True, False
