"""JSON Schemas as people read them: types in words, properties as rows, and a value that would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

DEEPEST: Final = 6
MOST_OPTIONS: Final = 12
PLACEHOLDERS: Final[Mapping[str, Any]] = {
    "string": "text", "integer": 1, "number": 1, "boolean": True, "null": None, "array": [], "object": {}
}  # fmt: skip
FORMATS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-31T09:30:00.000Z", "email": "ada@example.com", "password": "correct horse battery staple"
}  # fmt: skip

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a type in words; `schema` is the name of the one it links to."""

    text: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A property: its type, what is said of it, and the rows of an object inside."""

    name: str
    type: Sequence[Word]
    required: bool
    notes: Sequence[str]
    description: str
    rows: Sequence[Row]


class Shapes:
    """Reads the schemas of one description."""

    def __init__(self, components: Mapping[str, Any]) -> None:
        self.components = components

    def resolved(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference refers to; anything else is itself."""
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        _, _, kind, name = reference.split("/")
        resolved: Mapping[str, Any] = self.components[kind][name]
        return resolved

    def words(self, schema: Schema) -> list[Word]:
        """A type in words, as in `array of Post, or null`."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return [Word(name, name)]
        if "allOf" in schema:
            return self.words(schema["allOf"][0])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self._joined([self.words(part) for part in schema[key]])
        if "const" in schema:
            return [Word(_literal(schema["const"]))]
        if "enum" in schema:
            return self._joined([[Word(_literal(value))] for value in schema["enum"][:MOST_OPTIONS]])
        kinds = schema.get("type", "anything")
        return self._joined([self._of_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)])

    def _of_kind(self, kind: str, schema: Schema) -> list[Word]:
        if kind == "array" and schema.get("items"):
            item = self.words(schema["items"])
            return [Word("array of "), *item] if len(item) == 1 else [Word("array of ("), *item, Word(")")]
        return [Word(kind if "format" not in schema or kind == "null" else f"{kind} ({schema['format']})")]

    def _joined(self, parts: Sequence[Sequence[Word]]) -> list[Word]:
        joined: list[Word] = []
        for place, part in enumerate(parts):
            if part not in parts[:place]:
                joined += [Word(" or "), *part] if joined else part
        return joined

    def rows(self, schema: Schema, depth: int = 0) -> list[Row]:
        """The properties of an object, or of the objects in a list."""
        inside = self._object(schema)
        if depth > DEEPEST:
            return []
        if inside is None:
            return [
                Row(name, [Word("object")], False, (), part.get("description", ""), self.rows(part, depth + 1))
                for name, part in self._kinds(schema)
            ]
        required = inside.get("required", ())
        return [
            Row(
                name,
                self.words(found),
                name in required,
                [*_notes(found)],
                found.get("description", ""),
                [] if "$ref" in found else self.rows(found, depth + 1),
            )
            for name, found in inside["properties"].items()
        ]

    def _object(self, schema: Schema) -> Schema | None:
        if "properties" in schema:
            return schema
        if "$ref" in schema:
            return self._object(self.resolved(schema))
        if "items" in schema and "$ref" not in schema["items"]:
            return self._object(schema["items"])
        parts = [part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, ())]
        objects = [part for part in parts if "properties" in part or ("$ref" in part and len(parts) == 1)]
        return self._object(objects[0]) if len(objects) == 1 else None

    def _kinds(self, schema: Schema) -> list[tuple[str, Schema]]:
        """The kinds of objects that a list may hold, each by what tells it from the others."""
        parts = schema.get("items", schema)
        objects = [part for key in ("oneOf", "anyOf") for part in parts.get(key, ()) if "properties" in part]
        if len(objects) < 2:
            return []
        return [(_told_apart(part), part) for part in objects]

    def sample(self, schema: Schema, depth: int = 0) -> Any:
        """A value that the schema accepts, of the examples where there are some."""
        if schema.get("examples"):
            return schema["examples"][0]
        for key in ("default", "const"):
            if key in schema:
                return schema[key]
        if "enum" in schema:
            return schema["enum"][0]
        if "$ref" in schema:
            return self.sample(self.resolved(schema), depth)
        for key in ("allOf", "oneOf", "anyOf"):
            if key in schema:
                return self.sample(schema[key][0], depth)
        return self._made(schema, depth)

    def _made(self, schema: Schema, depth: int) -> Any:
        kind = schema.get("type", "object")
        kind = kind if isinstance(kind, str) else kind[0]
        if depth > DEEPEST:
            return PLACEHOLDERS[kind]
        if kind == "object":
            return {name: self.sample(found, depth + 1) for name, found in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.sample(schema["items"], depth + 1)] if schema.get("items") else []
        return FORMATS.get(schema.get("format", ""), PLACEHOLDERS[kind])


def _told_apart(part: Schema) -> str:
    constants = [f"{name}: {found['const']}" for name, found in part["properties"].items() if "const" in found]
    return ", ".join(constants) or str(part.get("title", "object"))


def _literal(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else str(value).lower()


def _notes(schema: Schema) -> Iterator[str]:
    """What else is said of a value, in few words."""
    if schema.get("readOnly"):
        yield "written by the platform"
    if schema.get("writeOnly"):
        yield "never shown"
    if "default" in schema:
        yield f"default {_literal(schema['default'])}"
    for least, most, of in (
        ("minimum", "maximum", ""), ("minLength", "maxLength", "character"), ("minItems", "maxItems", "item")
    ):  # fmt: skip
        if least in schema and most in schema:
            yield f"{schema[least]:g} to {_counted(schema[most], of)}"
        elif least in schema:
            yield f"at least {_counted(schema[least], of)}"
        elif most in schema:
            yield f"at most {_counted(schema[most], of)}"


def _counted(number: float, of: str) -> str:
    text = f"{number:g}" if number < 1e15 else str(number)
    return f"{text} {of}{'' if number == 1 else 's'}" if of else text
