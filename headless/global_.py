"""The declaration of a global: the one document of its kind, such as a site's header, settings or start page."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from headless.access import as_rules, nobody
from headless.collection import Collection, CollectionAdmin, as_endpoints
from headless.declaration import Bool, Frozen, Str, changed, declaration, empty, nested
from headless.endpoint import Endpoint
from headless.errors import ConfigError
from headless.fields.base import Field, as_fields, check_fields
from headless.hooks import GLOBAL_HOOKS, as_hooks
from headless.labels import Labels
from headless.names import is_slug, words

OPERATIONS = ("read", "update")


@declaration
class GlobalAdmin:
    """How the admin shows a global."""

    group: Str | None = None
    hidden: Bool = False
    description: Str | None = None


@declaration
class Global:
    """One document under `/api/globals/{slug}`, in a table of its own and in the admin. It is always there."""

    slug: Str = dataclasses.field(kw_only=False)
    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]
    label: Str | None = None
    access: Annotated[Any, BeforeValidator(as_rules(OPERATIONS))] = dataclasses.field(default_factory=empty)
    hooks: Annotated[Any, BeforeValidator(as_hooks(GLOBAL_HOOKS))] = dataclasses.field(default_factory=empty)
    endpoints: Annotated[Sequence[Endpoint] | Literal[False], BeforeValidator(as_endpoints)] = ()
    force_select: Frozen = None
    admin: Annotated[Any, nested(GlobalAdmin)] = GlobalAdmin()
    custom: Frozen = None

    def __post_init__(self) -> None:
        problems = check_fields(self.fields, f"global {self.slug!r}")
        if not is_slug(self.slug):
            problems.insert(0, f"global {self.slug!r}: a slug is lower-case words joined by '-' or '_'")
        if problems:
            raise ConfigError(problems)

    @property
    def title(self) -> str:
        """What the document is called."""
        return self.label or words(self.slug)


_BLANK: Final = Collection("blank", fields=())


def as_collection(declared: Global) -> Collection:
    """The collection that has the global for its only document, which is stored, read and changed as any other's.

    Nobody may create or delete one: it is there from the first, with the defaults of its fields.
    """
    admin = declared.admin
    return changed(
        _BLANK,
        slug=declared.slug,
        fields=declared.fields,
        labels=Labels(singular=declared.title, plural=declared.title),
        access=MappingProxyType({**declared.access, "create": nobody, "delete": nobody, "admin": nobody}),
        hooks=declared.hooks,
        endpoints=declared.endpoints,
        force_select=declared.force_select,
        admin=CollectionAdmin(group=admin.group, hidden=admin.hidden, description=admin.description),
        custom=declared.custom,
    )
