"""The JSON Schema of a project's YAML files, for editors: what each declaration takes, read from the declarations."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic_core import PydanticUndefined

from headless.access import BUILT_IN, Rules
from headless.collection import Collection
from headless.config import Config
from headless.declaration import Each, Nested, freeze
from headless.endpoint import METHODS, Endpoint
from headless.fields.base import Field, Schema
from headless.global_ import Global
from headless.hooks import Hooks
from headless.loader.blame import declared
from headless.names import camel

Registry = Mapping[str, Callable[..., Any]]

FUNCTION: Final[Schema] = {"$ref": "#/$defs/Function"}
SCALARS: Final[Mapping[Any, str]] = {
    bool: "boolean", int: "integer", float: "number", str: "string", Path: "string", types.NoneType: "null"
}  # fmt: skip
COMMON: Final[Mapping[str, Schema]] = {
    "Function": {"type": "string", "description": "The name of a function."},
    "Hook": {
        "description": "A function that runs then, or several.",
        "anyOf": [FUNCTION, {"type": "array", "items": FUNCTION}],
    },
    "Rule": {
        "description": "Who may: a built-in rule, a function's name, a where, or a list of which any is enough.",
        "anyOf": [
            {"enum": sorted(BUILT_IN)},
            FUNCTION,
            {"type": "object"},
            {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
        ],
    },
}
OF_FILES: Final[Mapping[str, Schema]] = {
    "imports": {
        "description": "Python files and modules in which functions are looked for.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
}
"""What only the file of an application has."""
BY_NAME: Final[Mapping[tuple[type, str], Schema]] = {
    (Config, "plugins"): {"type": "array", "items": {"type": "string"}},
    (Config, "mounts"): {"type": "object", "additionalProperties": FUNCTION},
    (Endpoint, "method"): {"enum": [*METHODS, *(method.upper() for method in METHODS)]},
    (Endpoint, "handler"): FUNCTION,
    (Endpoint, "access"): {"$ref": "#/$defs/Rule"},
}
"""Options that a file spells otherwise than Python does."""


def yaml_schema(registry: Registry) -> Schema:
    """The schema of `headless.yaml` and of the files in `collections/` and `globals/`, told apart by what these have.

    `registry` has what makes the fields of each type, as for `load_project`.
    """
    writer = _Writer(registry)
    collection, single, config = (writer.ref(cls) for cls in (Collection, Global, Config))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "headless",
        "if": {"anyOf": [{"required": ["fields"]}, {"required": ["slug"]}]},
        # Every other option of a global is one of a collection too.
        "then": {"if": {"required": ["label"]}, "then": single, "else": collection},
        "else": config,
        "$defs": {**COMMON, "Field": writer.field(), **writer.made},
    }


class _Writer:
    """Writes the schemas of declarations, each once."""

    def __init__(self, registry: Registry) -> None:
        self.made: dict[str, Schema] = {}
        self._registry = registry

    def ref(self, cls: type) -> Schema:
        """A reference to the schema of a declaration."""
        name = cls.__name__
        if name not in self.made:
            self.made[name] = {}
            self.made[name] = self._declaration([cls], OF_FILES if cls is Config else {})
        return {"$ref": f"#/$defs/{name}"}

    def field(self) -> Schema:
        """A field: which options it has follows from its type."""
        for name, make in self._registry.items():
            type_ = {"type": {"const": name}}
            self.made[f"Field.{name}"] = self._declaration(variants(make), type_)
        return {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": [*self._registry]}},
            "allOf": [
                {
                    "if": {"required": ["type"], "properties": {"type": {"const": name}}},
                    "then": {"$ref": f"#/$defs/Field.{name}"},
                }
                for name in self._registry
            ],
        }

    def _declaration(self, classes: Iterable[type], also: Mapping[str, Schema]) -> Schema:
        """What a mapping of options may hold. One of several classes is made, so only what all need is required."""
        classes = list(classes)
        properties: dict[str, Schema] = {**also}
        for cls in classes:
            for option in options(cls):
                properties[option.name] = self._option(cls, option)
        needed = [{option.name for option in options(cls) if is_needed(option)} for cls in classes]
        spelled = {
            camel(name): {**schema, "doNotSuggest": True} for name, schema in properties.items() if camel(name) != name
        }
        described = (classes[0].__doc__ or "").partition("\n")[0]
        schema: Schema = {"type": "object", "description": described, "properties": {**properties, **spelled}}
        required = sorted(set.intersection(*needed))
        # A file's name is the slug when it gives none.
        required = [name for name in required if classes[0] not in (Collection, Global) or name != "slug"]
        return {**schema, **({"required": required} if required else {}), "additionalProperties": False}

    def _option(self, cls: type, option: dataclasses.Field[Any]) -> Schema:
        schema = self._value(cls, option.name)
        default = option.default
        if isinstance(default, bool | int | float | str) and "$ref" not in schema:
            return {**schema, "default": default}
        return schema

    def _value(self, cls: type, name: str) -> Schema:
        if (cls, name) in BY_NAME:
            return BY_NAME[cls, name]
        annotation, validators = declared(cls, name)
        for validator in validators:
            read = getattr(validator, "func", None)
            if read is freeze:
                return {}
            if (found := self._read(read, annotation)) is not None:
                return found
            given = getattr(validator, "json_schema_input_type", PydanticUndefined)
            if given is not PydanticUndefined and given is not Any:
                return self.of(given)
        return self.of(annotation)

    def _read(self, read: Any, annotation: Any) -> Schema | None:
        """What a validator of ours reads; None for one that does not say."""
        if isinstance(read, Nested):
            return self.ref(read.cls)
        if isinstance(read, Rules):
            rules = {key: {"$ref": "#/$defs/Rule"} for key in read.operations}
            return {"anyOf": [{"type": "object", "properties": rules}, {"$ref": "#/$defs/Rule"}]}
        if isinstance(read, Hooks):
            kinds = {name: {"$ref": "#/$defs/Hook"} for kind in read.kinds for name in (kind, camel(kind))}
            return {"type": "object", "additionalProperties": False, "properties": kinds}
        if isinstance(read, Each):
            (item,) = typing.get_args(annotation) or (Any,)
            one = self.of(item)
            return {"anyOf": [one, {"type": "array", "items": one}]} if one else {}
        return None

    def of(self, annotation: Any) -> Schema:
        """The schema of what an annotation says; anything where it says nothing that a file could hold."""
        if annotation in SCALARS:
            return {"type": SCALARS[annotation]}
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self._annotated(arguments)
        if origin in (typing.Union, types.UnionType):
            return _any_of(self.of(part) for part in arguments)
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is abc.Callable:
            return FUNCTION
        if origin in (list, tuple, abc.Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin in (dict, abc.Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return self._named(annotation)

    def _annotated(self, arguments: tuple[Any, ...]) -> Schema:
        annotation, *metadata = arguments
        for validator in metadata:
            if (found := self._read(getattr(validator, "func", None), annotation)) is not None:
                return found
        return self.of(annotation)

    def _named(self, annotation: Any) -> Schema:
        if annotation is Field or annotation in self._registry.values():
            return {"$ref": "#/$defs/Field"}
        if not hasattr(annotation, "__pydantic_fields__"):
            return {}
        # An endpoint may also be one of a Python file, by its name.
        return {"anyOf": [FUNCTION, self.ref(annotation)]} if annotation is Endpoint else self.ref(annotation)


def _any_of(schemas: Iterable[Schema]) -> Schema:
    parts = [schema for schema in schemas if schema != {"type": "null"}]
    if {} in parts:
        return {}
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def options(cls: Any) -> Iterator[dataclasses.Field[Any]]:
    """The options of a declaration."""
    return (option for option in dataclasses.fields(cls) if option.init)


def is_needed(option: dataclasses.Field[Any]) -> bool:
    """Whether the option has no default."""
    return option.default is dataclasses.MISSING and option.default_factory is dataclasses.MISSING


def variants(make: Callable[..., Any]) -> list[type]:
    """The classes that a field type makes: one, or those that its function may return."""
    if isinstance(make, type):
        return [make]
    found = typing.get_type_hints(make)["return"]
    return list(typing.get_args(found)) or [found]
