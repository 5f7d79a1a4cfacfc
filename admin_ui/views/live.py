"""What an open page is told without asking: changed rows, counts that are no longer right, and who it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse

from headless import NotFound
from headless.admin_ui.columns import RowDrawer
from headless.admin_ui.entry import Entry
from headless.admin_ui.listing import read_query
from headless.admin_ui.navigation import user_path
from headless.admin_ui.stream import LiveStream, Part
from headless.admin_ui.views.documents import readable_query, reading
from headless.admin_ui.visit import Visit
from headless.events import Event, format_event

COUNTED = ("create", "delete", "enter", "leave")


async def live(visit: Visit) -> LiveStream:
    """The stream of a page: the rows of the list, the document or the global it shows, and every collection's count."""
    asked = visit.request.query_params
    since = _cursor(visit.request.headers.get("last-event-id") or asked.get("since") or "")
    readable = {entry.slug: entry for entry in await visit.readable()}
    parts = [
        Part(visit.api.watch(slug, select={"id": True}, since=since, events=COUNTED), partial(_count, slug))
        for slug, entry in readable.items()
        if not entry.hidden
    ]
    entry = readable.get(asked.get("list", ""))
    if entry is not None:
        parts.append(await _rows(visit, entry, since))
    parts += [
        Part(visit.api.watch_global(entry.slug, since=since), partial(_row, entry.title))
        for entry in await visit.readable_globals()
        if entry.slug == asked.get("global")
    ]
    return LiveStream(parts)


def _cursor(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


async def _rows(visit: Visit, entry: Entry, since: int | None) -> Part:
    rights = await visit.rights(entry.slug)
    query = readable_query(entry, rights, read_query("", visit.request.scope["query_string"], entry))
    where = query.asked(entry)
    if (id := visit.request.query_params.get("id")) is not None:
        where = {"id": {"equals": entry.read_id(id)}}
    drawer = RowDrawer(entry.slug, query.columns, visit.times.name, visit.base, visit.site)
    watch = visit.api.watch(entry.slug, where=where or None, since=since, **reading(visit, entry, query.columns))
    return Part(watch, partial(_row, drawer))


def _count(slug: str, event: Event) -> bytes:
    return format_event("count", {"slug": slug})


def _row(draw: Callable[[dict[str, Any]], str], event: Event) -> bytes | None:
    if event.name == "reset":
        return format_event("reset", {}, event.id)
    by = user_path(event.actor) if event.actor else None
    row = draw(event.doc) if event.doc is not None else None
    return format_event("row", {"id": event.document_id, "kind": event.name, "by": by, "row": row}, event.id)


async def counts(visit: Visit) -> JSONResponse:
    """How many documents of each collection the asker may see."""
    return JSONResponse({entry.slug: await visit.count(entry.slug) for entry in await visit.readable()})


async def who(visit: Visit) -> PlainTextResponse:
    """What a user is called, for those who may read that user."""
    entry = visit.site.entries.get(visit.parameters["slug"])
    id = entry.read_id(visit.parameters["id"]) if entry and entry.auth else None
    if entry is None or id is None:
        raise NotFound()
    return PlainTextResponse(entry.title(await visit.api.get(entry.slug, id, depth=0)))
