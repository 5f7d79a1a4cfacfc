"""The admin as an ASGI application: its routes, who gets past them, and what every answer is sent with."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from headless import AuthenticationError, HeadlessError, Request
from headless.admin import may_enter
from headless.admin_ui.segments import escaped
from headless.admin_ui.site import Site
from headless.admin_ui.times import Now, utc_now
from headless.admin_ui.views import access, account, dashboard, documents, edit, fragments, live, page, recovery
from headless.admin_ui.views import globals as of_globals
from headless.admin_ui.visit import Visit

logger = logging.getLogger("headless.admin")

View = Callable[[Visit], Awaitable[Any]]

HEADERS: Final[Sequence[tuple[bytes, bytes]]] = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
NOT_KEPT: Final = (b"cache-control", b"no-store")

OPEN: Final[Sequence[tuple[str, View]]] = (
    ("/login", access.login),
    ("/logout", access.logout),
    ("/create-first-user", access.first_user),
    ("/forgot", recovery.forgot),
    ("/reset/{slug}", recovery.reset),
    ("/verify/{slug}", recovery.verify),
)
"""What may be opened without being logged in."""

GUARDED: Final[Sequence[tuple[str, View]]] = (
    ("/", dashboard.dashboard),
    ("/_live", live.live),
    ("/_counts", live.counts),
    ("/_who/{slug}/{id}", live.who),
    ("/account", account.account),
    ("/collections/{slug}", documents.document_list),
    ("/collections/{slug}/_invite", account.invite),
    ("/collections/{slug}/create", edit.create),
    ("/collections/{slug}/_row", fragments.row),
    ("/collections/{slug}/_options", fragments.options),
    ("/collections/{slug}/_preview", fragments.preview),
    ("/collections/{slug}/{id}", edit.edit),
    ("/collections/{slug}/{id}/duplicate", edit.duplicate),
    ("/collections/{slug}/{id}/delete", edit.delete),
    ("/globals/{global}", of_globals.edit),
    ("/globals/{global}/_row", fragments.row),
    ("/globals/{global}/_options", fragments.options),
    ("/globals/{global}/_preview", fragments.preview),
)

if TYPE_CHECKING:
    from headless import Headless
"""What is for users of the admin's collection whom its rule for `admin` lets in."""


class Admin:
    """The admin of one application, to be mounted at a path of it."""

    def __init__(self, app: Headless, now: Now = utc_now) -> None:
        self.site = Site(app, now)
        pages = [(each.path, page.plugin_page(each)) for each in self.site.pages]
        routes: Sequence[tuple[str, View, bool]] = [
            *((path, view, False) for path, view in OPEN),
            *((path, view, True) for path, view in (*GUARDED, *pages)),
        ]
        self.router = Router(
            [
                Route("/static/{name:path}", self.site.assets, methods=["GET"]),
                *(Route(path, _Endpoint(self.site, view, guarded)) for path, view, guarded in routes),
                Route("/{anything:path}", _Endpoint(self.site, _nowhere, guarded=True)),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *HEADERS]
                kept = any(name == b"cache-control" for name, _ in headers)
                message = {**message, "headers": headers if kept else [*headers, NOT_KEPT]}
            await send(message)

        scope = escaped(scope)
        if scope["path"] == scope.get("root_path", ""):
            scope = {**scope, "path": scope["path"] + "/"}
        await self.router(scope, receive, send_with_headers)


class _Endpoint:
    """A view as an ASGI endpoint, behind the gate."""

    def __init__(self, site: Site, view: View, guarded: bool) -> None:
        self.site = site
        self.view = view
        self.guarded = guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = Visit(self.site, Request(scope, receive))
        await (await self._answer(visit))(scope, receive, send)

    async def _answer(self, visit: Visit) -> Any:
        method = visit.request.method
        if method not in ("GET", "HEAD", "POST"):
            return Response(status_code=405, headers={"allow": "GET, HEAD, POST"})
        try:
            if self.guarded:
                if visit.request.user is None:
                    return await _to_login(visit)
                if not await may_enter(visit.request):
                    return _refused(visit)
                # Read before anything else, so that the page's stream begins where what it shows ends.
                visit.since = await self.site.app.hub.log.highest()
            return await self.view(visit)
        except HeadlessError as error:
            return _problem(visit, error)
        except Exception as error:
            return _broken(visit, error)


async def _to_login(visit: Visit) -> Response:
    if not await visit.request.app.sessions.initialized(visit.site.user_collection):
        return visit.redirect(visit.url("create-first-user"))
    wanted = visit.request.scope["path"]
    query = visit.request.scope["query_string"].decode("latin-1")
    if visit.request.method == "POST" or wanted.rstrip("/") == visit.base:
        return visit.redirect(visit.url("login"))
    return visit.redirect(f"{visit.url('login')}?next={quote(wanted + (f'?{query}' if query else ''), safe='')}")


def _refused(visit: Visit) -> Response:
    message = "You are logged in, but this part is not open to you."
    return visit.plain("message.html", status=403, title="Not allowed", message=message)


def _problem(visit: Visit, error: HeadlessError) -> Response:
    status = error.status_code
    if not error.is_public:
        return _broken(visit, error)
    if isinstance(error, AuthenticationError):
        return visit.redirect(visit.url("login"))
    title = {403: "Not allowed", 404: "Not found", 409: "Changed meanwhile"}.get(status, "This did not work")
    return visit.plain("message.html", status=status, title=title, message=error.message)


def _broken(visit: Visit, error: Exception) -> Response:
    logger.exception("%s %s failed", visit.request.method, visit.request.scope["path"], exc_info=error)
    message = "The mistake is on our side and was noted down. What you sent was not stored."
    return visit.plain("message.html", status=500, title="Something went wrong", message=message)


async def _nowhere(visit: Visit) -> Response:
    return visit.plain("message.html", status=404, title="Not found", message="There is no such page.")
