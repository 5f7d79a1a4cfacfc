"""The schemas that every API of the platform has: pages, errors, permissions, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from headless.fields.base import Schema

STRING: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}


def record(properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """An object all of whose properties are there, but for the optional ones."""
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": required} if required else schema


def array(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def page(document: Schema) -> Schema:
    """A page of documents."""
    number: Schema = {"type": ["integer", "null"]}
    return record(
        {
            "docs": array(document), "hasNextPage": {"type": "boolean"}, "hasPrevPage": {"type": "boolean"},
            "limit": COUNT, "nextPage": number, "page": number, "pagingCounter": {"type": "integer"},
            "prevPage": number, "totalDocs": COUNT, "totalPages": COUNT,
        }
    )  # fmt: skip


def written(document: Schema) -> Schema:
    """The answer to a change of one document."""
    return record({"doc": document, "message": STRING})


def bulk(document: Schema, id: Schema) -> Schema:
    """The answer to a change of several documents, each by itself."""
    error = record({"id": id, "message": STRING, "isPublic": {"type": "boolean"}})
    return record({"docs": array(document), "errors": array(error), "message": STRING})


def opened(user: Schema, *, tells_token: bool = True) -> Schema:
    """The answer that opens a session."""
    token = {"token": STRING} if tells_token else {}
    return record({"message": STRING, "exp": {"type": "integer"}, **token, "user": user})


def reset(opened: Schema) -> Schema:
    """The answer that sets a new password, which opens a session too."""
    return record({key: schema for key, schema in opened["properties"].items() if key != "exp"})


ERRORS: Final[Schema] = {
    **record(
        {
            "errors": array(
                record(
                    {
                        "message": STRING,
                        "name": {**STRING, "description": "The kind of error, of those that have data."},
                        "data": {"description": "Of a validation error: `errors`, each with `path` and `message`."},
                    },
                    optional=("name", "data"),
                )
            )
        }
    ),
    "description": "What was wrong.",
}
MESSAGE: Final[Schema] = record({"message": STRING})
FIELD_PERMISSIONS: Final[Schema] = {
    "description": "`true`, or for each field that something is allowed with: `true`, or what is.",
    "oneOf": [{"type": "boolean"}, {"type": "object"}],
}
PERMISSION: Final[Schema] = {
    "description": "`true`, or the where that the documents have to match.",
    "oneOf": [
        {"type": "boolean"},
        record({"permission": {"type": "boolean"}, "where": {"type": "object"}}),
    ],
}
PERMISSIONS: Final[Schema] = {
    **record({"fields": {"$ref": "field_permissions"}}),
    "additionalProperties": {"$ref": "permission"},
    "description": "What the asker may do. Only what is granted is there.",
}

SHARED: Final[Mapping[str, tuple[str, Schema]]] = MappingProxyType(
    {
        "errors": ("ErrorsAnswer", ERRORS),
        "message": ("MessageAnswer", MESSAGE),
        "permission": ("PermissionAnswer", PERMISSION),
        "field_permissions": ("FieldPermissionsAnswer", FIELD_PERMISSIONS),
        "permissions": ("PermissionsAnswer", PERMISSIONS),
    }
)
"""What an endpoint may refer to, whatever it belongs to: what it is called in a description, and its schema."""
