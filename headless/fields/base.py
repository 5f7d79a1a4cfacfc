"""The contract of a field type: one class in one file that answers every question about itself.

Options, storage, validation and normalisation, operators, JSON Schema, the admin's widget, an example. What only some
types can do (children, references) is an optional protocol; nothing elsewhere asks which type a field is.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

import sqlalchemy as sa
from pydantic import BeforeValidator

from headless import operators
from headless.access import as_rules
from headless.database.types import OrderedJson
from headless.declaration import Bool, Frozen, Str, changed, declaration, empty, nested, thaw
from headless.errors import ConfigError
from headless.fields.abilities import Resolvable
from headless.fields.appearance import FieldAdmin
from headless.hooks import FIELD_HOOKS, as_hooks
from headless.names import is_field_name, words
from headless.operators import Operator

T = TypeVar("T")

REQUIRED = "This field is required."
INVALID = "This field has an invalid input."
JSON_TEXT: sa.types.TypeEngine[Any] = sa.JSON().with_variant(sa.Text(), "sqlite")
"""The column of a JSON value. On SQLite it must be text: a column called JSON would turn the text `5` into a number."""
ORDERED_JSON: sa.types.TypeEngine[Any] = OrderedJson().with_variant(sa.Text(), "sqlite")
"""The column of a JSON value with objects whose keys no declaration puts in order."""
RESERVED = frozenset({"__v", "salt", "hash", "file", "_rev", "_status", "_order"})

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Absent:
    """The value of a key that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(slots=True)
class FieldContext:
    """What a validator, a default or a condition is given: the write it belongs to and where it stands.

    `await matching(slug, ids, where)` answers those of the ids whose documents fulfil a where, whoever asks.
    `collections` are the declarations of all collections.
    """

    operation: str
    data: Mapping[str, Any]
    sibling_data: Mapping[str, Any]
    id: int | str | None = None
    user: Mapping[str, Any] | None = None
    path: tuple[str | int, ...] = ()
    previous_value: Any = None
    request: Any = None
    now: Callable[[], str] = str
    relation_to: str | None = None
    matching: Callable[[str, Iterable[Any], Mapping[str, Any]], Awaitable[set[Any]]] | None = None
    collections: Sequence[Any] = ()


Schema = dict[str, Any]
"""A JSON Schema, draft 2020-12."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What the schema of a value on the wire is composed with.

    `shown` tells an answer from a body. `parts` are the schemas of what a container's value is made of, by the kind of
    part, `""` where all are alike. `id` is the schema of a collection's ids; `target` that of what stands for a
    document: its id, and in an answer also the document, or of it the fields of these names.
    """

    shown: bool
    parts: Mapping[str, Schema]
    id: Callable[[str], Schema]
    target: Callable[[str, Sequence[str]], Schema]


@declaration
class Field:
    """Anything that stands in a `fields` list."""

    type: ClassVar[str]
    widget: ClassVar[str]
    level_key: ClassVar[str | None] = None
    """The key of a part that says of which kind it is, where there are several."""
    identifies: ClassVar[bool] = False
    """Whether the value says what the part around it is: it is shown whatever is selected."""

    admin: Annotated[Any, nested(FieldAdmin)] = FieldAdmin()
    custom: Frozen = None

    @property
    def children(self) -> Sequence[Field]:
        """The fields inside this one."""
        return ()

    @property
    def key(self) -> str | None:
        """The key that the value has in documents; None for what holds no value."""
        return None

    @property
    def companions(self) -> Sequence[DataField]:
        """Further fields that belong to this one. They stand behind it, at its level, as if they were declared."""
        return ()

    @property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        """The fields inside by kind of part: one kind, without a name, unless the field's parts differ."""
        return {"": self.children} if self.children else {}

    def level_of(self, part: Mapping[str, Any]) -> str:
        """The kind of one part of the value; one that is not in `levels` for a part that is of none."""
        if self.level_key is None:
            return ""
        kind = part.get(self.level_key)
        return kind if isinstance(kind, str) else ""

    @property
    def named(self) -> tuple[str, ...]:
        """The blocks that the field takes from the config's, by slug."""
        return ()

    def resolved(self, library: Mapping[str, Any]) -> Field:
        """The field with the blocks that are named in it, and in what it contains, put in."""
        return resolved_inside(self, library)

    def rename(self, label: str) -> str:
        """The label that the fields inside are shown under, after `label`."""
        return label

    def problems(self) -> Iterator[str]:
        """What is wrong with the declaration that a single option cannot know."""
        return iter(())


