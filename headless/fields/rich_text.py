"""Rich text, as the JSON of the Lexical editor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from html import escape
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

import sqlalchemy as sa
from pydantic import BeforeValidator

from headless import operators
from headless.declaration import Int, Names, Str, changed, declaration
from headless.fields import rich_text_parts
from headless.fields.abilities import Change, PartRows, Writer
from headless.fields.base import (
    ABSENT,
    ORDERED_JSON,
    REQUIRED,
    DataField,
    Field,
    FieldContext,
    Schema,
    Wire,
    clean_text,
    resolved_inside,
)
from headless.fields.block import KIND, Block
from headless.fields.blocks import as_blocks, declared_in, slugs_in, twice, with_named
from headless.fields.rows import Path, with_row_id
from headless.fields.textarea import Textarea
from headless.hooks import HookContext
from headless.lexical.blocks import BLOCK, NONE, TYPES, Blocks
from headless.lexical.checking import MOST_TOLD, problems
from headless.lexical.features import NAMES
from headless.lexical.html_writer import to_html
from headless.lexical.nodes import is_document, linked_to, references, with_references
from headless.lexical.plain import is_empty
from headless.names import did_you_mean, snake
from headless.operators import Operator, as_text

INVALID = "This field has an invalid input."
EXAMPLE: Final[Mapping[str, Any]] = {
    "root": {
        "type": "root", "format": "", "indent": 0, "version": 1, "direction": "ltr",
        "children": [
            {
                "type": "heading", "tag": "h2", "format": "", "indent": 0, "version": 1, "direction": "ltr",
                "children": [
                    {"type": "text", "text": "A quiet launch", "format": 0, "detail": 0, "mode": "normal", "style": "",
                     "version": 1},
                ],
            },
        ],
    },
}  # fmt: skip


def as_blocks_or_none(given: Any) -> tuple[Any, ...] | None:
    """Reads a list of blocks, which may not be given."""
    return None if given is None else as_blocks(given)


def as_features(given: Any) -> Any:
    """Reads `features`: names of Payload's, in snake_case or camelCase."""
    if isinstance(given, list | tuple):
        return tuple(snake(name) if isinstance(name, str) else name for name in given)
    return given


BlocksGiven = Annotated[
    Sequence[Block | str] | None, BeforeValidator(as_blocks_or_none, json_schema_input_type=list[Block | str] | None)
]


