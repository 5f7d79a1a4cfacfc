"""Cross-origin sharing: which other origins may read answers, with headers computed once for each origin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from headless.errors import ConfigError
from headless.security.origin import normalize_origin

Header = tuple[bytes, bytes]

METHODS: Final = "PUT, PATCH, POST, GET, DELETE, OPTIONS"
REQUEST_HEADERS: Final = (
    "Origin",
    "X-Requested-With",
    "Content-Type",
    "Accept",
    "Authorization",
    "Content-Encoding",
    "x-apollo-tracing",
    "Idempotency-Key",
    "X-HTTP-Method-Override",
    "X-Payload-HTTP-Method-Override",
)
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CREDENTIALS: Final[Header] = (b"access-control-allow-credentials", b"true")
_VARY: Final[Header] = (b"vary", b"Origin")


class CorsPolicy:
    """The compiled `cors` option.

    Listed origins may read answers with the visitor's cookies. `*`, alone or in the list, lets any origin
    read what the anonymous may read: it never comes with credentials.
    """

    __slots__ = ("_by_origin", "_others", "_permissions", "credentialed_origins")

    def __init__(self, origins: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        listed = list(origins)
        self.credentialed_origins = frozenset(normalize_origin(origin) for origin in listed if origin != "*")
        vary = (_VARY,) if self.credentialed_origins else ()
        anyone = ((b"access-control-allow-origin", b"*"),) if "*" in listed else ()
        self._others: tuple[Header, ...] = (*anyone, *vary)
        self._by_origin: dict[bytes | None, tuple[Header, ...]] = {
            origin.encode(): ((b"access-control-allow-origin", origin.encode()), _CREDENTIALS, *vary)
            for origin in self.credentialed_origins
        }
        allowed = ", ".join([*REQUEST_HEADERS, *map(_header_name, headers)])
        self._permissions: tuple[Header, ...] = (
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", allowed.encode()),
        )

    @classmethod
    def of(cls, option: Literal["*"] | Iterable[str] | Mapping[str, Any]) -> CorsPolicy:
        """Reads the option as it is declared: `"*"`, a list of origins, or `{"origins": …, "headers":
        […]}`.
        """
        if isinstance(option, str):
            return cls([option])
        if not isinstance(option, Mapping):
            return cls(option)
        unknown = sorted(set(option) - {"origins", "headers"})
        if unknown:
            raise ConfigError(f"cors: unknown option {unknown[0]!r}: it has origins and headers.")
        origins = option.get("origins", ())
        return cls([origins] if isinstance(origins, str) else origins, option.get("headers", ()))

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What to add to an answer to a request with this `Origin` header."""
        return self._by_origin.get(origin, self._others)

    def preflight(self, origin: bytes | None) -> tuple[Header, ...]:
        """What to add to the answer to an OPTIONS request: also the methods and request headers that are
        understood.
        """
        return self.headers(origin) + self._permissions


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ConfigError(f"cors: {name!r} is not the name of a header.")
    return name
