"""Who asks: what a request brings that says so, and in which order it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from headless.request import Request
from headless.security.cookies import cookie_value
from headless.security.origin import OriginCheck

if TYPE_CHECKING:
    from headless.operations.session import Sessions

TOKEN_SCHEMES = ("JWT", "Bearer")
KEY_SCHEME = "API-Key"


async def identify(sessions: Sessions, origins: OriginCheck, request: Request, slug: str | None = None) -> None:
    """Notes in the request's scope who asks: by its header, else by a cookie where it counts, else by a strategy.

    A header that means nothing is not rescued by a cookie. Of several cookies that of the collection `slug` goes first.
    """
    scope: Any = request.scope
    token, key, cookies = _brought(scope, sessions.cookie_names(slug))
    if token is None and key is None and cookies and not origins.cookie_counts(scope):
        cookies = []
    tokens = [token] if token is not None else [] if key is not None else cookies
    user, token = await sessions.identify(request, tokens, key)
    if user is not None:
        scope["headless.user"] = user
    if token is not None:
        scope["headless.token"] = token


def _brought(scope: Scope, names: Iterable[str]) -> tuple[str | None, tuple[str, str] | None, list[str]]:
    """The token and the API key (its collection and itself) of the header, and the tokens of the cookies."""
    cookies: list[str] = []
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies = list(_of_cookies(value, names))
        elif name == b"authorization":
            kind, _, rest = value.decode("latin-1").partition(" ")
            if kind in TOKEN_SCHEMES and rest:
                return rest.strip(), None, []
            scheme, _, key = rest.partition(" ")
            if scheme == KEY_SCHEME and key:
                return None, (kind, key.strip()), []
    return None, None, cookies


def _of_cookies(header: bytes, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if found := cookie_value(header, name):
            yield found
