"""How many streams may be open: in all, of one user, and of one address from which nobody is logged in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

from headless.declaration import Int, declaration
from headless.errors import ConfigError, TooManyRequests

RETRY_AFTER = 10


@declaration
class StreamLimits:
    """How many streams one process keeps open: in all, of one user, and of one address without a user."""

    max_open: Int = 10_000
    max_per_user: Int = 100
    max_per_address: Int = 500

    def __post_init__(self) -> None:
        small = [field.name for field in dataclasses.fields(self) if getattr(self, field.name) < 1]
        if small:
            raise ConfigError([f"{name} is 1 or more" for name in small])


class Places:
    """The places of open streams. Whoever is logged in counts for himself, wherever he is; others for their address."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self._limits = limits or StreamLimits()
        self._open = 0
        self._held: Counter[Hashable] = Counter()

    def take(self, scope: Scope) -> Hashable:
        """A place for the stream that answers this request, to be freed when it ends. Raises TooManyRequests."""
        if self._open >= self._limits.max_open:
            raise TooManyRequests("Too many streams are open, please try again later.", retry_after=RETRY_AFTER)
        holder = self._holder(scope)
        self._open += 1
        self._held[holder] += 1
        return holder

    def free(self, holder: Hashable) -> None:
        """Gives back a place that was taken."""
        self._open -= 1
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]

    def _holder(self, scope: Scope) -> Hashable:
        """Whose place it is. A client whose address the server does not tell counts among all streams only."""
        user, client = scope.get("headless.user"), scope.get("client")
        if user is not None:
            return self._allowed(("user", user["collection"], user["id"]), self._limits.max_per_user, "by you")
        if client is not None:
            return self._allowed(("address", network(client[0])), self._limits.max_per_address, "from your address")
        return None

    def _allowed(self, holder: Hashable, most: int, whose: str) -> Hashable:
        if self._held[holder] >= most:
            message = f"Too many streams are open {whose}, {most} at most: close one, or try again later."
            raise TooManyRequests(message, retry_after=RETRY_AFTER)
        return holder


def network(host: str) -> str:
    """What one client can be told by: its IPv4 address, or the /64 of IPv6, all of which is commonly one client's."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)
