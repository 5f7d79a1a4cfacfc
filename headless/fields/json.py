"""Any JSON, or JSON of a declared shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

import orjson
import sqlalchemy as sa
from pydantic import BeforeValidator

from headless import operators
from headless.declaration import declaration, freeze, thaw
from headless.errors import ConfigError
from headless.fields.base import ORDERED_JSON, REQUIRED, DataField, FieldContext, Schema
from headless.operators import Operator

INVALID = "This field has an invalid input."
_EDITOR: Final = frozenset({"uri", "fileMatch", "file_match", "schema"})
_REFERRING: Final = frozenset({"$ref", "$dynamicRef", "$id", "$anchor", "$dynamicAnchor"})

SAID: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType(
    {
        "type": lambda types: f"must be {','.join(types)}",
        "required": lambda name: f"must have required property '{name}'",
        "additionalProperties": lambda names: "must NOT have additional properties",
        "unevaluatedProperties": lambda names: "must NOT have unevaluated properties",
        "minProperties": lambda limit: f"must NOT have fewer than {limit} properties",
        "maxProperties": lambda limit: f"must NOT have more than {limit} properties",
        "minItems": lambda limit: f"must NOT have fewer than {limit} items",
        "maxItems": lambda limit: f"must NOT have more than {limit} items",
        "uniqueItems": lambda _: "must NOT have duplicate items",
        "contains": lambda _: "must contain at least 1 valid item(s)",
        "minLength": lambda limit: f"must NOT have fewer than {limit} characters",
        "maxLength": lambda limit: f"must NOT have more than {limit} characters",
        "pattern": lambda pattern: f'must match pattern "{pattern}"',
        "format": lambda name: f'must match format "{name}"',
        "minimum": lambda limit: f"must be >= {limit}",
        "maximum": lambda limit: f"must be <= {limit}",
        "exclusiveMinimum": lambda limit: f"must be > {limit}",
        "exclusiveMaximum": lambda limit: f"must be < {limit}",
        "multipleOf": lambda number: f"must be multiple of {number}",
        "enum": lambda _: "must be equal to one of the allowed values",
        "const": lambda _: "must be equal to constant",
        "anyOf": lambda _: "must match a schema in anyOf",
        "oneOf": lambda _: "must match exactly one schema in oneOf",
        "not": lambda _: "must NOT be valid",
        "propertyNames": lambda _: "property name must be valid",
        "falseSchema": lambda _: "boolean schema is false",
    }
)
"""What is said of a value that a keyword of a schema refuses, in the words that editors and other servers use."""


def as_schema(given: Any) -> Any:
    """Reads a JSON Schema, by itself or as an editor's setting with `uri`, `fileMatch` and `schema`.

    Raises ConfigError for one that is none, and for one that would have to be fetched: nothing ever is.
    """
    if given is None:
        return None
    schema = given
    if isinstance(given, Mapping) and {"uri", "fileMatch", "file_match"} & given.keys() and given.keys() <= _EDITOR:
        if "schema" not in given:
            raise ConfigError("a JSON Schema is not fetched from its uri: give it as `schema`")
        schema = given["schema"]
    if not isinstance(schema, Mapping | bool):
        raise ConfigError("a JSON Schema is a mapping, or true or false")
    compiled(schema)
    return freeze(schema)


def compiled(schema: Any) -> Any:
    """The validator of a schema. Raises ConfigError with what is wrong with it."""
    # Imported here: most projects have no schema, and would pay for the library at every start.
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(thaw(schema), offline=True)
    except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
        said = str(getattr(error, "message", error)).partition("\n")[0]
        raise ConfigError(f"this is no JSON Schema of 2020-12, or of the draft that `$schema` names: {said}") from None


@declaration
class Json(DataField):
    """Any JSON value, kept as it is: key order, numbers and nulls included. A text must itself be JSON.

    `json_schema` is a JSON Schema that values must fulfil. `$ref`s to other addresses are refused, never fetched.
    """

    type: ClassVar[str] = "json"
    widget: ClassVar[str] = "json"
    is_open: ClassVar[bool] = True
    storage: ClassVar[sa.types.TypeEngine[Any]] = ORDERED_JSON
    example: ClassVar[Any] = {"k": [1, {"z": None}], "s": "é✓"}

    json_schema: Annotated[Any, BeforeValidator(as_schema, json_schema_input_type=dict[str, Any] | bool)] = None

    @cached_property
    def _validator(self) -> Any:
        return compiled(self.json_schema)

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.EXISTENCE

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == "":
            return REQUIRED if self.required else (INVALID if value == "" else None)
        if isinstance(value, str):
            try:
                orjson.loads(value)
            except ValueError:
                return INVALID
        return None if self.json_schema is None else self._check_shape(value)

    def _check_shape(self, value: Any) -> str | None:
        """What the schema refuses first, from the outside inwards: `data/n must be number`."""
        try:
            errors = sorted(self._validator.iter_errors(value), key=_order)
        except (ValueError, TypeError):
            # No JSON has such a value; only a call from Python can bring one.
            return INVALID
        if not errors:
            return None
        error = errors[0]
        said = SAID.get(error.kind.name)
        place = "".join(f"/{part}" for part in error.instance_path)
        return f"data{place} {said(error.kind.value) if said is not None else error.message}"

    def stored_schema(self) -> Schema:
        """The declared schema, where it can stand inside another: one that refers to itself by address cannot."""
        if not isinstance(self.json_schema, Mapping) or _refers(self.json_schema):
            return {}
        return {key: thaw(item) for key, item in self.json_schema.items() if key != "$schema"}


def _order(error: Any) -> tuple[int, int]:
    """Outer values first; of one value, what is missing before what is too much."""
    known = list(SAID)
    name = error.kind.name
    return len(error.instance_path), known.index(name) if name in known else len(known)


def _refers(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return bool(_REFERRING & schema.keys()) or any(_refers(item) for item in schema.values())
    return isinstance(schema, list | tuple) and any(_refers(item) for item in schema)
