"""What is typed of an application: the shapes of its documents and bodies, by the names that types are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headless.compile.collection import CompiledCollection
from headless.compile.ids import GENERATED
from headless.compile.plan import Node
from headless.compile.schema import Composer, is_firm, is_there
from headless.fields.base import Schema
from headless.openapi.names import document_names

PASSWORD = "password"  # noqa: S105 - a key's name


@dataclass(frozen=True)
class Shape:
    """A collection's documents, or a global's one, as they are shown, and the bodies that create and update one."""

    slug: str
    name: str
    document: Schema
    """With references to the parts that have names of their own."""
    inline: Schema
    """The same without."""
    create: Schema
    update: Schema
    id: Schema
    joins: Mapping[str, Sequence[str]]
    """The collections whose documents are read with it, by the path of the field that has them."""
    log_in: Sequence[str]
    """What its users log in by; nothing of a collection that nobody logs in to."""
    is_global: bool


@dataclass(frozen=True)
class Reading:
    """Which fields of a document are typed, and which of them are always there."""

    includes: Callable[[Node], bool]
    has: Callable[[Node], bool]


ON_THE_WIRE: Final = Reading(lambda node: not node.field.hidden, is_firm)
"""What clients see. A key that may be null may be left out, so that the same types can be used to write."""
IN_PROCESS: Final = Reading(lambda node: True, is_there)
"""What the local API shows, to the system also what is hidden. A key is there whether it is null or not."""


@dataclass(frozen=True)
class Types:
    """Everything that is typed: documents, and the parts of documents whose schemas have a `title`, by that name."""

    shapes: Sequence[Shape]
    parts: Mapping[str, Schema]

    @property
    def collections(self) -> list[Shape]:
        """The shapes of collections."""
        return [shape for shape in self.shapes if not shape.is_global]

    @property
    def globals(self) -> list[Shape]:
        """The shapes of globals."""
        return [shape for shape in self.shapes if shape.is_global]


def types_of(compiled: Mapping[str, CompiledCollection], reading: Reading) -> Types:
    """The types of an application's collections and globals. A `$ref` names one: a document, or a part."""
    names = document_names(found.declaration for found in compiled.values())
    parts = _Parts(names.values())
    shapes = [_shape(collection, names, compiled, reading, parts) for collection in compiled.values()]
    return Types(shapes, parts.made)


def default_id(id_type: str) -> Schema:
    """The schema of ids of a config's `id_type`."""
    return dict(GENERATED[id_type].schema)


class _Parts:
    """Takes parts with a name out of schemas. One whose name is another's already stays where it is."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.made: dict[str, Schema] = {}
        self._taken = frozenset(taken)

    def named(self, schema: Any) -> Any:
        """The schema with references in the place of such parts."""
        if isinstance(schema, list | tuple):
            return [self.named(item) for item in schema]
        if not isinstance(schema, Mapping):
            return schema
        made = {key: self.named(item) for key, item in schema.items()}
        name = made.get("title")
        if not isinstance(name, str) or "properties" not in made or not name.isidentifier() or name in self._taken:
            return made
        return {"$ref": name} if self.made.setdefault(name, made) == made else made


def _shape(
    collection: CompiledCollection,
    names: Mapping[str, str],
    collections: Mapping[str, CompiledCollection],
    reading: Reading,
    parts: _Parts,
) -> Shape:
    def id(slug: str) -> Schema:
        return collections[slug].id_schema

    def shown(slug: str, _: object) -> Schema:
        return {"oneOf": [id(slug), {"$ref": names[slug]}]}

    def sent(*, partial: bool) -> Schema:
        composer = Composer(shown=False, includes=_is_written, id=id, target=lambda slug, _: id(slug), partial=partial)
        return composer.level(collection.plan)

    written, changed = sent(partial=False), sent(partial=True)
    auth = collection.declaration.auth
    if auth is not None:
        for body in (written, changed):
            body["properties"][PASSWORD] = {"type": "string"}
        written["required"] = [*written.get("required", ()), PASSWORD]
    is_global = collection.kind == "global"
    has = _is_ever_there if is_global else reading.has
    read = Composer(shown=True, includes=reading.includes, has=has, id=id, target=shown)
    inline = _document(collection, read.level(collection.plan))
    return Shape(
        collection.slug,
        names[collection.slug],
        {**inline, "properties": parts.named(inline["properties"])},
        inline,
        written,
        changed,
        collection.id_schema,
        {node.dotted: node.joins.joined for node in collection.plan.walk() if node.joins is not None},
        auth.identifiers if auth is not None else (),
        is_global,
    )


def _is_written(node: Node) -> bool:
    return not (node.managed or node.unlogged or not node.stored)


def _is_ever_there(node: Node) -> bool:
    """Whether a global has the key, which until it is saved has neither times nor keys without a value."""
    return is_firm(node) and not node.managed


def _document(collection: CompiledCollection, level: Schema) -> Schema:
    constants: dict[str, Schema] = {key: {"const": value} for key, value in collection.constants.items()}
    described = collection.declaration.admin.description
    return {
        **level,
        **({"description": described} if described else {}),
        "properties": {"id": collection.id_schema, **level["properties"], **constants},
        "required": ["id", *level.get("required", ()), *(constants if collection.kind == "collection" else ())],
    }
