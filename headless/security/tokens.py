"""Session tokens: signed JSON Web Tokens that Payload's clients understand.

A valid signature only says who made a token. Whether its session still lives is looked up on each request.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import jwt

from headless.errors import ConfigError

ALGORITHM: Final = "HS256"
RESERVED_CLAIMS: Final = frozenset(
    {"id", "collection", "email", "sid", "iat", "exp", "iss", "sub", "aud", "nbf", "jti"}
)
"""Claims that no field may overwrite: those of the session, and those that JWT libraries give a meaning."""

_HEADER: Final = {"authVersion": 1}
_LONGEST: Final = 8_192
# The signature and the algorithm are checked by the library; the claims here, against our clock and by exact
# type.
_OPTIONS: Final[Any] = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class Token(NamedTuple):
    """A signed token and the second at which it ends."""

    text: str
    exp: int


def check_claims(names: Iterable[str]) -> None:
    """Raises `ConfigError` when a field saved to the token would overwrite a claim of the session."""
    taken = sorted(RESERVED_CLAIMS.intersection(names))
    if taken:
        raise ConfigError([f'save_to_jwt: the claim "{name}" is reserved: give it another name.' for name in taken])


class Tokens:
    """Signs and reads tokens with a key derived from the application's secret.

    Tokens signed with one of the `previous` secrets are still read, so that a secret can be changed without
    logging everybody out. Tokens of one `purpose` are worth nothing for another; log-ins have none.
    """

    def __init__(
        self,
        secret: str,
        *,
        previous: Sequence[str] = (),
        now: Callable[[], float] = time.time,
        purpose: str = "",
    ) -> None:
        if not secret or not all(previous):
            raise ConfigError("secret: it is empty. Set a long random text.")
        self._keys = [_signing_key(purpose + text) for text in (secret, *previous)]
        self._now = now

    def encode(
        self,
        *,
        id: int | str,
        collection: str,
        email: str,
        sid: str | None,
        lifetime: int,
        fields: Mapping[str, Any] | None = None,
    ) -> Token:
        """A token for this session that ends `lifetime` seconds from now.

        `fields` are the values of the fields saved to the token; their names have passed `check_claims`.
        """
        extra = dict(fields or {})
        check_claims(extra)
        issued = int(self._now())
        claims = {**extra, "id": id, "collection": collection, "email": email}
        if sid is not None:
            claims["sid"] = sid
        claims |= {"iat": issued, "exp": issued + lifetime}
        return Token(jwt.encode(claims, self._keys[0], ALGORITHM, _HEADER), claims["exp"])

    def decode(self, text: str) -> dict[str, Any] | None:
        """The claims of a token that we signed and that has not ended, else None."""
        if len(text) > _LONGEST:
            return None
        for key in self._keys:
            claims = _read(text, key)
            if claims is not None:
                return claims if self._is_sound(claims) else None
        return None

    def _is_sound(self, claims: Mapping[str, Any]) -> bool:
        expires = claims.get("exp")
        return (
            type(expires) is int
            and expires > self._now()
            and type(claims.get("id")) in (int, str)
            and type(claims.get("collection")) is str
            and type(claims.get("sid", "")) is str
        )


def _signing_key(secret: str) -> bytes:
    """Payload's derivation, so that its tokens and ours are signed alike."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32].encode()


def _read(text: str, key: bytes) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(text, key, [ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims
