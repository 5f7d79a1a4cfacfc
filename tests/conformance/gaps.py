"""What the recorded configuration uses and the framework does not have yet: the table that reduces the check.

Support something, delete its row: the check grows by itself, and the floor file asks for the new cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Gap:
    """One option that is missing, and what goes with it.

    `drop` says what leaves the configuration: the option alone, where documents read the same without it,
    or the whole field or collection, where they do not. `keys` are the keys it adds to documents (`{name}` is
    the field's name), `parameters` the query parameters it gives a meaning to, `effects` those of its keys
    whose writing changes what later requests see.
    """

    feature: str
    drop: Literal["option", "field", "collection"] = "option"
    keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gaps:
    """Everything that is missing but field types: for those the registry of the framework is asked.

    `documents` are options of collections and of globals.

    An option is written `name`, `type.name` (a field's) or `name=value` (where only that value is missing).
    `routes` are parts of a path under a collection, `prefixes` beginnings of other paths, `handlers` names of
    endpoint functions, `headers` names of request headers or `name: word` for a word in one, `rules` access
    rules that need something missing, with the rule that stands in.
    """

    root: Mapping[str, Gap] = field(default_factory=dict)
    documents: Mapping[str, Gap] = field(default_factory=dict)
    auth: Mapping[str, Gap] = field(default_factory=dict)
    fields: Mapping[str, Gap] = field(default_factory=dict)
    access: tuple[str, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    handlers: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)


def declared(options: Mapping[str, Any], gaps: Mapping[str, Gap], kind: str = "") -> dict[str, Gap]:
    """The gaps a declaration falls into, by the name of the option. One given as None is not declared."""
    found: dict[str, Gap] = {}
    for name, gap in gaps.items():
        option, _, value = name.partition("=")
        owner, _, own = option.rpartition(".")
        if owner not in ("", kind) or options.get(own) is None:
            continue
        if not value or str(options[own]).lower() == value:
            found[own] = gap
    return found


GAPS = Gaps(
    root={
        "localization": Gap("localization", parameters=("locale", "fallback-locale", "fallbackLocale")),
    },
    documents={
        "versions": Gap(
            "versions and drafts",
            keys=("_status",),
            parameters=("draft", "autosave", "publishSpecificLocale"),
        ),
        "trash": Gap("trash", keys=("deletedAt",), parameters=("trash",), effects=("deletedAt",)),
        "upload": Gap("uploads", "collection"),
        "orderable": Gap("orderable collections", "collection"),
    },
    auth={},
    fields={
        "join.collection=posts": Gap("drafts, which decide who sees them", "field"),
        "localized": Gap("localization"),
    },
    access=("readVersions",),
    routes={
        "versions": "versions and drafts",
        "file": "uploads",
    },
    prefixes={
        "/api/reorder": "orderable collections",
        "/api/payload-": "the platform's own collections",
    },
    handlers={},
    headers={},
    rules={"published_or_authenticated": "authenticated"},
)
