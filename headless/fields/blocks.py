"""Parts of several kinds in one list."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from headless import operators
from headless.declaration import Names, changed, declaration
from headless.errors import ConfigError
from headless.fields.abilities import Writer
from headless.fields.base import REQUIRED, Field, FieldContext, Schema, every_field, resolved_inside
from headless.fields.block import KIND, Block
from headless.fields.rows import Path, Rows
from headless.names import did_you_mean, words
from headless.operators import Operator

logger = logging.getLogger("headless.fields")


def as_blocks(given: Any) -> tuple[Any, ...]:
    """Reads blocks given as declarations, as mappings, or as the slugs of blocks that the config declares."""
    if not isinstance(given, list | tuple):
        raise ConfigError("blocks are a list")
    return tuple(Block(**item) if isinstance(item, Mapping) else item for item in given)


def declared_in(given: Iterable[Block | str]) -> tuple[Block, ...]:
    """The blocks, without those that are only named."""
    return tuple(block for block in given if isinstance(block, Block))


def slugs_in(given: Iterable[Block | str]) -> list[str]:
    """The slugs of blocks, of those too that are only named."""
    return [block if isinstance(block, str) else block.slug for block in given]


def twice(slugs: Sequence[str]) -> list[str]:
    """The slugs that several blocks have."""
    return sorted({slug for slug in slugs if slugs.count(slug) > 1})


def with_named(given: Iterable[Block | str], library: Mapping[str, Any]) -> tuple[Block | str, ...]:
    """The blocks, with those of the config in the place of their names."""
    return tuple(library.get(block, block) if isinstance(block, str) else block for block in given)


def no_such_block(given: Any, known: Collection[str]) -> str:
    """The message for a block of a kind that there is not."""
    there = f"There are: {', '.join(known)}." if known else "There are none."
    return f"There is no such block here: {str(given)[:100]!r}. {there}"


def as_filter(given: Any) -> Any:
    """Reads which blocks are allowed: slugs, or a function that answers them."""
    if given is None or callable(given):
        return given
    if not isinstance(given, list | tuple) or not all(isinstance(slug, str) for slug in given):
        raise ConfigError("filter_options is a list of slugs, or a function that answers one")
    return tuple(given)


@declaration
class Blocks(Rows):
    """An ordered list of parts, each of one of some `blocks`: with that block's fields, an id that it keeps and a name.

    `block_references` names further blocks, which the config declares once for several fields. `filter_options` says
    which of them a write may hold: their slugs, or a function of the FieldContext that answers these, or `True`.
    """

    type: ClassVar[str] = "blocks"
    widget: ClassVar[str] = "blocks"
    row_word: ClassVar[str] = "block"
    level_key: ClassVar[str | None] = KIND
    example: ClassVar[Any] = [
        {"id": "65f1f1f1f1f1f1f1f1f1f1f1", "inner": "A quiet launch", "blockName": None, "blockType": "quote"}
    ]

    blocks: Annotated[Sequence[Block | str], BeforeValidator(as_blocks, json_schema_input_type=list[Block | str])] = ()
    block_references: Names = ()
    filter_options: Annotated[Any, BeforeValidator(as_filter, json_schema_input_type=list[str] | str)] = None

    @property
    def kinds(self) -> tuple[Block, ...]:
        """The blocks, without those that are only named."""
        return declared_in(self.blocks)

    @property
    def named(self) -> tuple[str, ...]:
        return *(block for block in self.blocks if isinstance(block, str)), *self.block_references

    @cached_property
    def levels(self) -> Mapping[str, Sequence[Field]]:
        return {block.slug: block.level for block in self.kinds}

    def resolved(self, library: Mapping[str, Any]) -> Field:
        if not self.named:
            return resolved_inside(self, library)
        found = with_named((*self.blocks, *self.block_references), library)
        return resolved_inside(changed(self, blocks=found, block_references=()), library)

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.EXISTENCE

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        slugs = slugs_in((*self.blocks, *self.block_references))
        if not slugs:
            yield f"{self.type} field {self.name!r} has no blocks"
        for slug in twice(slugs):
            yield f"{self.type} field {self.name!r}: two blocks are called {slug!r}"
        for slug in self.filter_options if isinstance(self.filter_options, tuple) else ():
            if slug not in slugs:
                yield f"{self.type} field {self.name!r}: filter_options: no block {slug!r}{did_you_mean(slug, slugs)}"

    @property
    def validators(self) -> tuple[Callable[..., Any], ...]:
        return super().validators if self.filter_options is None else (self.check_kinds, *super().validators)

    async def offered(self, context: FieldContext) -> Sequence[Block]:
        """The blocks that may be written here and now."""
        answer = self.filter_options
        if callable(answer):
            answer = answer(context)
            answer = await answer if inspect.isawaitable(answer) else answer
        if self.filter_options is None or answer is True:
            return self.kinds
        if not isinstance(answer, Iterable) or isinstance(answer, str | Mapping):
            logger.error("filter_options of %r answered %r, which is no list of slugs: none fits", self.name, answer)
            return ()
        slugs = set(answer)
        return [block for block in self.kinds if block.slug in slugs]

    async def check_kinds(self, value: Any, context: FieldContext) -> str | None:
        """Which of the blocks `filter_options` leaves out."""
        offered = {block.slug for block in await self.offered(context)}
        refused = dict.fromkeys(
            kind for row in value if (kind := self.level_of(row)) in self.levels and kind not in offered
        )
        return f"This field does not take these blocks here: {', '.join(refused)}." if refused else None

    def row_label(self, label: str, number: int, plan: Any) -> str:
        shown = f"{label} > Block {number}"
        return shown if plan is None else f"{shown} ({plan.by_key[KIND].field.block.singular})"

    def refuse(self, writer: Writer, row: Mapping[str, Any], path: Path, label: str) -> None:
        given = row.get(KIND)
        message = no_such_block(given, self.levels) if given else REQUIRED
        writer.fail((*path, KIND), f"{label} > {words(KIND)}", message)

    def stored_schema(self) -> Schema:
        kinds: dict[str, Schema] = {slug: {"properties": {KIND: {"const": slug}}} for slug in self.levels}
        parts = {slug: {"type": "object", **kind, "required": [KIND]} for slug, kind in kinds.items()}
        return {"type": "array", "items": self.item_schema(parts)}

    def item_schema(self, parts: Mapping[str, Schema]) -> Schema:
        told = [told_apart(block, parts[block.slug]) for block in self.kinds]
        return {"oneOf": told, "discriminator": {"propertyName": KIND}}


def told_apart(block: Block, part: Schema) -> Schema:
    """The schema of one kind: with the name of its type, and its kind required, whatever else may be left out."""
    required = [name for name in part.get("required", ()) if name != KIND]
    return {"title": block.interface, **part, "required": [*required, KIND]}


def circles(blocks: Iterable[Block]) -> Iterator[str]:
    """What is wrong with blocks that name each other: each that would contain itself, with the way."""
    inside = {block.slug: _named_in(block) for block in blocks}
    followed: set[str] = set()

    def follow(slug: str, way: tuple[str, ...]) -> Iterator[str]:
        if slug in way:
            yield f"block {slug!r} contains itself: {' > '.join((*way[way.index(slug) :], slug))}"
        elif slug not in followed:
            followed.add(slug)
            for name in inside.get(slug, ()):
                yield from follow(name, (*way, slug))

    for slug in inside:
        yield from follow(slug, ())


def _named_in(block: Block) -> dict[str, None]:
    return {name: None for field in every_field(block.fields) for name in field.named}
