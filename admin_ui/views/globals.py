"""A global's form: its one document, which is there before it is saved, with the defaults of its fields."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from headless import Forbidden
from headless.admin_ui import revision
from headless.admin_ui.controls import FormState
from headless.admin_ui.draft import Draft
from headless.admin_ui.entry import Entry
from headless.admin_ui.views.documents import entry_of
from headless.admin_ui.views.edit import changed_by
from headless.admin_ui.visit import Visit


async def edit(visit: Visit) -> Response:
    """The form, and what it is answered with."""
    entry = entry_of(visit)
    rights = await visit.rights_to(entry)
    if not rights.read:
        raise Forbidden()
    # Read first: a change that comes after it is a conflict, whatever was seen of it below.
    number = await visit.api.global_revision(entry.slug)
    stored = await _stored(visit, entry)
    state = FormState(rights=rights.fields, read_only=not rights.update, user=visit.user)
    draft = Draft(visit, entry, rights, stored, dict(stored), state, visit.times, revision.of(stored))
    return await changed_by(draft, lambda data: visit.api.update_global(entry.slug, data, revision=number))


async def _stored(visit: Visit, entry: Entry) -> dict[str, Any]:
    """The document. One that was never saved gets the keys it lacks, for its marks to tell when somebody fills them."""
    document: dict[str, Any] = await visit.api.find_global(entry.slug, depth=0)
    if "id" in document:
        return document
    return {**{node.key: None for node in entry.compiled.plan.nodes}, **document}
