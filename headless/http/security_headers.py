"""Headers that tell browsers to be careful, as byte pairs ready to be sent."""

from __future__ import annotations

from typing import Final

Header = tuple[bytes, bytes]

NO_SNIFF: Final[Header] = (b"x-content-type-options", b"nosniff")

API_HEADERS: Final[tuple[Header, ...]] = (
    NO_SNIFF,
    # JSON opened as a page can do nothing, and no page can frame it.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

STRICT_TRANSPORT: Final[Header] = (b"strict-transport-security", b"max-age=31536000")
"""For servers whose `server_url` is https. Subdomains are not ours to speak for."""

_PAGE_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def page_headers(**policy: str) -> tuple[Header, ...]:
    """The headers of an HTML page of ours: only its own scripts and styles run, and nothing may frame it.

    Keyword arguments replace or add directives of the content security policy: `page_headers(img_src="'self'
    https:")`. An empty text removes one.
    """
    directives = _PAGE_POLICY | {name.replace("_", "-"): value for name, value in policy.items()}
    csp = "; ".join(f"{name} {value}" for name, value in directives.items() if value)
    return (
        NO_SNIFF,
        (b"content-security-policy", csp.encode("ascii")),
        # With no-referrer, browsers send `Origin: null` with the page's own forms and the origin check
        # refuses them.
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )


ADMIN_HEADERS: Final[tuple[Header, ...]] = (*page_headers(), (b"cache-control", b"no-store"))
"""For pages that show what only the logged-in may see."""
