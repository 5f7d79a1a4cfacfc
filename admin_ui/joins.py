"""The documents that a join brings, as tables in the form; and the form of a new one that refers back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup

from headless.admin_ui.columns import RowDrawer, listed_of, relations
from headless.admin_ui.listing import flatten

if TYPE_CHECKING:
    from headless.admin_ui.controls import Control
    from headless.admin_ui.entry import Entry
    from headless.admin_ui.visit import Visit

MOST_COLUMNS = 4
REFERENCE = "_refers"
"""The query parameter that fills in a reference of a new document: `sender:users:7`."""


@dataclass(slots=True)
class Table:
    """The joined documents of one collection."""

    entry: Entry
    labels: Sequence[str]
    rows: list[Markup] = field(default_factory=list)
    create_url: str = ""
    list_url: str = ""


@dataclass(slots=True)
class Joined:
    """What a join brings. `more` says that there are others that are not shown."""

    tables: list[Table]
    total: int
    more: bool


async def fill_joined(visit: Visit, entry: Entry, id: int | str, controls: Iterable[Control]) -> None:
    """Loads what every join among the controls brings, with the asker's rights."""
    nodes = {node.dotted: node for node in entry.compiled.joins}
    drawn = {control.path: control for control in controls if control.path in nodes}
    if not drawn:
        return
    document = await visit.api.get(
        entry.slug, id, depth=2, select=_select(drawn), joins={path: {"count": True} for path in drawn},
        populate=_populate(visit, [nodes[path] for path in drawn]),
    )  # fmt: skip
    for path, control in drawn.items():
        value: Any = document
        for key in nodes[path].path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            control.joined = await _joined(visit, entry.slug, id, nodes[path], value)


def _select(paths: Iterable[str]) -> dict[str, Any]:
    select: dict[str, Any] = {}
    for path in paths:
        level = select
        *above, key = path.split(".")
        for name in above:
            level = level.setdefault(name, {})
        level[key] = True
    return select


def _columns(node: Any, entry: Entry) -> tuple[str, ...]:
    """The columns that the join asks for, else the first of the collection's own, without what refers back."""
    declared = [path for path in node.field.admin.default_columns if path == "id" or path in entry.listed]
    own = [path for path in entry.columns if path != node.joins.on]
    return tuple(declared or own[:MOST_COLUMNS] or ["id"])


def _populate(visit: Visit, nodes: Iterable[Any]) -> dict[str, dict[str, bool]]:
    """The keys that the tables show of the joined documents, and the titles of what these refer to."""
    entries = visit.site.entries
    wanted: dict[str, dict[str, bool]] = {}
    for node in nodes:
        for slug in (slug for slug, _ in node.sources if slug in entries):
            columns = _columns(node, entries[slug])
            wanted.setdefault(slug, {}).update({path.split(".")[0]: True for path in columns})
            for other in (other for other in relations(entries[slug], columns) if other in entries):
                wanted.setdefault(other, {})[entries[other].title_field] = True
    return wanted


async def _joined(visit: Visit, slug: str, id: int | str, node: Any, value: Mapping[str, Any]) -> Joined:
    tables: dict[str, Table] = {}
    drawers: dict[str, RowDrawer] = {}
    for source, on in node.sources:
        if source in visit.site.entries:
            tables[source] = await _table(visit, slug, id, node, source, on)
            columns = _columns(node, visit.site.entries[source])
            drawers[source] = RowDrawer(source, columns, visit.times.name, visit.base, visit.site)
    for source, item in node.joins.targets(value):
        if source in tables:
            document = item if isinstance(item, Mapping) else {"id": item}
            tables[source].rows.append(drawers[source](document))
    return Joined(list(tables.values()), value.get("totalDocs", 0), value["hasNextPage"])


async def _table(visit: Visit, slug: str, id: int | str, node: Any, source: str, on: Any) -> Table:
    entry = visit.site.entries[source]
    table = Table(entry, [listed_of(entry, path).label for path in _columns(node, entry)])
    list_url = visit.url("collections", source)
    if not on.refers.polymorphic and on.dotted in entry.listed:
        table.list_url = f"{list_url}?{urlencode(list(flatten('where', {'and': [{on.dotted: {'equals': id}}]})))}"
    if on.parent is None and (await visit.rights(source)).create:
        table.create_url = (
            f"{visit.url('collections', source, 'create')}?{urlencode({REFERENCE: f'{on.key}:{slug}:{id}'})}"
        )
    return table


def preset(visit: Visit, entry: Entry, given: str) -> dict[str, Any]:
    """The value of the reference that an address names; nothing for what names none."""
    path, _, target = given.partition(":")
    slug, _, text = target.partition(":")
    node = entry.compiled.plan.by_key.get(path)
    if node is None or node.refers is None or slug not in node.slugs or node.field.is_open:
        return {}
    id = visit.site.entries[slug].read_id(text) if slug in visit.site.entries else None
    if id is None:
        return {}
    value: Any = {"relationTo": slug, "value": id} if node.refers.polymorphic else id
    return {path: [value] if node.field.has_list else value}
