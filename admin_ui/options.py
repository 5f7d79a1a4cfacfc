"""The documents that a relationship offers: all while they are few, else those chosen and those searched for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from headless import Forbidden, HeadlessError
from headless.fields import FieldContext

if TYPE_CHECKING:
    from headless.admin_ui.controls import Control
    from headless.admin_ui.entry import Entry
    from headless.admin_ui.visit import Visit

FEW = 50
"""Up to so many documents are offered in one list."""
FOUND = 20

Within = bool | Mapping[str, Any]
"""Whether all documents of a collection may be chosen, or none, or those that fulfil a where."""


@dataclass(slots=True)
class Option:
    """A document that can be chosen."""

    value: str
    label: str
    chosen: bool = False


@dataclass(slots=True)
class Group:
    """Options of one collection, named where there are several."""

    label: str
    options: list[Option]


@dataclass(slots=True)
class Options:
    """What a relationship offers. `all` says that there is nothing else to look for."""

    groups: list[Group] = field(default_factory=list)
    all: bool = True
    sought: str = ""
    places: str = ""
    of_form: bool = False
    """Whether what is offered may depend on what the form says, so that all of it is needed to look for more."""


async def fill_options(visit: Visit, controls: Iterable[Control], sought: Mapping[str, str]) -> None:
    """Loads what every relationship and select among the controls offers; `sought` holds search texts by path."""
    finder = Finder(visit)
    for control in controls:
        if hasattr(control.field, "narrowed") and not control.read_only:
            context = context_of(visit, control)
            control.options = await finder.options(control.field, control.value, sought.get(control.path, ""), context)
        elif hasattr(control.field, "offered") and not control.read_only:
            offered = await control.field.offered(context_of(visit, control))
            chosen = [each for each in control.choices if getattr(each, "value", None) in control.value]
            control.choices = [each for each in control.choices if each in offered or each in chosen]
        elif hasattr(control.field, "linked") and not control.read_only:
            await _fill_documents(visit, control)
        elif hasattr(control.field, "narrowed"):
            control.shown = escape(await finder.shown(control.field, control.value))


async def _fill_documents(visit: Visit, control: Control) -> None:
    """Which collections a rich text may link to and refer to, of those that the asker may read."""
    declared = visit.site.app.config.collections
    entries = await visit.readable()
    linked, related = control.field.linked(declared), control.field.related(declared)
    control.linked = [entry for entry in entries if entry.slug in linked]
    control.related = [entry for entry in entries if entry.slug in related]


def context_of(visit: Visit, control: Control) -> FieldContext:
    """What the functions of a control's field are asked with, while its form is drawn."""
    id = control.document.get("id")
    return FieldContext(
        "create" if id is None else "update", control.document, control.siblings, id, visit.user,
        path=tuple(control.path.split(".")), request=visit.request,
    )  # fmt: skip


