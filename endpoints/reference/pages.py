"""What each page of the reference shows, made of the description that the asker is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headless.endpoints.reference.shape import Row, Shapes, Word

METHODS: Final = ("get", "post", "patch", "put", "delete")
LARGEST_SAMPLE: Final = 8_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input of an operation. `raw` is written into the query as it stands, brackets included."""

    name: str
    place: str
    type: Sequence[Word]
    required: bool
    notes: Sequence[str]
    description: str
    raw: bool
    hint: str
    choices: Sequence[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of an operation."""

    status: str
    description: str
    kind: str
    type: Sequence[Word]
    sample: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, with everything that its part of a page needs."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    access: str
    open: bool
    parameters: Sequence[Parameter]
    body: Sequence[Row]
    body_type: Sequence[Word]
    body_sample: str | None
    answers: Sequence[Answer]
    streams: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of a collection, or of the application itself."""

    name: str
    label: str
    description: str
    operations: Sequence[Operation]


class Reference:
    """The pages of one description."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.title: str = description["info"]["title"]
        self.version: str = description["info"]["version"]
        self.about: str = description["info"].get("description", "")
        self.shapes = Shapes(description["components"])
        self._schemas: Mapping[str, Any] = description["components"]["schemas"]
        found: dict[str, list[Operation]] = {}
        for path, item in description["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = self._operation(method, path, item[method])
                    found.setdefault(item[method]["tags"][0], []).append(operation)
        self.groups = [
            Group(tag["name"], tag.get("x-displayName", tag["name"]), tag.get("description", ""), found[tag["name"]])
            for tag in description["tags"]
        ]

    def group(self, name: str) -> Group | None:
        """The group of that name."""
        return next((group for group in self.groups if group.name == name), None)

    def schemas(self) -> Iterator[tuple[str, str, Sequence[Word], Sequence[Row]]]:
        """Every schema: name, description, type and rows."""
        for name, schema in self._schemas.items():
            yield name, schema.get("description", ""), self.shapes.words(schema), self.shapes.rows(schema)

    def _operation(self, method: str, path: str, found: Mapping[str, Any]) -> Operation:
        body = next(iter(found.get("requestBody", {}).get("content", {}).values()), None)
        answers = [self._answer(status, answer) for status, answer in found["responses"].items()]
        return Operation(
            id=found["operationId"],
            method=method.upper(),
            path=path,
            summary=found["summary"],
            description=found.get("description", ""),
            access=found.get("x-access", ""),
            open={} in found["security"],
            parameters=[self._parameter(self.shapes.resolved(each)) for each in found["parameters"]],
            body=self.shapes.rows(body["schema"]) if body else (),
            body_type=self.shapes.words(body["schema"]) if body else (),
            body_sample=_json(self.shapes.sample(body["schema"])) if body else None,
            answers=answers,
            streams=any(answer.kind == "text/event-stream" for answer in answers),
        )

    def _parameter(self, found: Mapping[str, Any]) -> Parameter:
        schema = found["schema"]
        raw = found.get("style") == "deepObject"
        choices = ("true", "false") if schema.get("type") == "boolean" else schema.get("enum", ())
        default = schema.get("default", "")
        return Parameter(
            name=found["name"],
            place=found["in"],
            type=self.shapes.words(schema),
            required=found.get("required", False),
            notes=[f"default {str(default).lower()}"] if default != "" else [],
            description=found.get("description", ""),
            raw=raw,
            hint=self._hint(found["name"], schema) if raw else str(default).lower(),
            choices=[str(choice) for choice in choices],
        )

    def _hint(self, name: str, schema: Mapping[str, Any]) -> str:
        """How a parameter in brackets is written, with a key that it has."""
        rows = self.shapes.rows(schema)
        keys = [row.name for row in rows if row.name not in ("id", "and", "or")] or ["id"]
        endings = {"where": f"[{keys[0]}][equals]=…", "select": f"[{keys[0]}]=true"}
        return name + endings.get(name, "[users][name]=true")

    def _answer(self, status: str, found: Mapping[str, Any]) -> Answer:
        answer = self.shapes.resolved(found)
        contents: Mapping[str, Any] = answer.get("content", {})
        kind = next(iter(contents), "")
        schema: Mapping[str, Any] = contents[kind].get("schema", {}) if kind else {}
        sample = self.shapes.sample(schema) if kind == "application/json" and status.startswith("2") else None
        return Answer(status, answer["description"], kind, self.shapes.words(schema) if schema else (), _json(sample))


def _json(value: Any) -> str:
    text = "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= LARGEST_SAMPLE else ""
