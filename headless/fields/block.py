"""A kind of block: fields under a slug, for the fields of type `blocks` that take it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator

from headless.declaration import Bool, Frozen, Str, declaration, nested
from headless.errors import ConfigError
from headless.fields.base import (
    INVALID,
    DataField,
    Field,
    FieldContext,
    as_fields,
    check_fields,
    resolved_inside,
    same_level,
)  # fmt: skip
from headless.fields.text import Text
from headless.labels import Labels
from headless.names import plural, words
from headless.operators import Never

KIND: Final = "blockType"
NAME: Final = "blockName"
RESERVED: Final = ("id", KIND, NAME)

_SLUG: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


@declaration
class BlockAdmin:
    """How the admin shows a block: under which heading it is offered, and whether it can be given a name."""

    group: Str | None = None
    disable_block_name: Bool = False


@declaration
class Block:
    """A kind of part of a `blocks` field: its `fields`, told by its `slug`, which values have as their `blockType`."""

    slug: Str = dataclasses.field(kw_only=False)
    fields: Annotated[Sequence[Field], BeforeValidator(as_fields)]
    labels: Annotated[Any, nested(Labels)] = Labels()
    interface_name: Str | None = None
    admin: Annotated[Any, nested(BlockAdmin)] = BlockAdmin()
    custom: Frozen = None

    def __post_init__(self) -> None:
        problems = [*self._named(), *check_fields(self.fields, f"block {self.slug!r}")]
        if problems:
            raise ConfigError(problems)

    def _named(self) -> Iterator[str]:
        if _SLUG.fullmatch(self.slug) is None:
            yield f"block {self.slug!r}: a slug is letters, digits, '_' and '-', not a digit first"
        for field in same_level(self.fields):
            if isinstance(field, DataField) and field.name in RESERVED:
                yield f"block {self.slug!r}: the name {field.name!r} is taken: every block has it by itself"

    @property
    def singular(self) -> str:
        """The label of one such block."""
        return self.labels.singular or words(self.slug)

    @property
    def plural(self) -> str:
        """The label of several."""
        return self.labels.plural or plural(self.singular)

    @property
    def interface(self) -> str:
        """The name of its type in generated code."""
        return self.interface_name or words(self.slug).replace(" ", "")

    @cached_property
    def level(self) -> tuple[Field, ...]:
        """The fields of its values: its own, its name and its kind."""
        return *self.fields, Text(NAME), Kind(KIND, block=self, required=True)

    @property
    def form_fields(self) -> tuple[Field, ...]:
        """The fields that the admin asks for."""
        left_out = (KIND, NAME) if self.admin.disable_block_name else (KIND,)
        return tuple(field for field in self.level if field.key not in left_out)

    def resolved(self, library: Mapping[str, Any]) -> Block:
        """The block with every block that is named in it put in."""
        return resolved_inside(self, library)


@declaration
class Kind(DataField):
    """Which block a part is. It is given by the place in the declaration, never by what is written into it."""

    type: ClassVar[str] = "blockType"
    widget: ClassVar[str] = "block_type"
    example: ClassVar[Any] = "quote"
    identifies: ClassVar[bool] = True

    block: Any

    def empty(self) -> Any:
        return self.block.slug

    def coerce(self, value: Any) -> Any:
        return self.block.slug

    def check(self, value: Any, context: FieldContext) -> str | None:
        return None if value == self.block.slug else INVALID

    def query_value(self, raw: Any) -> Any:
        if raw is not None and not isinstance(raw, str):
            raise Never
        return raw

    def stored_schema(self) -> dict[str, Any]:
        return {"type": "string", "const": self.block.slug}
