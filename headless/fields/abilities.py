"""What only some field types can do, as optional protocols: contain others, refer to documents, name a document.

Whoever needs an ability asks for it; nobody asks which type a field is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import sqlalchemy as sa

Change = Callable[[dict[str, Any]], dict[str, Any] | None]
"""What becomes of a part of a value; None takes it out."""
PartRows = tuple[Any, sa.ColumnElement[bool] | None]
"""A table, in SQL, whose column `value` has the parts of a value, with what tells them from its other rows."""


class Writer(Protocol):
    """The walk over a document that is being written, as a container sees it."""

    async def fill(
        self, plan: Any, data: Mapping[str, Any], stored: Mapping[str, Any] | None, path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        """First pass: values read, access asked, defaults and stored values put in."""

    async def finish(
        self, plan: Any, data: dict[str, Any], stored: Mapping[str, Any] | None, path: tuple[str | int, ...], label: str
    ) -> None:
        """Second pass: hooks before the change and validation, in place."""

    def new_row_id(self) -> str:
        """A fresh id for a row."""

    def fail(self, path: tuple[str | int, ...], label: str, message: str) -> None:
        """Notes what is wrong at a path, where no field is there to say it."""


@runtime_checkable
class Resolvable(Protocol):
    """A declaration in which others may be named that are declared elsewhere."""

    def resolved(self, library: Mapping[str, Any]) -> Any:
        """A copy with those put in, by their names; itself when nothing is named."""


@runtime_checkable
class Referring(Protocol):
    """A field whose value is a reference to a document, several of them, or has references in it."""

    @property
    def bare(self) -> bool:
        """Whether a value is an id by itself."""

    @property
    def polymorphic(self) -> bool:
        """Whether a value is a pair of `relationTo` and `value`, that queries reach by these names."""

    @property
    def max_depth(self) -> int | None:
        """How many levels from the document that was asked for references are shown as documents; None for all."""

    @property
    def populate_as_system(self) -> tuple[str, ...]:
        """The target's fields that are shown whatever its read rule says."""

    @property
    def when_gone(self) -> str:
        """What happens to a document when one that it refers to goes: `set_null`, `restrict` or `cascade`."""

    def reaches(self, collections: Iterable[Any]) -> tuple[str, ...]:
        """The slugs of the collections it may refer to, of those that are declared."""

    def targets(self, value: Any) -> Iterable[tuple[str, Any]]:
        """The (collection, id) pairs in a value."""

    def with_ids(self, value: Any, read: Callable[[str, Any], Any]) -> tuple[Any, list[Any]]:
        """The value with each id as `read(collection, id)` answers it, and what it answered None for."""

    def invalid(self, refused: Iterable[Any]) -> str:
        """The message for what `with_ids` refused, or for ids of documents that do not exist."""

    def replace(self, value: Any, found: Callable[[str, Any], Any]) -> Any:
        """The value with each target replaced by what `found` answers for it; dropped when it answers ABSENT."""


@runtime_checkable
class Identifying(Protocol):
    """A field that may be the id of a document, where it is declared under that name."""

    id_column: ClassVar[sa.types.TypeEngine[Any]]
    """The type of the column of an id."""
    id_rule: ClassVar[str]
    """What an id is, for whoever gave something else."""

    @property
    def id_schema(self) -> dict[str, Any]:
        """The JSON Schema of an id."""

    def read_id(self, given: Any) -> int | str | None:
        """The id that a value or a piece of a URL spells, or None for what cannot be one."""


@runtime_checkable
class Joining(Protocol):
    """A field whose value is the documents that refer to this one."""

    joined: tuple[str, ...]
    """The collections that they are documents of."""
    on: str
    """The path, in each of these collections, of the field that refers."""
    where: Mapping[str, Any] | None
    """Which of them are meant."""
    default_sort: Sequence[str]
    """Their order, unless a query says otherwise."""
    default_limit: int
    """How many are shown at once, unless a query says otherwise; 0 is all."""
    max_depth: int | None
    """How many levels from the document that was asked for they are shown as documents; None for all."""

    def targets(self, value: Any) -> Iterable[tuple[str, Any]]:
        """The (collection, id) pairs in a value."""

    def replace(self, value: Any, found: Callable[[str, Any], Any]) -> Any:
        """The value with each target replaced by what `found` answers for it."""

    def listed(self, found: Iterable[tuple[str, Any]]) -> list[Any]:
        """The (collection, id) pairs as the value has them."""


@runtime_checkable
class Containing(Protocol):
    """A field whose value is made of other fields' values."""

    flat: ClassVar[bool]
    """Whether the children have columns of their own (a group) or live in this field's JSON (rows)."""

    async def fill(self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...]) -> Any:
        """First pass over the parts of a value; `node.plan_of(part)` is the plan of one."""

    async def finish(
        self, writer: Writer, node: Any, value: Any, stored: Any, path: tuple[str | int, ...], label: str
    ) -> Any:
        """Second pass over the parts, in place."""

    def parts(self, value: Any) -> Iterable[dict[str, Any]]:
        """The mappings in a value that hold the children's values."""

    def with_parts(self, value: Any, change: Change) -> Any:
        """The value with what `change` makes of each of them in its place."""

    def part_rows(self, dialect: Any, value: sa.ColumnElement[Any]) -> PartRows:
        """The parts in SQL, where they live in this field's JSON."""
