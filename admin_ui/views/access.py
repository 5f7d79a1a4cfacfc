"""Logging in and out, and making the first user when there is nobody yet."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from headless import HeadlessError, ValidationError
from headless.admin_ui.addresses import from_own_page, own_path
from headless.admin_ui.controls import DocumentForm, FormState
from headless.admin_ui.visit import Visit

ELSEWHERE = "This form was sent from another site, so nothing was done. Please try again here."


async def login(visit: Visit) -> Response:
    """The log-in form, and what it is answered with."""
    sessions, slug = visit.request.app.sessions, visit.site.user_collection
    if not await sessions.initialized(slug):
        return visit.redirect(visit.url("create-first-user"))
    wanted = own_path(visit.request.query_params.get("next"), visit.base)
    if visit.request.method != "POST":
        return visit.redirect(wanted) if visit.request.user else _login_form(visit, wanted)
    form = await visit.form()
    key = visit.site.users.login_keys[0]
    name, wanted = form.text(key) or "", own_path(form.text("next"), visit.base)
    if not from_own_page(visit.request.headers):
        return _login_form(visit, wanted, name, ELSEWHERE, 403)
    password = form.text("password") or ""
    if not name.strip() or not password:
        what = visit.site.users.login_label.lower()
        return _login_form(visit, wanted, name, f"Fill in both the {what} and the password.", 422)
    try:
        opened = await sessions.login(slug, {key: name, "password": password}, visit.request)
    except HeadlessError as error:
        return _login_form(visit, wanted, name, error.message, error.status_code)
    return with_cookie(visit.redirect(wanted), opened.cookie)


def _login_form(visit: Visit, wanted: str, name: str = "", error: str | None = None, status: int = 200) -> Response:
    return visit.plain(
        "login.html", status=status, title="Log in", name=name, error=error, flash=visit.flash,
        next="" if wanted == visit.base else wanted,
    )  # fmt: skip


async def logout(visit: Visit) -> Response:
    """Ends the session. A GET asks first, so that no picture on another page logs anybody out."""
    if visit.request.method != "POST":
        return visit.redirect(visit.base)
    user = visit.request.user
    if user is None:
        return visit.redirect(visit.url("login"))
    cookie = await visit.request.app.sessions.logout(str(user["collection"]), user, request=visit.request)
    return with_cookie(visit.redirect(visit.url("login"), "left"), cookie)


async def first_user(visit: Visit) -> Response:
    """The form that makes the first user, for as long as there is none."""
    sessions, entry = visit.request.app.sessions, visit.site.users
    if await sessions.initialized(entry.slug):
        return visit.redirect(visit.url("login"))
    fields = entry.form_fields(new=True)
    if visit.request.method != "POST":
        return _first_form(visit, {}, [])
    form = await visit.form()
    data = form.read(fields, {})
    failures: list[Any] = list(form.failures)
    if not from_own_page(visit.request.headers):
        failures.append({"path": "", "message": ELSEWHERE})
    if failures:
        return _first_form(visit, data, failures)
    try:
        opened = await sessions.register_first(
            entry.slug, {name: value for name, value in data.items() if value is not None}, visit.request
        )
    except ValidationError as error:
        return _first_form(visit, data, error.errors)
    except HeadlessError as error:
        return _first_form(visit, data, [{"path": "", "message": error.message}])
    return with_cookie(visit.redirect(visit.base, "welcome"), opened.cookie)


def _first_form(visit: Visit, data: dict[str, Any], failures: list[Any]) -> Response:
    entry = visit.site.users
    state = FormState(new=True, failures=failures)
    fields = [field for field in entry.form_fields(new=True) if not hasattr(field, "slugs")]
    form = DocumentForm(visit.site, visit.url("collections", entry.slug), fields, data, state, visit.times)
    return visit.plain("first_user.html", status=422 if failures else 200, title="Create the first user", form=form)


def with_cookie(response: Response, cookie: str) -> Response:
    """The response, which logs in or out."""
    response.headers.append("set-cookie", cookie)
    return response
