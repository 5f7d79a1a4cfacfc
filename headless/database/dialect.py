"""What differs between databases, behind one seam: how JSON, lists and case are said, what errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from headless.errors import BadRequest, Unavailable


@dataclass(frozen=True, slots=True)
class Unique:
    """Two rows would hold the same value. Either the columns are known or the name of the index."""

    table: str | None = None
    columns: tuple[str, ...] = ()
    index: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference points to nothing, or something still points to what was to be deleted."""


@dataclass(frozen=True, slots=True)
class NotNull:
    """A column that must have a value was given none."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Another process held the database for too long."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection to the server was lost, or there is none."""


@dataclass(frozen=True, slots=True)
class Full:
    """There is no room left to write to, or writing is not allowed."""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """The database is damaged, or is not one."""


@dataclass(frozen=True, slots=True)
class Unstorable:
    """A value that no column can hold, such as half a surrogate pair or an integer of 5,000 digits."""


Failure = Unique | ForeignKey | NotNull | Busy | Disconnected | Full | Corrupt | Unstorable


Step = tuple[bool, sa.BindParameter[Any]]
"""A step of a path that a query goes inside JSON: whether it may be a place in a list, and the key."""

Holds = Callable[[Mapping[str, sa.ColumnElement[Any]], Mapping[str, sa.ColumnElement[Any]]], sa.ColumnElement[Any]]


class Dialect(Protocol):
    """How one kind of database says what the platform needs to say."""

    @property
    def name(self) -> str:
        """`sqlite` or `postgresql`."""

    @property
    def sqlalchemy(self) -> sa.Dialect:
        """The dialect that statements and schema are compiled by."""

    def json_value(
        self, column: sa.ColumnElement[Any], path: Sequence[str], type_: sa.types.TypeEngine[Any] | None = None
    ) -> sa.ColumnElement[Any]:
        """The value at a path of a JSON column, in the one form that an index on it serves. Raises ValueError.

        `type_` is that of the column which would hold the value by itself, text unless it is given. A value of
        another type may be NULL. An empty path leads to the value that the JSON is.
        """

    def json_part(self, column: sa.ColumnElement[Any], path: Sequence[str]) -> sa.ColumnElement[Any]:
        """The JSON text of the value at a path, which for a text is not the text itself."""

    def json_inside(
        self, json: sa.ColumnElement[Any], steps: Sequence[Step], holds: Holds | None
    ) -> sa.ColumnElement[Any]:
        """Whether one of the values at a path inside a JSON text fulfils `holds`, or is not null when that is None.

        `holds` is given a value that is no list or object, as one of each kind (`text`, `number`, `flag`), and by kind
        whether it is one.
        """

    def json_rows(self, column: sa.ColumnElement[Any], name: str | None = None) -> sa.TableValuedAlias:
        """The items of a JSON array as rows: their JSON as `value`, and `key`, by which they are in order."""

    def json_blocks(self, column: sa.ColumnElement[Any]) -> tuple[sa.TableValuedAlias, sa.ColumnElement[bool] | None]:
        """The fields of the blocks of a rich text as rows with a column `value`.

        With what holds of these rows alone, where there are others among them.
        """

    def in_list(self, column: sa.ColumnElement[Any], parameter: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        """Whether the column is one of the values of a list bound as one parameter, made by `encode_list`."""

    def ordered(self, value: sa.ColumnElement[Any], *, descending: bool) -> sa.ColumnElement[Any]:
        """The value in ORDER BY, with NULL first in ascending order, as indexes have it; text by code point."""

    def comparable(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The value as DISTINCT can tell it from others: JSON by its text."""

    def fold(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The column as text in lower case, by the same rule as in memory."""

    def insert_new(self, table: sa.Table, row: Mapping[str, sa.BindParameter[Any]]) -> sa.Insert:
        """Inserts the row unless one with its key is there."""

    def written(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The text of a rich text, by the same rule as in memory."""

    def distance(self, column: sa.ColumnElement[Any], point: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        """Metres between the point that the column holds as JSON and one bound as JSON; NULL without a point."""

    def inside(
        self, column: sa.ColumnElement[Any], polygons: sa.BindParameter[Any], edges: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        """1 when the column's point lies in polygons bound as JSON, else 0; `edges` says if theirs count."""

    def encode_list(self, values: Iterable[Any]) -> Any:
        """A list as the value of one parameter."""

    def classify(self, error: BaseException) -> Failure | None:
        """What the driver's error means; None when it means a mistake in the program."""


def public_error(dialect: Dialect, error: BaseException) -> BaseException:
    """The error to raise for one of the driver's: with a status if the program is not at fault."""
    match dialect.classify(error):
        case Busy() | Disconnected():
            public: Exception = Unavailable()
        case Full():
            public = Unavailable("The server cannot store anything now.")
        case Unstorable():
            public = BadRequest("A value is too large, or is text that cannot be stored.")
        case _:
            return error
    public.__cause__ = error
    return public
