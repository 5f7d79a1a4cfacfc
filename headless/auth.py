"""The declaration that makes a collection's documents users who can log in."""

from __future__ import annotations

from typing import Annotated, Any

from headless.declaration import Bool, Int, Str, declaration, nested


@declaration
class Cookies:
    """How the log-in cookie is set. `secure` is forced when `same_site` is `None`."""

    same_site: Str = "Lax"
    secure: Bool = False
    domain: Str | None = None


@declaration
class Auth:
    """Log-in by e-mail and password. `token_expiration` is in seconds, `min_password_length` in characters."""

    token_expiration: Int = 7200
    cookies: Annotated[Any, nested(Cookies)] = Cookies()
    min_password_length: Int = 8
