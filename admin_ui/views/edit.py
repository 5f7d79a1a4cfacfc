"""A document's form: new or stored, sent by its buttons, kept when something in it is wrong, and a way to delete it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from headless import Forbidden, HeadlessError, NotFound
from headless.admin_ui import revision
from headless.admin_ui.controls import FormState
from headless.admin_ui.defaults import defaults
from headless.admin_ui.draft import Document, Draft
from headless.admin_ui.entry import Entry
from headless.admin_ui.joins import REFERENCE, preset
from headless.admin_ui.views.documents import entry_of
from headless.admin_ui.visit import Visit


def document_id(visit: Visit, entry: Entry) -> int | str:
    """The id that the path names. Raises NotFound for what cannot be one."""
    id = entry.read_id(visit.parameters["id"])
    if id is None:
        raise NotFound()
    return id


async def create(visit: Visit) -> Response:
    """The form of a new document, and what it is answered with."""
    entry = entry_of(visit)
    rights = await visit.rights(entry.slug)
    if not rights.create:
        raise Forbidden()
    fresh = await defaults(entry.fields, visit.user, visit.site.now())
    fresh |= preset(visit, entry, visit.request.query_params.get(REFERENCE, ""))
    state = FormState(new=True, rights=rights.fields, user=visit.user)
    draft = Draft(visit, entry, rights, None, fresh, state, visit.times)
    if visit.request.method != "POST":
        return await draft.show()
    form = await visit.form()
    sent = draft.read(form)
    if (response := await draft.press(form)) is not None:
        return response
    data = {name: value for name, value in sent.items() if value is not None or fresh.get(name) is not None}
    return await draft.store(lambda: visit.api.create(entry.slug, data, depth=0), "created")


async def edit(visit: Visit) -> Response:
    """The form of a stored document, and what it is answered with."""
    entry = entry_of(visit)
    id = document_id(visit, entry)
    # Read first: a change that comes after it is a conflict, whatever was seen of it below.
    number = await visit.api.revision(entry.slug, id)
    stored: dict[str, Any] = await visit.api.get(entry.slug, id, depth=0, joins=False)
    rights = await visit.rights(entry.slug, id)
    state = FormState(rights=rights.fields, read_only=not rights.update, user=visit.user)
    draft = Draft(visit, entry, rights, stored, dict(stored), state, visit.times, revision.of(stored))
    return await changed_by(draft, lambda data: visit.api.update(entry.slug, id, data, revision=number))


async def changed_by(draft: Draft, write: Callable[[Document], Awaitable[Document]]) -> Response:
    """The form of something stored, and what it is answered with. `write` stores the keys that are different."""
    visit, stored = draft.visit, draft.stored or {}
    if visit.request.method != "POST":
        return await draft.show()
    if not draft.rights.update:
        raise Forbidden()
    form = await visit.form()
    sent = draft.read(form)
    if (response := await draft.press(form)) is not None:
        return response
    if "id" in stored and draft.merge(sent):
        return await draft.show(409)
    changed = {name: value for name, value in sent.items() if not revision.same(value, stored.get(name))}
    if not changed and not form.failures and "id" in stored:
        return visit.redirect(draft.address(stored), "unchanged")
    return await draft.store(lambda: write(changed), "saved")


async def duplicate(visit: Visit) -> Response:
    """Makes a copy of a document as the form shows it, saved or not, and leads to it; the original stays as it is."""
    entry = entry_of(visit)
    id = document_id(visit, entry)
    stored: dict[str, Any] = await visit.api.get(entry.slug, id, depth=0, joins=False)
    if visit.request.method != "POST":
        return visit.redirect(visit.url("collections", entry.slug, id))
    rights = await visit.rights(entry.slug, id)
    state = FormState(rights=rights.fields, read_only=not rights.update, user=visit.user)
    draft = Draft(visit, entry, rights, stored, dict(stored), state, visit.times, revision.of(stored))
    sent = draft.read(await visit.form()) if rights.update else {}
    changed = {name: value for name, value in sent.items() if not revision.same(value, stored.get(name))}
    return await draft.store(lambda: visit.api.duplicate(entry.slug, id, changed), "duplicated")


async def delete(visit: Visit) -> Response:
    """Asks whether a document is to be deleted, and deletes it."""
    entry = entry_of(visit)
    id = document_id(visit, entry)
    stored = await visit.api.get(entry.slug, id, depth=0, joins=False)
    if not (await visit.rights(entry.slug, id)).delete:
        raise Forbidden()
    error, status = None, 200
    if visit.request.method == "POST":
        try:
            await visit.api.delete(entry.slug, id)
        except HeadlessError as refused:
            error, status = refused.message, refused.status_code
        else:
            return visit.redirect(visit.url("collections", entry.slug), "deleted")
    return await visit.render(
        "delete.html", status=status, current=entry.slug, title=entry.title(stored), crumb=id, entry=entry, error=error,
        back=visit.url("collections", entry.slug, id),
    )  # fmt: skip