@declaration
class DataField(Field):
    """A field that holds a value under its name."""

    storage: ClassVar[sa.types.TypeEngine[Any]] = sa.Text()
    example: ClassVar[Any]
    secret: ClassVar[bool] = False
    many: ClassVar[bool] = False
    is_open: ClassVar[bool] = False
    """Whether queries may go on into the JSON that is the value."""
    holds: ClassVar[tuple[Any, ...]] = (str,)
    """The Python types of one value, where it is not JSON."""

    name: Str = dataclasses.field(kw_only=False)
    label: Str | Bool | None = None
    required: Bool = False
    unique: Bool = False
    index: Bool = False
    localized: Bool = False
    default_value: Frozen = None
    validate: Callable[..., Any] | None = None
    access: Annotated[Any, BeforeValidator(as_rules(("create", "read", "update")))] = dataclasses.field(
        default_factory=empty
    )
    hooks: Annotated[Any, BeforeValidator(as_hooks(FIELD_HOOKS))] = dataclasses.field(default_factory=empty)
    hidden: Bool = False
    virtual: Bool | Str = False
    save_to_jwt: Str | Bool = False
    renamed_from: Str | None = None

    @property
    def key(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The label, or words made of the name."""
        return self.label if isinstance(self.label, str) else words(self.name)

    @property
    def has_list(self) -> bool:
        """Whether the value is a list of scalars, each of which a query may match."""
        return False

    @property
    def is_stored(self) -> bool:
        """Whether the value is kept in the document's row; one that is not is made when the document is read."""
        return not self.virtual

    @property
    def leads(self) -> str | None:
        """The path from the document, through references, to the value that this field shows."""
        return self.virtual if isinstance(self.virtual, str) else None

    @property
    def is_json(self) -> bool:
        """Whether the column holds JSON text."""
        return isinstance(self.storage, sa.JSON) or self.has_list

    @property
    def column(self) -> sa.types.TypeEngine[Any]:
        """The type of the column that holds the value."""
        return JSON_TEXT if self.is_json and not isinstance(self.storage, sa.JSON) else self.storage

    @property
    def validators(self) -> tuple[Callable[..., Any], ...]:
        """What is asked of a value that `check` accepts, `(value, context)`; may be async."""
        return () if self.validate is None else (self.validate,)

    @property
    def uses(self) -> Sequence[str]:
        """The fields that the value is made of: names of fields beside it, or paths from the document."""
        return ()

    @property
    def wheres(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The wheres over collections that the declaration holds, each with the collection's slug."""
        return ()

    @property
    def operators(self) -> Mapping[str, Operator]:
        """The operators a query may use on one value of this field."""
        return operators.TEXT

    def problems(self) -> Iterator[str]:
        if not is_field_name(self.name):
            yield f"{self.type} field {self.name!r}: a name is letters, digits and underscores, not a digit first"
        elif self.name in RESERVED:
            yield f"{self.type} field {self.name!r}: this name is taken by the platform"
        if not self.is_stored and (self.unique or self.index or self.localized):
            yield f"{self.type} field {self.name!r}: what is not stored cannot be unique, indexed or localized"
        if self.unique and self.has_list:
            yield f"{self.type} field {self.name!r}: a list of values cannot be unique"

    @property
    def needed(self) -> bool:
        """Whether a new document has to be given a value."""
        return self.required and self.default_value is None

    def sample(self) -> Any:
        """The type's example where it suits the field's options, else None. A container has those of its children."""
        if self.levels or not self.is_stored:
            return None
        example = [self.example] if self.has_list and not isinstance(self.example, list) else self.example
        return example if self.check(example, FieldContext("create", {}, {})) is None else None

    def empty(self) -> Any:
        """The value of a document that was never given one."""
        return None

    def default(self, context: FieldContext) -> Any:
        """The default for a new document, or ABSENT. May be awaitable when the declaration gives an async function."""
        if self.default_value is None:
            return ABSENT
        if callable(self.default_value):
            return self.default_value(context)
        return thaw(self.default_value)

    def coerce(self, value: Any) -> Any:
        """The value as this type writes it, where that can be told; else unchanged, for `check` to refuse."""
        return value

    def check(self, value: Any, context: FieldContext) -> str | None:
        """What is wrong with a coerced value, or None."""
        return REQUIRED if self.required and (value is None or value == "") else None

    def for_copy(self, value: Any) -> Any:
        """The value of a unique field in a copy of the document; ABSENT, for its default, when none can be made."""
        return ABSENT

    def check_unasked(self, value: Any) -> str | None:
        """What is wrong with a coerced value that nobody was asked for, because a condition hides the field, or None.

        Such a value is not validated: only what would do harm is refused.
        """
        return None if self.fits(value) else INVALID

    def fits(self, value: Any) -> bool:
        """Whether a value can be stored and queried."""
        if value is None or (self.is_json and not self.has_list):
            return True
        items = value if self.has_list else [value]
        return isinstance(items, list) and all(type(item) in self.holds for item in items)

    def query_value(self, raw: Any) -> Any:
        """A raw value of a query as a stored one. Raises `operators.Never` when no stored value can equal it."""
        return self.coerce(raw)

    load: ClassVar[Callable[[Any], Any] | None] = None
    """Turns a column's value into the document's; None when they are the same."""

    def stored_schema(self) -> Schema:
        """The JSON Schema of a value that is there, as it is stored."""
        return {"type": "string"}

    def query_schema(self) -> Schema:
        """The JSON Schema of what queries compare one value with."""
        stored = self.stored_schema()
        single = stored.get("items", stored)
        return {key: single[key] for key in ("type",) if key in single}

    def wire_schema(self, wire: Wire) -> Schema:
        """The JSON Schema of a value that is there, as answers show it or as bodies give it.

        Containers compose it of their parts and references of their targets; for the others it is that of the stored
        value.
        """
        return self.stored_schema()


def as_fields(given: Any) -> tuple[Any, ...]:
    """Reads a list of fields, each followed by its companions."""
    if not isinstance(given, list | tuple):
        raise ConfigError("fields are a list")
    known = [field for field in given if isinstance(field, DataField)]
    return tuple(each for field in given for each in (field, *_absent_companions(field, known)))


def _absent_companions(field: Any, known: Sequence[DataField]) -> list[DataField]:
    """A list that was read before has them already."""
    companions = field.companions if isinstance(field, Field) else ()
    return [companion for companion in companions if companion not in known]


def check_fields(fields: Iterable[Field], place: str) -> list[str]:
    """Every mistake in a list of fields, with names that occur twice among those that share a level."""
    problems: list[str] = []
    seen: dict[str, int] = {}
    for field in same_level(fields):
        problems += [f"{place}: {problem}" for problem in field.problems()]
        if isinstance(field, DataField):
            seen[field.name] = seen.get(field.name, 0) + 1
            if seen[field.name] == 2:
                problems.append(f"{place}: two fields are called {field.name!r}")
            for level, inner in field.levels.items():
                problems += check_fields(inner, ".".join(part for part in (place, field.name, level) if part))
    return problems


def resolved_inside(declared: T, library: Mapping[str, Any]) -> T:
    """The declaration with everything in its lists resolved; itself when that changes nothing."""
    changes: dict[str, Any] = {}
    for option in dataclasses.fields(declared):  # type: ignore[arg-type]
        value = getattr(declared, option.name)
        if isinstance(value, tuple):
            made = tuple(item.resolved(library) if isinstance(item, Resolvable) else item for item in value)
            if any(one is not other for one, other in zip(made, value, strict=True)):
                changes[option.name] = made
    return changed(declared, **changes) if changes else declared


def every_field(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields, and all that are inside them."""
    for field in same_level(fields):
        yield field
        if isinstance(field, DataField):
            for inner in field.levels.values():
                yield from every_field(inner)


def same_level(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields and those inside the ones that only arrange them."""
    for field in fields:
        yield field
        if not isinstance(field, DataField):
            yield from same_level(field.children)


def clean_text(value: str) -> str | None:
    """What is wrong with a text that no database can hold, or None."""
    if "\x00" in value or _LONE_SURROGATE.search(value):
        return "This field has characters that cannot be stored."
    return None
