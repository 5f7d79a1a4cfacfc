"""JSON Schemas of documents, composed of what each field says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headless.compile.plan import Node, Plan
from headless.declaration import thaw
from headless.fields.base import ABSENT, DataField, Schema, Wire


@dataclass(frozen=True)
class Composer:
    """Composes the schemas of the fields on one side of the wire.

    `shown` tells answers from bodies. `includes` says which fields are there, `has` which of them an answer always has;
    without it, any key but an id may be missing, as where `select` chooses. `id` and `target` are as in `Wire`. With
    `locales`, a localized value may also be an object with one for each of them.
    """

    shown: bool
    includes: Callable[[Node], bool]
    id: Callable[[str], Schema]
    target: Callable[[str, Sequence[str]], Schema]
    has: Callable[[Node], bool] = lambda node: False
    partial: bool = False
    """Of a body: whether every key may be left out, as in an update."""
    locales: Sequence[str] = ()

    def level(self, plan: Plan) -> Schema:
        """The object of one level of fields: a document, a group or a row."""
        nodes = [node for node in plan.nodes if self.includes(node) and not (node.is_id and self._adds_no_id)]
        schemas = {node.key: self.value(node) for node in nodes}
        schema: Schema = {"type": "object", "properties": schemas}
        required = [node.key for node in nodes if self._has_to_be(node, schemas[node.key])]
        return {**schema, "required": required} if required else schema

    @property
    def _adds_no_id(self) -> bool:
        """Whether a declared id stands elsewhere: answers have one of every collection, and no update changes it."""
        return self.shown or self.partial

    def value(self, node: Node) -> Schema:
        """The schema of a field's value in its place, null included where it may be that."""
        parts = {kind: self.level(plan) for kind, plan in node.plans.items()}
        schema = self._id(node) if node.is_id else node.field.wire_schema(Wire(self.shown, parts, self.id, self.target))
        if node.lead is not None and node.lead.many:
            schema = {"type": "array", "items": nullable(schema)}
        if self._may_be_null(node, schema):
            schema = nullable(schema)
        if node.localized and self.locales:
            by_locale: Schema = {"type": "object", "properties": dict.fromkeys(self.locales, schema)}
            schema = {"anyOf": [schema, by_locale]}
        return {**schema, **self._told(node)}

    def _id(self, node: Node) -> Schema:
        field: Any = node.field
        schema: Schema = field.id_schema
        return schema

    def _has_to_be(self, node: Node, schema: Schema) -> bool:
        if self.shown:
            return self.has(node) or bool(node.flat and schema.get("required"))
        if self.partial or node.conditions or _is_filled(node.field):
            return False
        return bool(schema.get("required")) if node.flat else node.field.needed

    def _may_be_null(self, node: Node, schema: Schema) -> bool:
        if is_firm(node) or node.joins is not None:
            return False
        if self.shown:
            return not isinstance(node.field.empty(), list | dict)
        return not (node.flat and schema.get("required"))

    def _told(self, node: Node) -> Schema:
        """What is said of a field besides the shape of its value."""
        told: Schema = {}
        if node.field.admin.description:
            told["description"] = node.field.admin.description
        if node.managed and self.shown:
            told["readOnly"] = True
        default = node.field.default_value
        if not self.shown and default is not None and not callable(default):
            told["default"] = thaw(default)
        sample = node.field.sample()
        return {**told, "examples": [sample]} if sample is not None else told


def is_firm(node: Node) -> bool:
    """Whether a stored document has a value for the field, as far as the declaration can promise."""
    return node.managed or (node.field.required and not node.conditions)


def is_there(node: Node) -> bool:
    """Whether every document that is read whole has the key, be it null."""
    open_ = not node.field.hidden and "read" not in node.field.access
    return open_ and node.lead is None and node.field.empty() is not ABSENT


def _is_filled(field: DataField) -> bool:
    """Whether the field can have a value that nobody gave, which only its own functions know."""
    return bool({"before_validate", "before_change"} & set(field.hooks)) or "create" in field.access


def nullable(schema: Schema) -> Schema:
    """The schema of a value that may also be null."""
    kind = schema.get("type")
    if not schema or kind == "null" or (isinstance(kind, list) and "null" in kind):
        return schema
    if kind is None or "enum" in schema or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [*kind, "null"] if isinstance(kind, list) else [kind, "null"]}


def references(schema: Any) -> set[str]:
    """The `$ref`s anywhere in a schema."""
    if isinstance(schema, Mapping):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(references(item) for item in schema.values()))
    if isinstance(schema, list | tuple):
        return set().union(*(references(item) for item in schema))
    return set()
