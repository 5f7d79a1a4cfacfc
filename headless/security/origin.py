"""Which origins a browser's cookie is believed from: the defence against cross-site request forgery."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from headless.errors import ConfigError

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITTEN: Final = re.compile(r"[A-Za-z]+://[^\s/?#@\\]+/?")
_HOST: Final = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def normalize_origin(text: str) -> str:
    """An origin as browsers send it: `HTTPS://Shop.Example:443/` → `https://shop.example`.

    Raises `ConfigError` for anything that no browser would send, such as a host alone, a path or `null`,
    which every sandboxed page shares.
    """
    origin = _origin_of(text) if _WRITTEN.fullmatch(text) else None
    if origin is None:
        raise ConfigError(f'"{text}" is not an origin: write scheme and host, such as "https://www.example.com".')
    return origin


class OriginCheck:
    """Decides whether the session cookie of a request counts.

    A browser adds cookies to requests that other sites made it send. So a cookie counts only when the request
    comes from this server's own pages or from a listed origin, *also when no list is configured*; otherwise
    the request is treated as anonymous. That is no error: the same request may be allowed to anyone. Tokens
    in the `Authorization` header are never added by a browser by itself and are not subject to this check.

    What decides, in this order:

    1. `Origin`, which every browser sends with cross-origin requests that change something. It must be this
       server's (`server_url`, or the request's own scheme and host) or listed. A foreign `Origin` makes the
       cookie of a GET not count either: nothing readable is lost, as CORS would hide the answer.
    2. `Sec-Fetch-Site`: `same-origin` and `none` (typed or bookmarked) count. `same-site` counts only when
       `Referer` names a listed origin: a neighbouring subdomain is another's until it is listed. From
       `cross-site`, only a GET that is a navigation counts, so that links from elsewhere open logged in.
    3. `Referer`, for requests that change something: its origin must be this server's or listed.
    4. Without any of the three the client is no browser of the last years, and no other site told it what to
       send: the cookie counts.
    """

    __slots__ = ("_is_https", "_trusted")

    def __init__(self, trusted: Iterable[str] = (), server_url: str | None = None) -> None:
        origins = [*trusted, server_url] if server_url else trusted
        self._trusted = frozenset(normalize_origin(origin).encode() for origin in origins)
        self._is_https = server_url is not None and server_url.lower().startswith("https:")

    def cookie_counts(self, scope: Mapping[str, Any]) -> bool:
        """Whether the cookies of this ASGI request may authenticate it."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is not None:
            return self._trusts(origin, scope, headers)
        is_safe = scope["method"] in _SAFE_METHODS
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return self._site_counts(site, is_safe, scope, headers)
        return is_safe or b"referer" not in headers or self._referer_counts(scope, headers)

    def _site_counts(
        self, site: bytes, is_safe: bool, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]
    ) -> bool:
        if site in (b"same-origin", b"none"):
            return True
        if is_safe and headers.get(b"sec-fetch-mode") == b"navigate":
            return True
        return site == b"same-site" and self._referer_counts(scope, headers)

    def _referer_counts(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
        origin = _origin_of(headers.get(b"referer", b"").decode("latin-1"))
        return origin is not None and self._trusts(origin.encode(), scope, headers)

    def _trusts(self, origin: bytes, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
        if origin in self._trusted:
            return True
        # Behind a server that ends TLS the scheme we see is http, also when the public address is https only.
        scheme = "https" if self._is_https else scope.get("scheme", "http")
        return _is_own(origin, scheme, headers.get(b"host", b""))


def _is_own(origin: bytes, scheme: str, host: bytes) -> bool:
    """Whether the origin is the address the request was sent to, which a page cannot forge in its visitor's
    browser.

    An https page is also its http server's own: then something in front of us ends TLS. The reverse is not
    so, because anybody on the way can write a page for the http address.
    """
    claimed, separator, authority = origin.lower().partition(b"://")
    if not (separator and host) or claimed not in (scheme.encode(), b"https"):
        return False
    return _without_port(authority, claimed) == _without_port(host.lower(), claimed)


def _without_port(authority: bytes, scheme: bytes) -> bytes:
    return authority.removesuffix(b":443" if scheme == b"https" else b":80")


def _origin_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna" if not url.isascii() else "ascii").decode()
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")
