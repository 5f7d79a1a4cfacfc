"""Pages for whoever cannot log in: asking for a new password, setting one by a mail, and verifying an address."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from headless import HeadlessError, NotFound, ValidationError
from headless.admin_ui.addresses import from_own_page
from headless.admin_ui.entry import Entry
from headless.admin_ui.views.access import ELSEWHERE, with_cookie
from headless.admin_ui.visit import Visit

ASKED = "If there is an account with that, a mail is on its way. Follow its link to set a new password."
DIFFERENT = "The two passwords are not the same."


async def forgot(visit: Visit) -> Response:
    """Asks whose password was forgotten, and has a mail sent; it says the same whether there is such a user."""
    entry = visit.site.users
    key = entry.login_keys[-1]
    if visit.request.method != "POST":
        return _page(visit, "forgot.html", "Forgotten password", key=key)
    form = await visit.form()
    name = form.text(key) or ""
    if not from_own_page(visit.request.headers):
        return _page(visit, "forgot.html", "Forgotten password", 403, key=key, name=name, error=ELSEWHERE)
    if not name.strip():
        error = f"Fill in the {entry.login_label.lower()}."
        return _page(visit, "forgot.html", "Forgotten password", 422, key=key, error=error)
    try:
        await visit.api.forgot_password(entry.slug, {key: name})
    except HeadlessError as error:
        return _page(
            visit, "forgot.html", "Forgotten password", error.status_code, key=key, name=name, error=error.message
        )
    return _page(visit, "message.html", "Look into your mail", message=ASKED)


async def reset(visit: Visit) -> Response:
    """Sets a new password by the token of a mail, which a script takes from behind the `#` of the address."""
    entry = _entry(visit)
    if visit.request.method != "POST":
        return _page(visit, "reset.html", "Set a password", modules=("token.js",))
    form = await visit.form()
    token, password = (form.text("token") or "").strip(), form.text("password") or ""
    error, status = None, 422
    if not from_own_page(visit.request.headers):
        error, status = ELSEWHERE, 403
    elif password != (form.text("again") or ""):
        error = DIFFERENT
    else:
        try:
            sent = {"token": token, "password": password}
            opened = await visit.request.app.sessions.reset_password(entry.slug, sent, visit.request)
        except ValidationError as refused:
            error = str(refused.errors[0]["message"])
        except HeadlessError as refused:
            error, status = refused.message, refused.status_code
    if error is not None:
        return _page(visit, "reset.html", "Set a password", status, token=token, error=error, modules=("token.js",))
    if entry is not visit.site.users:
        return _page(visit, "message.html", "Your password is set", message="You can log in with it now.")
    return with_cookie(visit.redirect(visit.base, "password"), opened.cookie)


async def verify(visit: Visit) -> Response:
    """Verifies an address by the token of a mail. A GET only asks, so that what looks into mails uses nothing up."""
    entry = _entry(visit)
    if visit.request.method != "POST":
        return _page(visit, "verify.html", "Confirm your address", modules=("token.js",))
    token = ((await visit.form()).text("token") or "").strip()
    try:
        await visit.api.verify_email(entry.slug, token)
    except HeadlessError as error:
        message = error.message
        return _page(
            visit, "verify.html", "Confirm your address", error.status_code, token=token, error=message,
            modules=("token.js",),
        )  # fmt: skip
    return _page(visit, "message.html", "Your address is confirmed", message="You can log in now.")


def _entry(visit: Visit) -> Entry:
    """The collection that the path names. Raises NotFound for one that nobody logs in to."""
    entry = visit.site.entries.get(visit.parameters["slug"])
    if entry is None or not entry.auth:
        raise NotFound
    return entry


def _page(visit: Visit, template: str, title: str, status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"name": "", "token": "", "error": None, "modules": ()}
    return visit.plain(template, status=status, title=title, **{**known, **values})