class Finder:
    """Looks documents up with the asker's rights, each collection once for a page."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._few: dict[str, list[Option] | None] = {}

    async def options(self, declared: Any, chosen: Sequence[str], sought: str, context: FieldContext) -> Options:
        """The options of one relationship, what is chosen first where the order is kept."""
        entries = [self.visit.site.entries[slug] for slug in declared.slugs]
        within = {entry.slug: await declared.narrowed(entry.slug, context) for entry in entries}
        few = {entry.slug: await self.few(entry, within[entry.slug]) for entry in entries}
        options = Options(all=all(found is not None for found in few.values()), sought=sought)
        options.of_form = callable(declared.filter_options)
        options.places = ", ".join(entry.plural_low for entry in entries)
        offered = {slug: found or [] for slug, found in few.items()}
        if not options.all:
            offered = {
                entry.slug: await self.search(entry, sought, within[entry.slug]) if sought else [] for entry in entries
            }
        selected = await self._selected(declared, entries, chosen, offered)
        for entry in entries:
            mine = [selected[value] for value in chosen if value in selected and self._of(declared, value, entry)]
            rest = [Option(_value(declared, entry, found.value), found.label) for found in offered[entry.slug]]
            rest = [option for option in rest if option.value not in selected]
            label = entry.plural if declared.polymorphic else ""
            options.groups.append(Group(label, _in_order(declared, mine, rest, options.all)))
        return options

    async def few(self, entry: Entry, within: Within) -> list[Option] | None:
        """Every document of a collection that may be chosen, None when they are too many."""
        if within is not True:
            found = await self._find(entry, {}, FEW + 1, within)
            return found if len(found) <= FEW else None
        if entry.slug not in self._few:
            count = await self.visit.count(entry.slug)
            many = count is not None and count > FEW
            self._few[entry.slug] = None if many else await self._find(entry, {}, FEW)
        return self._few[entry.slug]

    async def search(self, entry: Entry, text: str, within: Within) -> list[Option]:
        """Documents whose searched fields have the words of the text."""
        wheres: list[dict[str, Any]] = [{path: {"like": text}} for path in entry.searched]
        id = entry.read_id(text)
        if id is not None and "id" not in entry.searched:
            wheres.append({"id": {"equals": id}})
        return await self._find(entry, {"or": wheres}, FOUND, within) if wheres else []

    async def shown(self, declared: Any, chosen: Sequence[str]) -> str:
        """The titles of what is chosen, for a field that can only be read."""
        entries = [self.visit.site.entries[slug] for slug in declared.slugs]
        selected = await self._selected(declared, entries, chosen, {})
        return ", ".join(selected[value].label for value in chosen if value in selected)

    async def _selected(
        self, declared: Any, entries: Sequence[Entry], chosen: Sequence[str], offered: Mapping[str, list[Option]]
    ) -> dict[str, Option]:
        """The chosen options by value; a document that the asker may not read is kept by its number."""
        selected: dict[str, Option] = {}
        for entry in entries:
            known = {_value(declared, entry, option.value): option.label for option in offered.get(entry.slug, ())}
            mine = [value for value in chosen if self._of(declared, value, entry)]
            unknown = [_id(declared, value) for value in mine if value not in known]
            if unknown:
                ids = [self.visit.site.identify(entry.slug, id) for id in unknown]
                for option in await self._find(entry, {"id": {"in": ids}}, len(ids)):
                    known[_value(declared, entry, option.value)] = option.label
            for value in mine:
                label = known.get(value) or entry.title(_id(declared, value))
                selected[value] = Option(value, label, chosen=True)
        return selected

    async def _find(self, entry: Entry, where: Mapping[str, Any], limit: int, within: Within = True) -> list[Option]:
        if within is False:
            return []
        asked: dict[str, Any] = {"where": dict(where) or None, "limit": limit, "depth": 0}
        if within is not True:
            asked["within"] = within
        try:
            page = await self.visit.api.find(
                entry.slug, sort=entry.title_field, **asked,
                select={entry.title_field: True} if entry.title_field != "id" else None,
            )  # fmt: skip
        except Forbidden:
            return []
        except HeadlessError:
            page = await self.visit.api.find(entry.slug, **asked)
        return [Option(str(doc["id"]), entry.title(doc)) for doc in page.docs]

    def _of(self, declared: Any, value: str, entry: Entry) -> bool:
        return not declared.polymorphic or value.startswith(f"{entry.slug}:")


def _value(declared: Any, entry: Entry, id: str) -> str:
    return f"{entry.slug}:{id}" if declared.polymorphic else id


def _id(declared: Any, value: str) -> str:
    return value.partition(":")[2] if declared.polymorphic else value


def _in_order(declared: Any, chosen: list[Option], rest: list[Option], all: bool) -> list[Option]:
    """Several are shown in the order that is kept; one of few stays in its alphabetical place."""
    if declared.has_many or not all:
        return [*chosen, *rest]
    return sorted([*chosen, *rest], key=lambda option: option.label.lower())
