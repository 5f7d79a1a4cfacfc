"""Which addresses a link may have: none that runs as a program in the reader's browser."""

from __future__ import annotations

import re
from typing import Any, Final

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
LONGEST: Final = 8_000

_SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def link_problem(url: Any) -> str | None:
    """What is wrong with the address of a link, or None. It is relative, or of one of `SCHEMES`.

    Browsers drop control characters from an address before they read its scheme, so there may be none.
    """
    if not isinstance(url, str) or not url.strip():
        return "a link has an address"
    if len(url) > LONGEST:
        return f"an address has at most {LONGEST} characters"
    if _CONTROL.search(url):
        return "an address has no control characters"
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() not in SCHEMES:
        return f"a link leads to http, https, mailto, tel or a path, not to {scheme[1][:40]}:"
    return None
