"""What is typed of an application: the shapes of its documents and bodies, by the names that types are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.compile.schema import Composer, is_firm, is_there
from headless.fields.base import Schema
from headless.openapi.names import document_names

PASSWORD = "password"  # noqa: S105 - a key's name


@dataclass(frozen=True)
class Shape:
    """A collection's documents as they are shown, and the bodies that create and update one."""

    slug: str
    name: str
    document: Schema
    create: Schema
    update: Schema
    id: Schema
    has_log_in: bool


@dataclass(frozen=True)
class Reading:
    """Which fields of a document are typed, and which of them are always there."""

    includes: Callable[[Node], bool]
    has: Callable[[Node], bool]


ON_THE_WIRE: Final = Reading(lambda node: not node.field.hidden, is_firm)
"""What clients see. A key that may be null may be left out, so that the same types can be used to write."""
IN_PROCESS: Final = Reading(lambda node: True, is_there)
"""What the local API shows, to the system also what is hidden. A key is there whether it is null or not."""


def shapes_of(collections: Mapping[str, CompiledCollection], reading: Reading) -> list[Shape]:
    """The shape of each collection. A reference is an id, or the document that a `$ref` names by its type's name."""
    names = document_names(found.declaration for found in collections.values())
    return [_shape(collection, names, collections, reading) for collection in collections.values()]


def _shape(
    collection: CompiledCollection,
    names: Mapping[str, str],
    collections: Mapping[str, CompiledCollection],
    reading: Reading,
) -> Shape:
    def id(slug: str) -> Schema:
        return collections[slug].id_schema

    def shown(slug: str, _: object) -> Schema:
        return {"oneOf": [id(slug), {"$ref": names[slug]}]}

    def sent(*, partial: bool) -> Schema:
        composer = Composer(shown=False, includes=_is_written, id=id, target=lambda slug, _: id(slug), partial=partial)
        return composer.level(collection.plan)

    written, changed = sent(partial=False), sent(partial=True)
    if has_log_in := collection.declaration.auth is not None:
        for body in (written, changed):
            body["properties"][PASSWORD] = {"type": "string"}
        written["required"] = [*written.get("required", ()), PASSWORD]
    read = Composer(shown=True, includes=reading.includes, has=reading.has, id=id, target=shown)
    return Shape(
        collection.slug,
        names[collection.slug],
        _document(collection, read.level(collection.plan)),
        written,
        changed,
        collection.id_schema,
        has_log_in,
    )


def _is_written(node: Node) -> bool:
    return not (node.managed or node.unlogged or not node.stored)


def _document(collection: CompiledCollection, level: Schema) -> Schema:
    constants: dict[str, Schema] = {key: {"const": value} for key, value in collection.constants.items()}
    described = collection.declaration.admin.description
    return {
        **level,
        **({"description": described} if described else {}),
        "properties": {"id": collection.id_schema, **level["properties"], **constants},
        "required": ["id", *level.get("required", ()), *constants],
    }
