"""The declaration of a collection: documents of one shape, with who may do what and what happens when they do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from headless.access import as_rules
from headless.auth import Auth
from headless.declaration import Bool, Frozen, Int, Names, Str, declaration, each, empty, nested
from headless.endpoint import Endpoint
from headless.errors import ConfigError
from headless.fields.base import Field, as_fields, check_fields
from headless.hooks import COLLECTION_HOOKS, as_hooks
from headless.labels import Labels
from headless.names import did_you_mean, is_slug, plural, singular, words

IdType = Literal["integer", "uuid"]
ID_TYPES: tuple[str, ...] = get_args(IdType)
OPERATIONS = ("create", "read", "update", "delete", "admin", "unlock")
RESERVED_SLUGS = frozenset(
    {"globals", "access", "reorder", "graphql", "stream-ticket", "openapi.json", "docs", "health"}
)


def as_endpoint(given: Any) -> Any:
    return Endpoint(**given) if isinstance(given, Mapping) else given


def as_endpoints(given: Any) -> Any:
    """Reads a list of endpoints; `false` says that there are none, the generated ones neither."""
    if given is False:
        return False
    return tuple(as_endpoint(item) for item in (given if isinstance(given, list | tuple) else (given,)))


def as_index(given: Any) -> Any:
    if isinstance(given, Mapping):
        return Index(**given)
    if not isinstance(given, Index):
        raise ConfigError(f"{given!r} is not an index: give a mapping with `fields`, and `unique` or not")
    return given


def as_id_type(given: Any) -> Any:
    if given is not None and given not in ID_TYPES:
        raise ConfigError(f"{given!r} is not a type of ids{did_you_mean(str(given), ID_TYPES)}: {', '.join(ID_TYPES)}")
    return given


def as_auth(given: Any) -> Any:
    if given is True:
        return Auth()
    if isinstance(given, Mapping):
        return Auth(**given)
    if given is not None and given is not False and not isinstance(given, Auth):
        raise ConfigError(f"auth is true, false or options, not {given!r}")
    return given or None


@declaration
class Pagination:
    """Rows on a page of the admin's list: the default, and the choices."""

    default_limit: Int = 10
    limits: Annotated[Sequence[Int], each(lambda item: item)] = (5, 10, 25, 50, 100)


@declaration
class CollectionAdmin:
    """How the admin shows a collection."""

    use_as_title: Str | None = None
    default_columns: Names = ()
    list_searchable_fields: Names = ()
    group: Str | None = None
    hidden: Bool = False
    description: Str | None = None
    pagination: Annotated[Any, nested(Pagination)] = Pagination()
    enable_rich_text_link: Bool = True
    enable_rich_text_relationship: Bool = True


@declaration
class Index:
    """An index over several fields, unique or not."""

    fields: Names
    unique: Bool = False


@declaration
class Collection:
    """Documents of one shape under `/api/{slug}`, in a table of their own and in the admin."""

    slug: Str = dataclasses.field(kw_only=False)
    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]
    labels: Annotated[Any, nested(Labels)] = Labels()
    access: Annotated[Any, BeforeValidator(as_rules(OPERATIONS))] = dataclasses.field(default_factory=empty)
    hooks: Annotated[Any, BeforeValidator(as_hooks(COLLECTION_HOOKS))] = dataclasses.field(default_factory=empty)
    endpoints: Annotated[Sequence[Endpoint] | Literal[False], BeforeValidator(as_endpoints)] = ()
    auth: Annotated[Any, BeforeValidator(as_auth, json_schema_input_type=bool | Auth)] = None
    id_type: Annotated[IdType | None, BeforeValidator(as_id_type)] = None
    renamed_from: Str | None = None
    timestamps: Bool = True
    default_sort: Names = ()
    force_select: Frozen = None
    default_populate: Frozen = None
    disable_duplicate: Bool | None = None
    disable_bulk_edit: Bool = False
    disable_bulk_delete: Bool = False
    admin: Annotated[Any, nested(CollectionAdmin)] = CollectionAdmin()
    indexes: Annotated[Any, each(as_index)] = ()
    custom: Frozen = None

    def __post_init__(self) -> None:
        problems = check_fields(self.fields, f"collection {self.slug!r}")
        if not is_slug(self.slug):
            problems.insert(0, f"collection {self.slug!r}: a slug is lower-case words joined by '-' or '_'")
        if self.slug in RESERVED_SLUGS:
            problems.insert(0, f"collection {self.slug!r}: this slug is taken by the platform")
        if problems:
            raise ConfigError(problems)

    @property
    def can_duplicate(self) -> bool:
        """Whether its documents can be duplicated: those who log in cannot unless the declaration says so."""
        return not (self.auth is not None if self.disable_duplicate is None else self.disable_duplicate)

    @property
    def singular(self) -> str:
        """The label of one document."""
        return self.labels.singular or singular(words(self.slug))

    @property
    def plural(self) -> str:
        """The label of several documents."""
        return self.labels.plural or (
            plural(self.labels.singular) if self.labels.singular else plural(singular(words(self.slug)))
        )
