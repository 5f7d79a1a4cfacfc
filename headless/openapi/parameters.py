"""The parameters that several routes have, by the names that endpoints give them in `parameters`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from headless.fields.base import Schema
from headless.openapi.queries import LARGEST, POPULATE

Parameter = dict[str, Any]


def _query(name: str, description: str, schema: Schema, **more: Any) -> Parameter:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}


def _deep(name: str, description: str, schema: Schema) -> Parameter:
    return _query(name, description, schema, style="deepObject", explode=True)


def _whole(least: int, default: int | None = None, most: int | None = None) -> Schema:
    schema: Schema = {"type": "integer", "minimum": least}
    return schema | ({} if default is None else {"default": default}) | ({} if most is None else {"maximum": most})


FLAG: Final[Schema] = {"type": "boolean"}

WHERE: Final = "Which documents: `where[title][equals]=Hello`. `and` and `or` hold lists."


@dataclass(frozen=True, slots=True)
class Known:
    """What the common parameters depend on: the collection's shapes, and the application's limits."""

    shape: Callable[[str], Schema]
    most: int
    depth: int
    deepest: int


COMMON: Final[Mapping[str, Callable[[Known], Parameter]]] = MappingProxyType(
    {
        "where": lambda known: _deep("where", WHERE, known.shape("where")),
        "required_where": lambda known: {
            **_deep("where", WHERE, known.shape("where")),
            "required": True,
        },
        "sort": lambda known: _query(
            "sort",
            "The fields to sort by, `-` before one is descending: `-createdAt,title`.",
            {"type": "array", "items": {"type": "string"}, "maxItems": 8},
            style="form",
            explode=False,
        ),
        "limit": lambda known: _query("limit", "How many documents; 0 is all.", _whole(0, 10, known.most)),
        "values_limit": lambda known: _query("limit", "How many values; 0 is all.", _whole(0, 0, known.most)),
        "page": lambda known: _query("page", "Which page, from 1.", _whole(1, 1, 2**53 // known.most)),
        "pagination": lambda known: _query(
            "pagination", "`false` leaves out the counting; `limit` is then 0 unless said.", {**FLAG, "default": True}
        ),
        "depth": lambda known: _query(
            "depth",
            "How many levels of references are shown as documents.",
            _whole(0, known.depth, known.deepest),
        ),
        "select": lambda known: _deep(
            "select",
            "Which keys are shown: `select[title]=true` only these, `select[body]=false` all but these.",
            known.shape("select"),
        ),
        "populate": lambda known: _deep(
            "populate",
            "Which keys of referred documents are shown: `populate[users][name]=true`.",
            POPULATE,
        ),
        "joins": lambda known: _deep(
            "joins",
            "What of the documents that refer to this one: `joins[posts][limit]=5`, `[page]`, `[sort]`, `[where]`, "
            "`[count]`; `joins[posts]=false` leaves them out.",
            known.shape("joins"),
        ),
        "revision": lambda known: _query("revision", "`true` tells the revision in the header `ETag`.", FLAG),
        "if_match": lambda known: {
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` of the document as it was read: it is changed only if that is still its own.",
            "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,15}")$'},
        },
        "idempotency_key": lambda known: {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Any text of one's own: the request is done once, however often it is sent with it.",
            "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255},
        },
        "snapshot": lambda known: _query(
            "snapshot",
            "Begins with an event that holds the documents as they are: all, or at most so many.",
            {"oneOf": [FLAG, _whole(1, most=known.most)]},
        ),
        "events": lambda known: _query(
            "events",
            "Only the events of these names.",
            {
                "type": "array",
                "items": {"enum": ["create", "update", "delete", "enter", "leave", "snapshot", "reset"]},
            },
            style="form",
            explode=False,
        ),
        "ticket": lambda known: _query(
            "ticket", "Who asks, by a ticket of `POST /api/stream-ticket`.", {"type": "string"}
        ),
        "since": lambda known: _query("since", "Goes on after the event of this id.", _whole(0, most=LARGEST)),
    }
)
"""Each by its name, which is how an endpoint says that it has one: `parameters=["where", "depth"]`."""
