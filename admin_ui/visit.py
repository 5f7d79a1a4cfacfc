"""One request to the admin: who asks, where the admin is mounted, and how its answers are made."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import RedirectResponse, Response

from headless import BadRequest, Forbidden, Request
from headless.admin import FormReader, Page, Slot
from headless.admin_ui import segments, times
from headless.admin_ui.entry import Entry
from headless.admin_ui.navigation import make_shell
from headless.admin_ui.permissions import Rights

if TYPE_CHECKING:
    from headless.admin_ui.site import Site

FLASH_COOKIE: Final = "headless-flash"
FLASHES: Final[Mapping[str, str]] = {
    "created": "Created.",
    "saved": "Saved.",
    "duplicated": "This is the copy.",
    "unchanged": "Nothing was different, so nothing was saved.",
    "deleted": "Deleted.",
    "left": "You are logged out.",
    "welcome": "Welcome. You are the first user.",
    "password": "Your new password is set.",
    "ended": "Ended.",
    "no-key": "Your API key is switched off.",
    "invited": "Invited. A mail is on its way.",
}
"""What a page may say of the one before it, by the key in the cookie."""

MOST_INPUTS: Final = 20_000


class Visit:
    """A request and everything a view needs to answer it."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site = site
        self.request = request
        self.base: str = request.scope.get("root_path", "") or ""
        self.times = times.Times(request.cookies.get(times.COOKIE), site.now)
        self.since = 0
        self._counts: dict[str, int] = {}
        self._globals: dict[str, Rights] = {}

    @property
    def user(self) -> Mapping[str, Any]:
        """The logged-in user; views run only when there is one."""
        return self.request.user or {}

    @property
    def api(self) -> Any:
        """The API with the asker's rights: the only way the admin acts."""
        return self.request.api

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parts of the path."""
        return segments.parameters(self.request.scope)

    @property
    def flash(self) -> str | None:
        """What the page before this one did, in words."""
        return FLASHES.get(self.request.cookies.get(FLASH_COOKIE, ""))

    def url(self, *parts: object) -> str:
        """An address in the admin: `url("collections", "posts")`."""
        return "/".join([self.base, *(quote(str(part), safe="") for part in parts)]) if parts else self.base or "/"

    def at(self, entry: Entry, *parts: object) -> str:
        """The address of a collection or a global, or of something in it."""
        return self.url(*entry.place, *parts)

    def static(self, name: str) -> str:
        """The address of a static file."""
        return f"{self.base}/{self.site.assets.path(name)}"

    def pages(self) -> list[Page]:
        """The plugins' pages that the asker may open."""
        return [page for page in self.site.pages if page.access is None or page.access(self.user)]

    async def rights(self, slug: str, id: int | str | None = None) -> Rights:
        """What the asker may do with a collection, or with one document of it."""
        return Rights.of(await self.api.permissions(slug, id))

    async def rights_to(self, entry: Entry) -> Rights:
        """What the asker may do with a collection, or with a global."""
        if not entry.is_global:
            return await self.rights(entry.slug)
        if entry.slug not in self._globals:
            self._globals[entry.slug] = Rights.of(await self.api.global_permissions(entry.slug))
        return self._globals[entry.slug]

    async def may_read(self, slug: str) -> bool:
        """Whether the asker may read any document of the collection at all."""
        return any(entry.slug == slug for entry in await self.readable())

    async def readable(self) -> list[Entry]:
        """The collections that the asker may read, wholly or in part."""
        entries = self.site.entries.values()
        return [entry for entry in entries if await self.count(entry.slug) is not None]

    async def readable_globals(self) -> list[Entry]:
        """The globals that the asker may read."""
        return [entry for entry in self.site.globals.values() if (await self.rights_to(entry)).read]

    async def count(self, slug: str) -> int | None:
        """How many documents of the collection the asker may see; None when they may see none by right."""
        if slug not in self._counts:
            try:
                self._counts[slug] = await self.api.count(slug)
            except Forbidden:
                self._counts[slug] = -1
        return None if self._counts[slug] < 0 else self._counts[slug]

    async def form(self) -> FormReader:
        """The submitted form. Raises TooLarge past the application's limit, and BadRequest for what is no form."""
        await self.request.content()
        try:
            form = await self.request.form(max_files=0, max_fields=MOST_INPUTS)
        except (HTTPException, MultiPartException) as error:
            raise BadRequest("The form cannot be read.") from error
        pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        return FormReader(pairs, self.site.widgets, identify=self.site.identify)

    async def render(
        self,
        template: str,
        *,
        status: int = 200,
        current: str = "",
        modules: tuple[str, ...] = (),
        slots: tuple[str, ...] = (),
        **context: Any,
    ) -> Response:
        """A whole page inside the shell. `slots` are those that this page has besides every page's."""
        shell = await make_shell(self, current)
        loaded = await self._load(("head", "nav", *slots))
        modules = (*modules, *self.site.modules)
        return self.plain(template, status=status, shell=shell, loaded=loaded, modules=modules, **context)

    def plain(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page without the shell, or a fragment."""
        values = {
            "site": self.site, "url": self.url, "static": self.static, "when": self.times, "user": self.request.user,
            "flash": self.flash, **context,
        }  # fmt: skip
        values["slot"] = lambda name: self._slot(name, values)
        response = self.html(self.site.environment.get_template(template).render(values), status)
        if self.flash:
            response.delete_cookie(FLASH_COOKIE, path=self.base or "/")
        return response

    def html(self, text: str, status: int = 200) -> Response:
        """An answer of HTML, packed when the browser can unpack it."""
        body, headers = text.encode(), {"vary": "accept-encoding, cookie"}
        if len(body) > 500 and "gzip" in self.request.headers.get("accept-encoding", ""):
            body, headers = gzip.compress(body, 5, mtime=0), {**headers, "content-encoding": "gzip"}
        return Response(body, status, headers, "text/html; charset=utf-8")

    def redirect(self, where: str, flash: str | None = None) -> RedirectResponse:
        """Leads to another page by GET, which then says `flash`."""
        response = RedirectResponse(where, 303)
        if flash:
            response.set_cookie(FLASH_COOKIE, flash, max_age=20, path=self.base or "/", httponly=True, samesite="lax")
        return response

    async def _load(self, names: Sequence[str]) -> dict[Slot, Mapping[str, Any]]:
        """The variables of the slots' templates that want some."""
        slots = [slot for name in names for slot in self.site.slots(name)]
        return {slot: await slot.load(self.request) for slot in slots if slot.load is not None}

    def _slot(self, name: str, values: Mapping[str, Any]) -> Markup:
        """What stands in a slot, without what wants something loaded where nothing was, as on the log-in."""
        loaded: Mapping[Slot, Mapping[str, Any]] = values.get("loaded", {})
        slots = [slot for slot in self.site.slots(name) if slot.load is None or slot in loaded]
        return Markup("").join(self.site.piece(slot.template, **{**values, **loaded.get(slot, {})}) for slot in slots)