@declaration
class RichText(DataField):
    """Formatted text with headings, lists, links and references: the JSON of the Lexical editor, kept as it is.

    `features` names what it may have; when it is not given that is everything, and nodes of types nobody knows are
    kept. `relation_to` names the collections that may be referred to: all that the admin does not hide by default.
    `on_delete` says what happens when a document that is referred to goes: `set_null` (the default) leaves the node
    without it and a link its words, `restrict` or `cascade`.

    `blocks` and `inline_blocks` are the kinds of blocks that it may hold, by themselves and in a line: declarations,
    or slugs of blocks of the config. Their fields are fields of the document. When neither is given, blocks are nodes
    like any other that nobody knows.
    """

    type: ClassVar[str] = "rich_text"
    widget: ClassVar[str] = "rich_text"
    is_open: ClassVar[bool] = True
    storage: ClassVar[sa.types.TypeEngine[Any]] = ORDERED_JSON
    example: ClassVar[Any] = EXAMPLE
    bare: ClassVar[bool] = False
    polymorphic: ClassVar[bool] = False
    populate_as_system: ClassVar[tuple[str, ...]] = ()
    flat: ClassVar[bool] = False
    level_key: ClassVar[str | None] = KIND

    features: Annotated[Sequence[Str] | None, BeforeValidator(as_features)] = None
    relation_to: Names = ()
    max_depth: Int | None = None
    on_delete: Str | None = None
    blocks: BlocksGiven = None
    inline_blocks: BlocksGiven = None

    @property
    def slugs(self) -> tuple[str, ...]:
        """The collections it is declared to refer to."""
        return tuple(self.relation_to)

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.RICH_TEXT

    @property
    def when_gone(self) -> str:
        """What happens to a document when one that it refers to goes."""
        return self.on_delete or "set_null"

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        for name in self.features or ():
            if name not in NAMES:
                yield f"{self.type} field {self.name!r}: there is no feature {name!r}{did_you_mean(name, NAMES)}"
        if self.on_delete not in (None, "set_null", "restrict", "cascade"):
            yield f"{self.type} field {self.name!r}: on_delete is set_null, restrict or cascade, not {self.on_delete!r}"
        for given in (self.blocks or (), self.inline_blocks or ()):
            for slug in twice(slugs_in(given)):
                yield f"{self.type} field {self.name!r}: two blocks are called {slug!r}"
        alone = {block.slug: block for block in self.kinds}
        for block in self.inline_kinds:
            if block != alone.get(block.slug, block):
                yield f"{self.type} field {self.name!r}: {block.slug!r} is one block by itself and another in a line"

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(block for block in (*(self.blocks or ()), *(self.inline_blocks or ())) if isinstance(block, str))

    def resolved(self, library: Mapping[str, Any]) -> Field:
        options = {"blocks": self.blocks, "inline_blocks": self.inline_blocks}
        found = {name: with_named(given, library) for name, given in options.items() if given is not None}
        return resolved_inside(changed(self, **found) if self.named else self, library)

    @property
    def kinds(self) -> tuple[Block, ...]:
        """The blocks that may stand by themselves."""
        return declared_in(self.blocks or ())

    @property
    def inline_kinds(self) -> tuple[Block, ...]:
        """The blocks that may stand in a line."""
        return declared_in(self.inline_blocks or ())

    @property
    def takes_blocks(self) -> bool:
        """Whether it is declared which blocks it may hold."""
        return self.blocks is not None or self.inline_blocks is not None

    @cached_property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        return {block.slug: block.level for block in (*self.inline_kinds, *self.kinds)}

    def kinds_of(self, type_: str) -> Sequence[Block]:
        """The kinds of blocks that nodes of a type may be of."""
        return self.kinds if type_ == BLOCK else self.inline_kinds

    def linked(self, collections: Iterable[Any]) -> tuple[str, ...]:
        """The collections, of those that are declared, whose documents its links may lead to."""
        return tuple(slug for slug, admin in self._offered(collections) if self.slugs or admin.enable_rich_text_link)

    def related(self, collections: Iterable[Any]) -> tuple[str, ...]:
        """Those whose documents an editor offers to refer to in nodes of their own."""
        offered = self._offered(collections)
        return tuple(slug for slug, admin in offered if self.slugs or admin.enable_rich_text_relationship)

    def _offered(self, collections: Iterable[Any]) -> list[tuple[str, Any]]:
        reached = self.reaches(collections)
        return [(each.slug, each.admin) for each in collections if each.slug in reached]

    def reaches(self, collections: Iterable[Any]) -> tuple[str, ...]:
        return self.slugs or tuple(each.slug for each in collections if not each.admin.hidden)

    def coerce(self, value: Any) -> Any:
        """A document that stands in the place of its id, as it is read, is written as the id."""
        return with_references(value, lambda slug, item: item["id"] if _has_id(item) else item)

    def check(self, value: Any, context: FieldContext) -> str | None:
        if value is None or is_empty(value):
            if self.required:
                return REQUIRED
            if value is None:
                return None
        if self.features is not None and not is_document(value):
            return INVALID
        wrong = problems(value, self._enabled, clean_text) or self._astray(value, context)
        return " ".join(wrong) or None

    def _astray(self, value: Any, context: FieldContext) -> list[str]:
        """Which links lead to documents of collections that take none."""
        closed = {each.slug for each in context.collections} - {*self.linked(context.collections)}
        return [
            f"{'.'.join(map(str, path))}: links do not lead to documents of {slug!r} here."
            for path, slug in (linked_to(value) if closed else ())
            if slug in closed
        ][:MOST_TOLD]

    @property
    def _enabled(self) -> Sequence[str] | None:
        """The features, and types of nodes beside them, that a value may have; None for any."""
        if self.features is None:
            return None
        return (*self.features, *TYPES) if self.takes_blocks else self.features

    def check_unasked(self, value: Any) -> str | None:
        return " ".join(problems(value, None, clean_text)) or None

    def parts(self, value: Any) -> Iterable[dict[str, Any]]:
        return rich_text_parts.parts(value) if self.levels else ()

    def with_parts(self, value: Any, change: Change) -> Any:
        return rich_text_parts.with_parts(value, change) if self.levels else value

    def part_rows(self, dialect: Any, value: sa.ColumnElement[Any]) -> PartRows:
        return dialect.json_blocks(value)  # type: ignore[no-any-return]

    async def fill(self, writer: Writer, node: Any, value: Any, stored: Any, path: Path) -> Any:
        return await rich_text_parts.fill(self, writer, node, value, stored, path) if self.levels else value

    async def finish(self, writer: Writer, node: Any, value: Any, stored: Any, path: Path, label: str) -> Any:
        if self.takes_blocks:
            shown = f"{label} > {self.title}" if label else self.title
            await rich_text_parts.finish(self, writer, node, value, stored, path, shown, self.kinds_of)
        return value

    def targets(self, value: Any) -> list[tuple[str, Any]]:
        return references(value)

    def with_ids(self, value: Any, read: Callable[[str, Any], Any]) -> tuple[Any, list[Any]]:
        refused: list[Any] = []

        def changed(slug: Any, item: Any) -> Any:
            id = read(slug, item) if isinstance(slug, str) else None
            if id is None:
                refused.append({"relationTo": slug, "value": item})
                return item
            return id

        return with_references(value, changed), refused

    def invalid(self, refused: Iterable[Any]) -> str:
        shown = ", ".join(_shown(item) for item in refused)
        return f"This field refers to documents that do not exist, or that it may not refer to: {shown}."

    def replace(self, value: Any, found: Callable[[str, Any], Any]) -> Any:
        def changed(slug: Any, id: Any) -> Any:
            document = found(slug, id) if isinstance(slug, str) else id
            return None if document is ABSENT else document

        return with_references(value, changed)

    def stored_schema(self) -> Schema:
        return {"type": "object", "properties": {"root": dict(_ROOT)}, "required": ["root"]}

    def wire_schema(self, wire: Wire) -> Schema:
        if not self.levels:
            return self.stored_schema()
        parts = {kind: with_row_id(part, wire) for kind, part in wire.parts.items()}
        root = rich_text_parts.root_schema(_ROOT, {type_: self.kinds_of(type_) for type_ in TYPES}, parts)
        return {**self.stored_schema(), "properties": {"root": root}}


def HtmlOf(  # noqa: N802 - a declaration like the others
    field: RichText, name: str | None = None, *, blocks: Blocks = NONE, **options: Any
) -> Textarea:
    """A field with the HTML of a rich text beside it, made whenever a document is read: `body_html` of `body`.

    Whoever may not read the rich text may not read this one either. `blocks` writes blocks, by their slugs, given all
    of their fields, whoever asks. Other declared blocks are empty elements that say their kind and their id.
    """

    def made(context: HookContext) -> str | None:
        value = context.sibling_data.get(field.name)
        return to_html(value, blocks=writers) if value is not None else None

    # Nobody is shown by way of the HTML what rules of the blocks' own fields hide from him.
    in_line = {
        slug: partial(_placeholder, "span", "inline-block", slug) for slug in slugs_in(field.inline_blocks or ())
    }
    alone = {slug: partial(_placeholder, "div", "block", slug) for slug in slugs_in(field.blocks or ())}
    writers: Blocks = {**in_line, **alone, **blocks}
    access = {"read": field.access["read"]} if "read" in field.access else {}
    return Textarea(
        name or f"{field.name}_html",
        **{
            "virtual": True, "hidden": field.hidden, "access": access, "admin": {"hidden": True},
            "hooks": {"after_read": made}, **options,
        },
    )  # fmt: skip


def _placeholder(tag: str, attribute: str, slug: str, fields: Mapping[str, Any]) -> str:
    return f'<{tag} data-{attribute}="{escape(slug)}" data-id="{escape(str(fields.get("id")))}"></{tag}>'


_ROOT: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "type": "object",
        "properties": {
            "type": {"const": "root"},
            "children": {
                "type": "array",
                "items": {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]},
            },
        },
        "required": ["children"],
    }
)


def _has_id(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("id"), int | str)


def _shown(item: Any) -> str:
    slug, id = (item["relationTo"], item["value"]) if isinstance(item, Mapping) else ("", item)
    return f"{slug} {as_text(id) if isinstance(id, int | str | float) else 'without an id'}".strip()[:120]
