"""The documents that refer to this one, as a field of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless.declaration import Frozen, Int, Names, Str, declaration, nested
from headless.errors import ConfigError
from headless.fields.appearance import FieldAdmin
from headless.fields.base import ABSENT, DataField, Schema, Wire
from headless.operators import Operator


def as_collections(given: Any) -> Any:
    """Reads `collection`: one slug stands for itself, a list of slugs makes the join one over several collections."""
    if isinstance(given, str) or (isinstance(given, list | tuple) and given and all(isinstance(g, str) for g in given)):
        return tuple(given) if isinstance(given, list | tuple) else given
    raise ConfigError("collection is a collection's slug, or a list of slugs")


@declaration
class JoinAdmin(FieldAdmin):
    """How the admin shows joined documents: as a table of these columns."""

    default_columns: Names = ()


@declaration
class Join(DataField):
    """The documents of `collection` that refer to this one by their field `on`. Nothing of it is stored here.

    It is read as `{"docs": […], "hasNextPage": false}`. `where` says which of the documents are meant, `default_sort`
    their order, `default_limit` how many are shown at once (0 is all), `max_depth` how far from the document that was
    asked for they are shown as documents.
    """

    type: ClassVar[str] = "join"
    widget: ClassVar[str] = "join"
    example: ClassVar[Any] = {"docs": [1], "hasNextPage": False}

    collection: Annotated[str | Sequence[str], BeforeValidator(as_collections)]
    on: Str
    where: Frozen = None
    default_limit: Int = 10
    default_sort: Names = ()
    max_depth: Int | None = 1
    admin: Annotated[Any, nested(JoinAdmin)] = JoinAdmin()

    @property
    def joined(self) -> tuple[str, ...]:
        """The collections whose documents it brings."""
        return (self.collection,) if isinstance(self.collection, str) else tuple(self.collection)

    @property
    def several(self) -> bool:
        """Whether a document says which collection it is of."""
        return not isinstance(self.collection, str)

    @property
    def is_stored(self) -> bool:
        return False

    @property
    def operators(self) -> Mapping[str, Operator]:
        return {}

    @property
    def wheres(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return [(slug, self.where) for slug in self.joined] if self.where else []

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        place = f"{self.type} field {self.name!r}"
        if self.where is not None and not isinstance(self.where, Mapping):
            yield f"{place}: where maps paths to operators and values"
        if self.default_limit < 0:
            yield f"{place}: default_limit is 0, for all, or more"
        for option in ("required", "default_value", "validate", "virtual", "save_to_jwt"):
            if getattr(self, option) not in (None, False):
                yield f"{place}: {option} means nothing for what other documents say"

    def empty(self) -> Any:
        return ABSENT

    def targets(self, value: Any) -> Iterable[tuple[str, Any]]:
        return [self._pair(item) for item in value["docs"]]

    def replace(self, value: Any, found: Callable[[str, Any], Any]) -> Any:
        pairs = [(slug, found(slug, id)) for slug, id in self.targets(value)]
        return {**value, "docs": self.listed((slug, item) for slug, item in pairs if item is not ABSENT)}

    def listed(self, found: Iterable[tuple[str, Any]]) -> list[Any]:
        if self.several:
            return [{"relationTo": slug, "value": item} for slug, item in found]
        return [item for _, item in found]

    def _pair(self, item: Any) -> tuple[str, Any]:
        return (item["relationTo"], item["value"]) if self.several else (self.joined[0], item)

    def stored_schema(self) -> Schema:
        return self._schema([self._item(slug, {"type": ["integer", "string"]}) for slug in self.joined])

    def wire_schema(self, wire: Wire) -> Schema:
        targets = [wire.id(slug) if self.max_depth == 0 else wire.target(slug, ()) for slug in self.joined]
        return self._schema([self._item(slug, target) for slug, target in zip(self.joined, targets, strict=True)])

    def _item(self, slug: str, target: Schema) -> Schema:
        if not self.several:
            return target
        properties = {"relationTo": {"type": "string", "const": slug}, "value": target}
        return {"type": "object", "properties": properties, "required": ["relationTo", "value"]}

    def _schema(self, items: Sequence[Schema]) -> Schema:
        return {
            "type": "object",
            "properties": {
                "docs": {"type": "array", "items": items[0] if len(items) == 1 else {"oneOf": list(items)}},
                "hasNextPage": {"type": "boolean"},
                "totalDocs": {"type": "integer"},
            },
            "required": ["docs", "hasNextPage"],
        }
