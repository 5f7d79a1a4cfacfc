"""The schemas of what queries say: which documents, which keys of them, what of those that refer to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from headless import operators
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.fields.base import Schema
from headless.openapi import common
from headless.openapi.names import pascal
from headless.openapi.sight import Sight
from headless.operations.distinct import has_values
from headless.operators import Operator
from headless.query import inside
from headless.query.reading import operator_of

NAME: Final = "[A-Za-z_][A-Za-z0-9_]*"
BEHIND: Final = rf"\.{NAME}(\.{NAME})*$"
KEYS: Final[Schema] = {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
"""What keys in a query string may be called: one of digits only would be a place in a list."""
SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
LARGEST: Final = 10**15 - 1
"""What a number in a query string is at most, where nothing else limits it."""


class Known(Protocol):
    """What the schemas of queries are made with."""

    sight: Sight

    def shape(self, shape: str, slug: str | None = None) -> Schema: ...
    def reference(self, key: Any, name: str, make: Any) -> Schema: ...
    def id(self, slug: str) -> Schema: ...


def where(known: Known, collection: CompiledCollection) -> Schema:
    """Which documents are meant."""
    conditions = {"id": _conditions(known, "id", operators.IDENTITY.values(), collection.id_schema)}
    behind: dict[str, Schema] = {}
    for node in queryable(known, collection):
        path = ".".join(part.key for part in node.chain)  # the kinds of parts are not named
        conditions |= {path + key: schema for key, schema in _of(known, node)}
        if (beyond := _beyond(known, node)) is not None:
            behind[f"^{re.escape(path)}{BEHIND}"] = beyond
    own: Schema = {**common.array(known.shape("where", collection.slug)), "minItems": 1}
    return {
        "type": "object",
        "properties": {**conditions, "and": own, "or": own},
        **({"patternProperties": behind} if behind else {}),
        "additionalProperties": False,
        "minProperties": 1,
        "description": "Conditions that all must hold. Paths go through references too: `author.name`.",
    }


def queryable(known: Known, collection: CompiledCollection) -> Iterator[Node]:
    """The fields that the asker may name in a query."""
    for node in collection.plan.walk():
        if not node.unlogged and all(known.sight.includes(collection.slug, each, "read") for each in node.chain):
            yield node


def _of(known: Known, node: Node) -> Iterator[tuple[str, Schema]]:
    """The conditions on a field and on the parts of its value, each by what its path adds to that of the field."""
    if node.lead is not None:
        yield "", _elsewhere(known, "Any", operators.NAMES)
    elif node.stored and node.field.operators:
        names = [name for name in node.field.operators if operator_of(node, name, ()) is not None]
        yield "", _conditions(known, node.field.type, _named(node, names, ()), _value(known, node))
    if node.plans and not node.flat and not node.field.is_open:
        yield ".id", _conditions(known, "id", operators.IDENTITY.values(), common.STRING)
    if node.refers is not None and node.refers.polymorphic:
        yield ".value", _conditions(known, "reference", _named(node, operators.ANY_ID, ("value",)), SCALAR)
        yield ".relationTo", _conditions(known, "text", operators.TEXT.values(), common.STRING)


def _named(node: Node, names: Iterable[str], keys: tuple[str, ...]) -> list[Operator]:
    return [operator for name in names if (operator := operator_of(node, name, keys)) is not None]


def _beyond(known: Known, node: Node) -> Schema | None:
    """The conditions on what lies behind a field, of which the field itself knows nothing; None where nothing does."""
    if node.field.is_open:
        return _elsewhere(known, "Inside", [*inside.OPERATORS, *inside.NEGATIONS])
    single = node.refers is not None and not node.refers.polymorphic
    return _elsewhere(known, "Any", operators.NAMES) if single or node.joins is not None else None


def _elsewhere(known: Known, name: str, names: Iterable[str]) -> Schema:
    flags, lists = {"exists"}, {"in", "not_in", "all"}
    given: dict[str, Schema] = {
        each: {"type": "boolean"} if each in flags
        else {"type": "array", "items": SCALAR, "minItems": 1} if each in lists
        else SCALAR
        for each in sorted(names)
    }  # fmt: skip
    return known.reference(("elsewhere", name), f"{name}Conditions", lambda: _some_of(given))


def _value(known: Known, node: Node) -> Schema:
    """What values of the field are compared with."""
    if node.refers is not None and len(node.refers.slugs) == 1:
        return known.id(node.refers.slugs[0])
    return node.field.query_schema()


def _conditions(known: Known, kind: str, table: Iterable[Operator], value: Schema) -> Schema:
    """A reference to the operators of a kind of field, the same one for all that have the same."""
    schema = _some_of({operator.name: operator.json_schema(value) for operator in table})
    return known.reference(repr(schema), f"{pascal(kind)}Conditions", lambda: schema)


def _some_of(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, "minProperties": 1}


def select(known: Known, collection: CompiledCollection) -> Schema:
    """Which keys are shown."""
    return _selection(known, collection, collection.plan)


def _selection(known: Known, collection: CompiledCollection, plan: Plan) -> Schema:
    return _chosen(
        {
            node.key: _choice(known, collection, node)
            for node in plan.nodes
            if known.sight.includes(collection.slug, node, "read")
        }
    )


def _choice(known: Known, collection: CompiledCollection, node: Node) -> Schema:
    """What `select` says of a field: a yes or no, or of one that is made of others which of them."""
    one: Schema = {"type": "boolean"}
    if not node.plans:
        return one
    levels = {kind: _selection(known, collection, plan) for kind, plan in node.plans.items()}
    return {"oneOf": [one, levels.get("") or _chosen(levels)]}


def _chosen(keys: Mapping[str, Schema]) -> Schema:
    """A selection of keys, of which at least one is named. One that is not known is not shown."""
    return {
        "type": "object", "properties": dict(keys), "propertyNames": KEYS,
        "additionalProperties": {"type": "boolean"}, "minProperties": 1,
    }  # fmt: skip


POPULATE: Final[Schema] = {
    "type": "object", "propertyNames": KEYS, "additionalProperties": _chosen({}), "minProperties": 1,
}  # fmt: skip


def joins(known: Known, collection: CompiledCollection) -> Schema:
    """What is asked of each join."""
    asked = {node.dotted: _asked(known, node) for node in queryable(known, collection) if node.joins is not None}
    return {"type": "object", "properties": asked, "additionalProperties": False, "minProperties": 1}


def _asked(known: Known, node: Node) -> Schema:
    joined = node.joins.joined
    many: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
    of_one = known.shape("where", joined[0]) if len(joined) == 1 else {"type": "object", "minProperties": 1}
    asked = _some_of(
        {
            "limit": many, "page": {**many, "minimum": 1}, "sort": common.STRING, "where": of_one,
            "count": {"type": "boolean"},
        }
    )  # fmt: skip
    return {"oneOf": [{"type": "boolean"}, asked]}


def values(known: Known, collection: CompiledCollection) -> Schema:
    """The paths whose distinct values can be asked for."""
    paths = [node.dotted for node in queryable(known, collection) if has_values(node)]
    return {"type": "string", **({"enum": paths} if paths else {})}
