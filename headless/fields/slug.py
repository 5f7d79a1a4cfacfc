"""A name for addresses, made of another field."""

from __future__ import annotations

import dataclasses
import inspect
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator

from headless.declaration import Bool, Str, declaration, nested
from headless.fields.appearance import FieldAdmin
from headless.fields.base import ABSENT, DataField
from headless.fields.checkbox import Checkbox
from headless.fields.text import Written
from headless.hooks import FIELD_HOOKS, Hook, HookContext, Hooks
from headless.names import singular, words
from headless.operators import as_text

LONGEST_MADE: Final = 100
"""A slug that is made is cut here, at a word's end where it can be; one that is given has the limits of a text."""
TRIES: Final = 20
"""So many numbers are tried behind a slug that is taken."""

_SPELLED: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "þ": "th",
        "'": "", "’": "",
    }
)  # fmt: skip
"""Latin letters that Unicode does not take apart, and what is dropped inside a word."""

_MARKS: Final = re.compile("(?<=[a-z])[\u0300-\u036f]+")
"""Marks on Latin letters for which Unicode has no letter of their own."""


def slugify(text: str) -> str:
    """`Crème brûlée, twice` → `creme-brulee-twice`; letters of other scripts stay: `Привет, мир` → `привет-мир`."""
    lower = _MARKS.sub("", unicodedata.normalize("NFC", text.lower()))
    made = "".join(_plain(character) for character in lower.translate(_SPELLED))
    return "-".join(part for part in made.split(" ") if part)


def _plain(character: str) -> str:
    """A Latin letter without its marks, another letter, mark or digit as it is, and a space for everything else."""
    apart = unicodedata.normalize("NFKD", character)
    if apart[0].isascii():
        kept = "".join(part for part in apart if part.isascii() and (part.isalnum() or part in "-_"))
        return kept.replace("-", " ").lower() or " "
    return character if unicodedata.category(character)[0] in "LMN" else " "


def cut(slug: str, longest: int) -> str:
    """The slug, at most so long; it ends with a whole word unless the first one is too long."""
    if len(slug) <= longest:
        return slug
    head, dash, _ = slug[: longest + 1].rpartition("-")
    return head if dash and head else slug[:longest]


async def generate(ctx: HookContext) -> str | None:
    """Hook before a change: makes the slug, or writes the one that is given as slugs are written.

    It is made of its source while there is none, and again when an update says so by the checkbox beside it; the
    checkbox is off as soon as there is a slug.
    """
    field, level, before = ctx.field, ctx.sibling_data, ctx.previous_value
    value = ctx.value
    if value and not isinstance(value, str):
        return None
    again = ctx.operation == "update" and bool(before) and level.get(field.checkbox) is True
    made: str | None = value
    if again or not value:
        made = await _made_of(field.source_text(level, ctx.data), ctx) or value
    elif value != before:
        made = await _slugified(value, ctx)
    if field.companions:
        level[field.checkbox] = not made
    return made


async def _made_of(text: str, ctx: HookContext) -> str | None:
    if not text:
        return None
    longest = ctx.field.max_length or LONGEST_MADE
    base = cut(await _slugified(text, ctx) or slugify(singular(words(ctx.collection))), longest)
    if not ctx.field.unique:
        return base
    wanted = [base, *(f"{cut(base, longest - 3)}-{number}" for number in range(2, TRIES))]
    path = ".".join(str(part) for part in ctx.path)
    where: dict[str, Any] = {path: {"in": wanted}}
    if ctx.id is not None:
        where["id"] = {"not_equals": ctx.id}
    taken = set(await ctx.system.distinct(ctx.collection, path, where))
    return next((slug for slug in wanted if slug not in taken), f"{cut(base, longest - 7)}-{secrets.token_hex(3)}")


async def _slugified(text: str, ctx: HookContext) -> str:
    own = ctx.field.slugify
    if own is None:
        return slugify(text)
    made = own(text, ctx)
    if inspect.isawaitable(made):
        made = await made
    if not isinstance(made, str):
        raise TypeError(f"{own!r} answered {made!r} for the slug of {ctx.collection!r}, which is no text")
    return made


class SlugHooks(Hooks):
    """Reads a field's hooks; the one that makes the slug comes first."""

    def __call__(self, value: Any) -> Mapping[str, tuple[Hook, ...]]:
        hooks = super().__call__(value)
        others = tuple(hook for hook in hooks.get("before_change", ()) if hook is not generate)
        return MappingProxyType({**hooks, "before_change": (generate, *others)})


as_slug_hooks = SlugHooks(FIELD_HOOKS)


@declaration
class Slug(Written):
    """A name for addresses, made of the field `use_as_slug` (`title` unless another is named) and unique.

    It is made when there is none, and stays: addresses outlive titles. An update with the checkbox that stands behind
    it (`generateSlug` for `slug`) set to true makes a new one. `slugify` is a function of your own, `(text, ctx)`.
    """

    type: ClassVar[str] = "slug"
    widget: ClassVar[str] = "slug"
    example: ClassVar[Any] = "a-quiet-launch"

    name: Str = dataclasses.field(default="slug", kw_only=False)
    required: Bool = True
    unique: Bool = True
    index: Bool = True
    admin: Annotated[Any, nested(FieldAdmin)] = FieldAdmin(position="sidebar")
    hooks: Annotated[Any, BeforeValidator(as_slug_hooks)] = dataclasses.field(default_factory=lambda: as_slug_hooks({}))
    use_as_slug: Str | None = "title"
    field_to_use: Str | None = None
    slugify: Callable[..., Any] | None = None
    checkbox_name: Str | None = None

    @property
    def source(self) -> str | None:
        """The field that it is made of: the name of one beside it, or a path from the document; None for none."""
        return self.field_to_use or self.use_as_slug

    @property
    def source_title(self) -> str:
        """How the admin calls the source."""
        return words((self.source or "").rpartition(".")[2])

    @property
    def checkbox(self) -> str:
        """The field that says whether the slug is to be made: `generateSlug`."""
        return self.checkbox_name or f"generate{self.name[:1].upper()}{self.name[1:]}"

    @cached_property
    def companions(self) -> Sequence[DataField]:
        if self.source is None:
            return ()
        shown = FieldAdmin(hidden=True, condition=self.admin.condition)
        return (
            Checkbox(
                self.checkbox, default_value=True, localized=self.localized, access=self.access, hidden=self.hidden,
                admin=shown,
            ),
        )  # fmt: skip

    @property
    def uses(self) -> Sequence[str]:
        return () if self.source is None else (self.source,)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if not self.is_stored:
            yield f"{self.type} field {self.name!r}: what is not stored cannot be a slug"

    def coerce(self, value: Any) -> Any:
        return None if value == "" else super().coerce(value)

    def for_copy(self, value: Any) -> Any:
        return ABSENT if self.source is not None else super().for_copy(value)

    def source_text(self, level: Mapping[str, Any], document: Mapping[str, Any]) -> str:
        """The text that the slug is made of, from the fields beside it or from the document."""
        found: Any = level if self.source in level else document
        for name in [self.source] if self.source in level else (self.source or "").split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return as_text(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""
