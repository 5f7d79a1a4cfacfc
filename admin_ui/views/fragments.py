"""Pieces of a form that its modules ask for: a fresh row, the documents that a relationship finds, a preview."""

from __future__ import annotations

import re

from starlette.responses import Response

from headless import Forbidden, NotFound
from headless.admin import Raw
from headless.admin_ui import rows
from headless.admin_ui.controls import DocumentForm, FormState
from headless.admin_ui.defaults import fresh_row
from headless.admin_ui.options import Finder, context_of, fill_options
from headless.admin_ui.views.documents import entry_of
from headless.admin_ui.visit import Visit

_PATH = re.compile(r"[A-Za-z0-9_.-]{1,300}", re.ASCII)


async def row(visit: Visit) -> Response:
    """A fresh row of the field at `path`, whose inputs are named by `key`; of a `kind`, where there are several."""
    entry, path, key = entry_of(visit), _path(visit, "path"), _path(visit, "key")
    rights, of = await visit.rights_to(entry), _declared(visit)
    kind = visit.request.query_params.get("kind", "")
    declared = rows.field_at(entry.fields, of)
    if (
        declared is None
        or not hasattr(declared, "row_word")
        or kind not in declared.levels
        or "." in key
        or not key[0].isdigit()
    ):
        raise NotFound()
    if not (rights.create or rights.update):
        raise Forbidden()
    data = await fresh_row(declared, kind, visit.user, visit.site.now())
    form = DocumentForm(visit.site, visit.at(entry), (), {}, FormState(new=not entry.is_global), visit.times)
    below = rights.fields
    for part in of.split("."):
        below = below.below(part)
    control, level = form.row(declared, path, of, data, key, below)
    await fill_options(visit, form.every(), {})
    return visit.plain("array_row.html", c=control, level=level)


async def options(visit: Visit) -> Response:
    """The documents that the relationship at `path` finds for `q`, as choices of its input."""
    entry, path = entry_of(visit), _path(visit, "path")
    declared = rows.field_at(entry.fields, _declared(visit))
    if declared is None or not hasattr(declared, "narrowed") or callable(declared.filter_options):
        raise NotFound()
    sought = visit.request.query_params.get("q", "").strip()[:200]
    form = DocumentForm(visit.site, visit.at(entry), (), {}, FormState(new=not entry.is_global), visit.times)
    control = form.alone(declared, path, visit.request.query_params.getlist("chosen")[:200])
    control.options = await Finder(visit).options(declared, control.value, sought, context_of(visit, control))
    return visit.plain("options.html", c=control)


async def preview(visit: Visit) -> Response:
    """What the Markdown that is sent as `text` looks like."""
    entry_of(visit)
    text = (await visit.form()).text("text") or ""
    return Response(
        visit.site.widgets["rich_text"].show(None, Raw(text), visit.times.zone).html, media_type="text/html"
    )


def _declared(visit: Visit) -> str:
    """The path in the declaration: what `of` says, else that of the input without its rows."""
    if "of" in visit.request.query_params:
        return _path(visit, "of")
    return ".".join(part for part in _path(visit, "path").split(".") if not part[0].isdigit())


def _path(visit: Visit, name: str) -> str:
    text = visit.request.query_params.get(name, "")
    if not _PATH.fullmatch(text) or ".." in text or text.startswith(".") or text.endswith("."):
        raise NotFound()
    return text
