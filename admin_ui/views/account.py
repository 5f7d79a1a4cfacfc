"""The page of one's own account: the password, the open sessions and the API key; and inviting others."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from headless import Forbidden, HeadlessError, NotFound, ValidationError
from headless.admin import FormReader
from headless.admin_ui.controls import DocumentForm, FormState
from headless.admin_ui.entry import Password
from headless.admin_ui.views.documents import entry_of
from headless.admin_ui.views.recovery import DIFFERENT
from headless.admin_ui.visit import Visit


async def account(visit: Visit) -> Response:
    """Shows the account, and does what its buttons say."""
    if visit.request.method != "POST":
        return await _show(visit)
    form = await visit.form()
    action, _, which = (form.text("_do") or "").partition(":")
    try:
        if action == "password":
            return await _change_password(visit, form)
        if action == "end":
            await visit.request.app.sessions.end(visit.user, which)
            return visit.redirect(visit.url("account"), "ended")
        if action == "key":
            return await _make_key(visit)
        if action == "no-key":
            await visit.api.update(visit.user["collection"], visit.user["id"], {"enableAPIKey": False})
            return visit.redirect(visit.url("account"), "no-key")
    except ValidationError as error:
        return await _show(visit, 422, str(error.errors[0]["message"]))
    except HeadlessError as error:
        return await _show(visit, error.status_code, error.message)
    raise NotFound


async def _change_password(visit: Visit, form: FormReader) -> Response:
    current, password, again = (form.text(name) or "" for name in ("current", "password", "again"))
    if password != again:
        return await _show(visit, 422, DIFFERENT)
    await visit.request.app.sessions.confirm(visit.user, current, visit.request)
    await visit.api.update(visit.user["collection"], visit.user["id"], {"password": password})
    return visit.redirect(visit.url("account"), "password")


async def _make_key(visit: Visit) -> Response:
    """Shows the new key in the answer itself: it is told once."""
    key = secrets.token_urlsafe(32)
    await visit.api.update(visit.user["collection"], visit.user["id"], {"enableAPIKey": True, "apiKey": key})
    return await _show(visit, key=key)


async def _show(visit: Visit, status: int = 200, error: str | None = None, key: str | None = None) -> Response:
    user, entry = visit.user, visit.site.users
    auth = entry.compiled.declaration.auth
    stored = await visit.request.system.get(entry.slug, user["id"], depth=0)
    details = visit.url("collections", entry.slug, user["id"]) if await visit.may_read(entry.slug) else None
    return await visit.render(
        "account.html", status=status, current="/account", slots=("account",), title="Your account", entry=entry,
        error=error, key=key,
        sessions=list(reversed(user.get("sessions") or [])), own=user.get("_sid"), details=details,
        shortest=auth.min_password_length, has_password=not auth.disable_local_strategy,
        has_key=stored.get("hasAPIKey"),
    )  # fmt: skip


async def invite(visit: Visit) -> Response:
    """The form that invites somebody: that of a new user, without the password."""
    entry = entry_of(visit)
    rights = await visit.rights(entry.slug)
    if not (entry.invites and rights.create):
        raise Forbidden
    fields = [field for field in entry.form_fields(new=True) if not isinstance(field, Password)]
    data: dict[str, Any] = {}
    failures: list[Any] = []
    if visit.request.method == "POST":
        form = await visit.form()
        data = form.read(fields, {})
        failures = list(form.failures)
        given = {name: value for name, value in data.items() if value is not None}
        try:
            if not failures:
                made = await visit.api.invite(entry.slug, given)
                return visit.redirect(visit.url("collections", entry.slug, made["id"]), "invited")
        except ValidationError as error:
            failures = list(error.errors)
        except HeadlessError as error:
            failures = [{"path": "", "message": error.message}]
    state = FormState(new=True, failures=failures, rights=rights.fields, user=visit.user)
    form_ = DocumentForm(visit.site, visit.url("collections", entry.slug), fields, data, state, visit.times)
    return await visit.render(
        "invite.html", status=422 if failures else 200, current=entry.slug, title=f"Invite a {entry.singular_low}",
        entry=entry, form=form_,
    )  # fmt: skip
