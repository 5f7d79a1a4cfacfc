"""The HTML pages of this example: how they are rendered, and what they are sent with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent / "page"
FILES: Final[Mapping[str, str]] = {
    "ledger.css": "text/css",
    "chat.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-cache",
}

_templates = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page, with every value escaped."""
    return HTMLResponse(_templates.get_template(template).render(values), status, HEADERS)


def plain(text: str, status: int) -> Response:
    """A line of text."""
    return PlainTextResponse(text, status, HEADERS)


def file(name: str) -> Response:
    """One of the files that the pages load, 404 for any other."""
    if name not in FILES:
        return plain("Not Found", 404)
    return Response((FOLDER / name).read_bytes(), 200, HEADERS, media_type=FILES[name])


def inner_path(scope: Scope) -> str:
    """The path of a request below the place where the application that answers it is mounted."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"
