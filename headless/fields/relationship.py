"""A reference to documents of other collections."""

from __future__ import annotations

import dataclasses
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import orjson
import sqlalchemy as sa
from pydantic import BeforeValidator

from headless import operators
from headless.access import for_user
from headless.declaration import Bool, Int, Names, Str, declaration, freeze
from headless.errors import ConfigError
from headless.fields.base import ABSENT, ORDERED_JSON, REQUIRED, DataField, FieldContext, Schema, Wire
from headless.operators import Never, Operator, as_text

logger = logging.getLogger("headless.fields")


def as_relation(given: Any) -> Any:
    """Reads `relation_to`: one slug stands for itself, a list of slugs makes the field polymorphic."""
    if isinstance(given, str) or (isinstance(given, list | tuple) and given and all(isinstance(g, str) for g in given)):
        return tuple(given) if isinstance(given, list | tuple) else given
    raise ConfigError("relation_to is a collection's slug, or a list of slugs")


def as_filter(given: Any) -> Any:
    """Reads `filter_options`: a where, or a function of a FieldContext that answers one, true or false."""
    if given is None or callable(given):
        return given
    if not isinstance(given, Mapping) or not given:
        raise ConfigError("filter_options is a where, or a function that answers one, true or false")
    return freeze(given)


@declaration
class Relationship(DataField):
    """A reference to a document of `relation_to`, or with `has_many` an ordered list of them.

    A list of slugs makes it polymorphic: values are `{"relationTo": slug, "value": id}`. `on_delete` says what happens
    when the target goes: `set_null` (default when optional), `restrict` (default when required) or `cascade`.
    `populate_as_system` names the target's fields that are shown in place of the id to whoever may read this document,
    even where the target itself is not theirs to read. `filter_options` is a where over the targets that may be
    chosen, or a function of a FieldContext that answers one, true or false; it is asked without regard to the asker.
    """

    type: ClassVar[str] = "relationship"
    widget: ClassVar[str] = "relationship"
    storage: ClassVar[sa.types.TypeEngine[Any]] = sa.Integer()
    example: ClassVar[Any] = 1

    relation_to: Annotated[str | Sequence[str], BeforeValidator(as_relation)]
    has_many: Bool = False
    min_rows: Int | None = None
    max_rows: Int | None = None
    max_depth: Int | None = None
    on_delete: Str | None = None
    populate_as_system: Names = ()
    filter_options: Annotated[Any, BeforeValidator(as_filter, json_schema_input_type=dict[str, Any] | str)] = None

    @property
    def polymorphic(self) -> bool:
        """Whether a value says which collection it refers to."""
        return not isinstance(self.relation_to, str)

    @property
    def bare(self) -> bool:
        """Whether a value is an id by itself."""
        return not self.has_many and not self.polymorphic

    @property
    def slugs(self) -> tuple[str, ...]:
        """The collections it may refer to."""
        return (self.relation_to,) if isinstance(self.relation_to, str) else tuple(self.relation_to)

    @property
    def when_gone(self) -> str:
        """What happens to a document when one that it refers to goes."""
        return self.on_delete or ("restrict" if self.required and not self.has_many else "set_null")

    @property
    def has_list(self) -> bool:
        return self.has_many

    @property
    def is_json(self) -> bool:
        return self.has_many or self.polymorphic

    @property
    def column(self) -> sa.types.TypeEngine[Any]:
        return ORDERED_JSON if self.polymorphic else super().column

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.REFERENCES if self.has_many else operators.REFERENCE

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if self.on_delete not in (None, "set_null", "restrict", "cascade"):
            yield f"{self.type} field {self.name!r}: on_delete is set_null, restrict or cascade, not {self.on_delete!r}"

    @property
    def wheres(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return [(slug, self.filter_options) for slug in self.slugs] if isinstance(self.filter_options, Mapping) else []

    @property
    def validators(self) -> tuple[Callable[..., Any], ...]:
        return super().validators if self.filter_options is None else (self.check_choice, *super().validators)

    async def narrowed(self, slug: str, context: FieldContext) -> bool | Mapping[str, Any]:
        """The where that the documents of a collection must fulfil to be chosen, or whether all or none may be."""
        answer = self.filter_options
        if answer is None:
            return True
        if callable(answer):
            answer = answer(dataclasses.replace(context, relation_to=slug))
            answer = await answer if inspect.isawaitable(answer) else answer
        if isinstance(answer, bool):
            return answer
        if isinstance(answer, Mapping):
            return for_user(answer, context.user) if answer else True
        logger.error("filter_options of %r answered %r, neither a bool nor a where: none fits", self.name, answer)
        return False

    async def check_choice(self, value: Any, context: FieldContext) -> str | None:
        """Which of the references `filter_options` leaves out."""
        items = value if self.has_many else [value]
        chosen = [
            (slug, id, item)
            for (slug, id), item in zip(self.pairs(value), items, strict=False)
            if slug is not None and id is not None
        ]
        fitting: dict[str, set[Any]] = {}
        for slug in dict.fromkeys(slug for slug, _, _ in chosen):
            ids = {id for target, id, _ in chosen if target == slug}
            fitting[slug] = await self._fitting(slug, ids, context)
        return self.unfit([item for slug, id, item in chosen if id not in fitting[slug]])

    async def _fitting(self, slug: str, ids: set[Any], context: FieldContext) -> set[Any]:
        where = await self.narrowed(slug, context)
        if where is True or context.matching is None:
            return ids
        return set() if where is False else await context.matching(slug, ids, where)

    def unfit(self, refused: Sequence[Any]) -> str | None:
        """The message for references that may not be chosen, in the words of the wire."""
        if not refused:
            return None
        *others, last = (orjson.dumps(item).decode() for item in refused)
        shown = "".join(f" {item} " for item in others) + f" {last}, "
        return f"This field has the following invalid selections:{shown}"

    def reaches(self, collections: Iterable[Any]) -> tuple[str, ...]:
        return self.slugs

    def sample(self) -> Any:
        return None  # what ids look like is the target's business

    def empty(self) -> Any:
        if self.has_many:
            return []
        return ABSENT if self.polymorphic else None

    def coerce(self, value: Any) -> Any:
        if self.has_many:
            if value is None or value == "":
                return []
            items = value if isinstance(value, list) else [value]
            return [self._coerce_one(item) for item in items]
        return None if value in ("", "null", None) else self._coerce_one(value)

    def _coerce_one(self, value: Any) -> Any:
        if self.polymorphic:
            if isinstance(value, Mapping) and isinstance(value.get("value"), Mapping):
                return {"relationTo": value.get("relationTo"), "value": value["value"].get("id")}
            return value
        return value["id"] if isinstance(value, Mapping) and "id" in value else value

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or value == []:
            return REQUIRED if self.required else None
        if not self.has_many:
            return None
        if self.min_rows is not None and len(value) < self.min_rows:
            return f"{len(value)} is less than the min allowed Rows of {self.min_rows}."
        if self.max_rows is not None and len(value) > self.max_rows:
            return f"{len(value)} is greater than the max allowed Rows of {self.max_rows}."
        return None

    def fits(self, value: Any) -> bool:
        """Whether they are ids is told when they are read."""
        return True

    def invalid(self, refused: Iterable[Any]) -> str:
        """The message for values that refer to nothing."""
        shown = ", ".join(f"{_shown(value)} 0" for value in refused)
        return f"This relationship field has the following invalid relationships: {shown}"

    def pairs(self, value: Any) -> list[tuple[str | None, Any]]:
        """(collection, id) for each reference, None where a value does not say a collection it may refer to."""
        if value is None:
            return []
        return [self._pair(item) for item in (value if self.has_many else [value])]

    def _pair(self, item: Any) -> tuple[str | None, Any]:
        if isinstance(self.relation_to, str):
            return self.relation_to, item
        if (
            isinstance(item, Mapping)
            and set(item) == {"relationTo", "value"}
            and item["relationTo"] in self.relation_to
        ):
            return item["relationTo"], item["value"]
        return None, item

    def targets(self, value: Any) -> Iterable[tuple[str, Any]]:
        return [(slug, id) for slug, id in self.pairs(value) if slug is not None]

    def with_ids(self, value: Any, read: Callable[[str, Any], Any]) -> tuple[Any, list[Any]]:
        if value is None:
            return None, []
        refused: list[Any] = []
        items = [self._with_id(item, read, refused) for item in (value if self.has_many else [value])]
        return items if self.has_many else items[0], refused

    def _with_id(self, item: Any, read: Callable[[str, Any], Any], refused: list[Any]) -> Any:
        slug, given = self._pair(item)
        id = None if slug is None else read(slug, given)
        if id is None:
            refused.append(item)
        return {"relationTo": slug, "value": id} if self.polymorphic and slug is not None else id

    def replace(self, value: Any, found: Callable[[str, Any], Any]) -> Any:
        if value is None or value is ABSENT:
            return value
        items = [self._replaced(item, found) for item in (value if self.has_many else [value])]
        if self.has_many:
            return [item for item in items if item is not ABSENT]
        return None if items[0] is ABSENT else items[0]

    def _replaced(self, item: Any, found: Callable[[str, Any], Any]) -> Any:
        slug, id = self._pair(item)
        if slug is None:
            return item
        document = found(slug, id)
        if not self.polymorphic or document is ABSENT:
            return document
        return {"relationTo": slug, "value": document}

    def query_value(self, raw: Any) -> Any:
        if raw is None or raw == "null":
            return None
        if isinstance(raw, bool) or not isinstance(raw, int | str | float):
            raise Never
        return raw

    def stored_schema(self) -> dict[str, Any]:
        item = self._stored_item()
        return {"type": "array", "items": item} if self.has_many else item

    def _stored_item(self) -> Schema:
        id_schema: Schema = {"type": ["integer", "string"]}
        if not self.polymorphic:
            return id_schema
        return {
            "type": "object",
            "properties": {"relationTo": {"enum": list(self.slugs)}, "value": id_schema},
            "required": ["relationTo", "value"],
        }

    def query_schema(self) -> Schema:
        return {**self._stored_item(), **({"additionalProperties": False} if self.polymorphic else {})}

    def wire_schema(self, wire: Wire) -> Schema:
        schemas = [self._wire_item(slug, wire) for slug in self.slugs]
        item: Schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        return {"type": "array", "items": item} if self.has_many else item

    def _wire_item(self, slug: str, wire: Wire) -> Schema:
        target = wire.id(slug) if self.max_depth == 0 else wire.target(slug, self.populate_as_system)
        if not self.polymorphic:
            return target
        return {
            "type": "object",
            "properties": {"relationTo": {"type": "string", "const": slug}, "value": target},
            "required": ["relationTo", "value"],
        }


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "[object Object]"
    return as_text(value) if not isinstance(value, bool) else str(value).lower()
