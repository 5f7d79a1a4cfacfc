"""The first page: how many documents there are, which globals, and what changed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from headless import HeadlessError
from headless.admin_ui.entry import Entry
from headless.admin_ui.visit import Visit

RECENT = 8


@dataclass(frozen=True, slots=True)
class Card:
    """A collection with its count, and where to make a new document."""

    slug: str
    label: str
    singular: str
    url: str
    count: int
    create: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A document or a global, and when it changed last."""

    at: str
    label: str
    title: str
    url: str


async def dashboard(visit: Visit) -> Response:
    """Answers with the dashboard."""
    entries = [entry for entry in await visit.readable() if not entry.hidden]
    cards = [await _card(visit, entry) for entry in entries]
    singles = [await _single(visit, entry) for entry in await visit.readable_globals() if not entry.hidden]
    changes = [change for entry in entries for change in await _changes(visit, entry)]
    changes += [single for single in singles if single.at]
    recent = sorted(changes, key=lambda change: change.at, reverse=True)[:RECENT]
    return await visit.render(
        "dashboard.html", slots=("dashboard.cards",), title="Dashboard", cards=cards, singles=singles, recent=recent
    )


async def _card(visit: Visit, entry: Entry) -> Card:
    may_create = (await visit.rights(entry.slug)).create
    return Card(
        slug=entry.slug,
        label=entry.plural,
        singular=entry.singular_low,
        url=visit.at(entry),
        count=await visit.count(entry.slug) or 0,
        create=visit.at(entry, "create") if may_create else None,
    )


async def _single(visit: Visit, entry: Entry) -> Change:
    """A global, with when it changed last; never, as long as nobody has saved it."""
    document = await visit.api.find_global(entry.slug, depth=0, select={"updatedAt": True})
    return Change(str(document.get("updatedAt") or ""), "Global", entry.singular, visit.at(entry))


async def _changes(visit: Visit, entry: Entry) -> list[Change]:
    if "updatedAt" not in entry.listed:
        return []
    try:
        page = await visit.api.find(entry.slug, sort="-updatedAt", limit=RECENT, depth=0, pagination=False)
    except HeadlessError:
        return []
    return [_change(visit, entry, document) for document in page.docs]


def _change(visit: Visit, entry: Entry, document: dict[str, Any]) -> Change:
    url = visit.at(entry, document["id"])
    return Change(str(document.get("updatedAt") or ""), entry.singular, entry.title(document), url)
