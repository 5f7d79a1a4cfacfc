"""The session cookie, literally as Payload writes it, and a quick look into the `Cookie` header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final, Literal

from headless.errors import ConfigError

SameSite = Literal["Lax", "Strict", "None"]

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_DOMAIN: Final = re.compile(r"\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_VALUE: Final = re.compile(r"[A-Za-z0-9!#$%&'()*+./:<=>?@\[\]^_`{|}~-]*")


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie `<prefix>-token` that holds a session token, out of reach of scripts.

    `secure` is implied by `same_site="None"`, which browsers refuse without it.
    """

    prefix: str = "payload"
    same_site: SameSite = "Lax"
    secure: bool = False
    domain: str | None = None
    named: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.prefix):
            raise ConfigError(f"cookie_prefix: {self.prefix!r} cannot be part of a cookie's name.")
        if self.named is not None and not _NAME.fullmatch(self.named):
            raise ConfigError(f"cookies.name: {self.named!r} cannot be a cookie's name.")
        if self.domain is not None and not _DOMAIN.fullmatch(self.domain):
            raise ConfigError(f"cookies.domain: {self.domain!r} is not a domain, such as www.example.com.")
        if self.same_site not in ("Lax", "Strict", "None"):
            raise ConfigError(f"cookies.same_site: {self.same_site!r} is none of Lax, Strict, None.")

    @property
    def name(self) -> str:
        """`payload-token`, unless another prefix or name is configured."""
        return self.named or f"{self.prefix}-token"

    def header(self, token: str, expires: float) -> str:
        """The `Set-Cookie` value that logs in until `expires`, in seconds since the epoch."""
        if not _VALUE.fullmatch(token):
            raise ValueError("A cookie's value may not hold spaces, quotes, commas, semicolons or control characters.")
        parts = [f"{self.name}={token}", f"Expires={formatdate(expires, usegmt=True)}"]
        if self.domain is not None:
            parts.append(f"Domain={self.domain}")
        parts.append("Path=/")
        if self.secure or self.same_site == "None":
            parts.append("Secure=true")
        parts += ["HttpOnly=true", f"SameSite={self.same_site}"]
        return "; ".join(parts)

    def expired_header(self) -> str:
        """The `Set-Cookie` value that logs out: the browser deletes a cookie that has expired."""
        return self.header("", 0)

    def read(self, header: bytes | None) -> str | None:
        """The token in a `Cookie` header, or None."""
        return cookie_value(header, self.name)


def cookie_value(header: bytes | None, name: str) -> str | None:
    """One cookie of a `Cookie` header, or None. Of several with the same name the last counts, as in
    Payload.
    """
    if not header:
        return None
    wanted = name.encode("latin-1") + b"="
    if wanted not in header:
        return None
    found = None
    for part in header.split(b";"):
        pair = part.strip()
        if pair.startswith(wanted):
            found = pair[len(wanted) :]
    return None if found is None else found.strip(b'"').decode("latin-1")
