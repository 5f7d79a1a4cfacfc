"""Which addresses a redirect may lead to, and which pages a form may have been sent from."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers

_OWN = re.compile(r"/[A-Za-z0-9_.~%/-]*(\?[A-Za-z0-9_.~%/\[\]&=+:,*()'-]*)?", re.ASCII)


def own_path(wanted: str | None, base: str) -> str:
    """The wanted path when it surely lies in the admin under `base`, else `base`.

    Only characters that no browser reads otherwise pass, also after decoding, and no `//`, no `\\` and no `..`.
    """
    if not wanted or len(wanted) > 2_000 or not _OWN.fullmatch(wanted):
        return base
    path = wanted.partition("?")[0]
    decoded = unquote(unquote(path))
    strange = any(ord(character) < 33 or character in "\\%" for character in decoded)
    if strange or "//" in decoded or ".." in decoded.split("/"):
        return base
    return wanted if path == base or path.startswith(f"{base}/") else base


def from_own_page(headers: Headers) -> bool:
    """Whether a form was sent from a page of this site, by what the browser says of it.

    For forms that nobody needs to be logged in for; those that act with a user's rights are guarded by the platform.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")
