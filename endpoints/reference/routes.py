"""The routes of the reference, and its files."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from headless import Endpoint, NotFound, Request
from headless.endpoints.reference.pages import Reference

HERE: Final = Path(__file__).parent
TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "private, no-cache",
    "vary": "authorization, cookie",
}
MOST_KEPT: Final = 8
HTML: Any = {"media_type": "text/html", "responses": {403: "Not for you."}}


class Files:
    """The static files, under a version that names what they hold, so that they may be kept for ever."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in TYPES}
        joined = b"\0".join(name.encode() + b"\0" + body for name, body in self._files.items())
        self.version = hashlib.blake2b(joined, digest_size=6).hexdigest()

    def answer(self, version: str, name: str) -> Response:
        """A file. Raises NotFound."""
        if version != self.version or name not in self._files:
            raise NotFound
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(self._files[name], headers=headers, media_type=TYPES[Path(name).suffix])


def coded(text: str) -> Markup:
    """A description, with what stands between backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


class Pages:
    """Draws pages. What the last descriptions say is remembered, since reading one takes a while."""

    def __init__(self) -> None:
        self.files = Files(HERE / "static")
        self._read: OrderedDict[bytes, Reference] = OrderedDict()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters["coded"] = coded

    def reference(self, description: bytes) -> Reference:
        """What a description says."""
        key = hashlib.blake2b(description, digest_size=16).digest()
        if key not in self._read:
            self._read[key] = Reference(json.loads(description))
            if len(self._read) > MOST_KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return self._read[key]

    def drawn(self, request: Request, template: str, reference: Reference, **values: Any) -> Response:
        """A page."""
        config = request.app.config
        html = self._templates.get_template(template).render(
            reference=reference,
            base=request.scope.get("root_path", "") + "/api/docs",
            static=f"{request.scope.get('root_path', '')}/api/docs/static/{self.files.version}",
            user=request.user,
            admin=request.scope.get("root_path", "") + config.admin.path if config.admin.enabled else None,
            **values,
        )
        return Response(html, headers=HEADERS, media_type="text/html")


PAGES: Final = Pages()


@Endpoint.get("/docs", **HTML)
async def overview(request: Request) -> Response:
    """The reference of the API for people: this description as pages, with forms to try it."""
    reference = PAGES.reference(await request.app.describe(request))
    return PAGES.drawn(request, "overview.html", reference, current="")


@Endpoint.get("/docs/{group}", **HTML)
async def group(request: Request) -> Response:
    """The page of the reference about a collection; `schemas` is the one of all schemas."""
    reference = PAGES.reference(await request.app.describe(request))
    name = request.path_params["group"]
    if name == "schemas":
        return PAGES.drawn(request, "schemas.html", reference, current=name)
    found = reference.group(name)
    if found is None:
        raise NotFound
    return PAGES.drawn(request, "group.html", reference, current=name, group=found)


@Endpoint.get("/docs/static/{version}/{name}", media_type="*/*")
async def static(request: Request) -> Response:
    """A file of the reference's pages."""
    return PAGES.files.answer(request.path_params["version"], request.path_params["name"])


ENDPOINTS: Final = (overview, group, static)
"""The routes under `/api`."""
