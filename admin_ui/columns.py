"""The rows of a list as objects that draw themselves, the same on the page and in the stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from headless.admin_ui.entry import Entry, Listed
from headless.admin_ui.listing import Query
from headless.admin_ui.times import Times
from headless.richtext import to_text

if TYPE_CHECKING:
    from headless.admin_ui.site import Site

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its heading, and the address that sorts by it."""

    path: str
    label: str
    direction: str | None
    sort_url: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row, drawn."""

    label: str
    html: Markup


def make_columns(entry: Entry, query: Query) -> list[Column]:
    """The columns of the query, in its order."""
    return [_column(listed_of(entry, path), query) for path in query.columns]


def listed_of(entry: Entry, path: str) -> Listed:
    """The listed field of a path; `id` is one too."""
    return entry.listed.get(path) or Listed(path, "ID", None)


def _column(item: Listed, query: Query) -> Column:
    sortable = item.field is None or item.sortable
    direction = {item.path: "ascending", f"-{item.path}": "descending"}.get(query.sort)
    turned = f"-{item.path}" if direction == "ascending" else item.path
    return Column(item.path, item.label, direction, query.url(sort=turned, page=None) if sortable else None)


def relations(entry: Entry, paths: Sequence[str]) -> list[str]:
    """The collections that the columns refer to."""
    fields = [item.field for item in (listed_of(entry, path) for path in paths) if item.field is not None]
    return sorted({slug for field in fields for slug in getattr(field, "slugs", ())})


@dataclass(frozen=True)
class RowDrawer:
    """Draws a document as a row. Two that would draw alike are equal, so that a stream encodes once for both."""

    slug: str
    paths: tuple[str, ...]
    zone: str
    base: str
    site: Site = field(compare=False, repr=False)

    def __call__(self, document: Mapping[str, Any]) -> Markup:
        entry = self.site.entries[self.slug]
        tools = Tools(self.site, Times(self.zone, self.site.now))
        cells = [self._cell(listed_of(entry, path), document, tools) for path in self.paths]
        actions = Markup("").join(
            self.site.piece(slot.template, doc=document, entry=entry, base=self.base)
            for slot in self.site.slots("list.row.actions")
        )
        href = f"{self.base}/collections/{self.slug}/{quote(str(document['id']), safe='')}"
        return self.site.piece("row.html", doc=document, cells=cells, href=href, actions=actions)

    def _cell(self, item: Listed, document: Mapping[str, Any], tools: Tools) -> Cell:
        value = value_at(document, item.path)
        if item.field is None:
            return Cell(item.label, Markup("<code>{}</code>").format(value))
        return Cell(item.label, cell_of(self.site, item.field.widget)(value, item, tools))


def cell_of(site: Site, widget: str) -> Callable[..., Markup]:
    """The macro that draws a value of the widget in a list, and wherever it can only be read."""
    name = f"cells/{widget}.html"
    template = site.environment.get_template(name if site.exists(name) else "cells/default.html")
    macro: Callable[..., Markup] = template.module.cell  # type: ignore[attr-defined]
    return macro


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value of a dotted path, None where there is none."""
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


class Tools:
    """What the templates of cells may ask for."""

    def __init__(self, site: Site, when: Times) -> None:
        self.site = site
        self.when = when

    def short(self, value: object) -> str:
        """A value as one line of text."""
        text = "" if value is None else str(value)
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"

    def each(self, value: Any) -> list[Any]:
        """A list of the values, whether there are many, one or none."""
        return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]

    def option(self, field: Any, value: str) -> str:
        """The label of an option."""
        return next((option.label for option in field.options if option.value == value), value)

    def titles(self, field: Any, value: Any) -> str:
        """What the documents that a relationship refers to are called."""
        return ", ".join(self._title(field, item) for item in self.each(value))

    def _title(self, field: Any, item: Any) -> str:
        slug = field.slugs[0]
        if isinstance(item, Mapping) and "relationTo" in item:
            slug, item = item["relationTo"], item["value"]
        entry = self.site.entries.get(slug)
        return entry.title(item) if entry else str(item)

    def plain(self, value: Any) -> str:
        """The beginning of what a rich text says."""
        return self.short(" ".join(to_text(value).split()))

    def json(self, value: Any) -> str:
        """The beginning of a value as JSON."""
        return self.short(json.dumps(value, ensure_ascii=False))
