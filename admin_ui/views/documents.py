"""A collection's documents as rows: sorted, searched, filtered and paged by the query string."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from headless import BadRequest, Forbidden, HeadlessError, NotFound
from headless.admin_ui import filters
from headless.admin_ui.columns import RowDrawer, make_columns, relations
from headless.admin_ui.entry import Entry
from headless.admin_ui.listing import Query, flatten, read_query
from headless.admin_ui.permissions import Rights
from headless.admin_ui.visit import Visit

MODULES = ("list.js",)


async def document_list(visit: Visit) -> Response:
    """Answers with the list, or leads to its address with the filter that the form added."""
    entry = entry_of(visit)
    rights = await visit.rights(entry.slug)
    if not rights.read and await visit.count(entry.slug) is None:
        raise Forbidden()
    path = visit.url("collections", entry.slug)
    asked = visit.request.query_params
    query = readable_query(entry, rights, read_query(path, visit.request.scope["query_string"], entry))
    if "_field" in asked:
        return visit.redirect(
            filters.added(entry, query, asked["_field"], asked.get("_op", ""), asked.get("_value", ""))
        )
    page, error = await _find(visit, entry, query)
    return await _answer(visit, entry, query, rights, page, error)


def entry_of(visit: Visit) -> Entry:
    """The collection or the global that the path names. Raises NotFound."""
    named = visit.parameters
    entry = visit.site.globals.get(named["global"]) if "global" in named else visit.site.entries.get(named["slug"])
    if entry is None:
        raise NotFound()
    return entry


def readable_query(entry: Entry, rights: Rights, query: Query) -> Query:
    """The query without the columns that the asker may not read."""
    return replace(query, columns=tuple(path for path in query.columns if filters.readable(path, rights.fields)))


def reading(visit: Visit, entry: Entry, shown: tuple[str, ...]) -> dict[str, Any]:
    """How deep rows are read: the titles of what they refer to, no more."""
    slugs = [slug for slug in relations(entry, shown) if slug in visit.site.entries]
    populate = {slug: {visit.site.entries[slug].title_field: True} for slug in slugs}
    return {"depth": 1, "populate": populate} if slugs else {"depth": 0}


async def _find(visit: Visit, entry: Entry, query: Query) -> tuple[Any, str | None]:
    try:
        page = await visit.api.find(
            entry.slug, where=query.asked(entry) or None, sort=query.sort or None, limit=query.limit, page=query.page,
            joins=False, **reading(visit, entry, query.columns),
        )  # fmt: skip
        return page, None
    except Forbidden:
        raise
    except BadRequest as error:
        return None, error.message
    except HeadlessError as error:
        if error.status_code >= 500:
            raise
        return None, error.message


async def _answer(visit: Visit, entry: Entry, query: Query, rights: Rights, page: Any, error: str | None) -> Response:
    drawer = RowDrawer(entry.slug, query.columns, visit.times.name, visit.base, visit.site)
    documents = page.docs if page else []
    begin = page.paging_counter if page else 0
    readable = {path: item for path, item in entry.listed.items() if filters.readable(path, rights.fields)}
    fields = [item.field for item in readable.values()]
    return await visit.render(
        "list.html",
        status=400 if error else 200,
        current=entry.slug,
        modules=MODULES,
        slots=("list.before",),
        skip="rows" if documents else "main",
        title=entry.plural,
        entry=entry,
        may=rights,
        query=query,
        error=error,
        page=page or NO_PAGE,
        rows=[drawer(document) for document in documents],
        columns=make_columns(entry, query),
        shown=query.columns,
        all_columns=readable.values(),
        row_actions=any(visit.site.slots("list.row.actions")),
        chips=filters.chips(entry, query),
        filters=filters.offered(entry, rights.fields),
        operators=filters.WORDS,
        choices=sorted({option.label for field in fields for option in getattr(field, "options", ())}),
        searched=", ".join(entry.listed[path].label.lower() for path in entry.searched if path in entry.listed) or "ID",
        first=begin,
        last=begin + len(documents) - 1,
        limits=entry.limits,
        live="" if error else live_url(visit, entry, query),
        now=visit.times.clock(),
    )


class _NoPage:
    total_docs = 0


NO_PAGE = _NoPage()


def live_url(visit: Visit, entry: Entry, query: Query) -> str:
    """Where the changes to these rows are streamed."""
    pairs = [*flatten("where", query.where), ("list", entry.slug), ("columns", ",".join(query.columns))]
    return f"{visit.url('_live')}?{urlencode([*pairs, *([('q', query.q)] if query.q else [])])}"
