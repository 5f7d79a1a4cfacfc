"""UUIDs of version 7, which begin with the time: RFC 9562, section 5.7."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

_RANDOM_BITS: Final = 74
_RAND_B_BITS: Final = 62
_VERSION: Final = 7 << 76
_VARIANT: Final = 2 << 62
_LATEST: Final = (1 << 48) - 1


class Uuid7:
    """Makes UUIDs, each greater than the one before, on one thread. `now` answers seconds since the epoch.

    Those of one millisecond, and those made while a clock goes back, are counted on from the last one in steps that
    cannot be guessed (section 6.2, method 2).
    """

    __slots__ = ("_ms", "_now", "_random")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ms = -1
        self._random = 0

    def __call__(self) -> str:
        """The next one, in lower case with hyphens."""
        ms = min(max(int(self._now() * 1000), 0), _LATEST)
        if ms > self._ms:
            self._begin(ms)
        else:
            self._random += 1 + secrets.randbits(32)
            if self._random >> _RANDOM_BITS:
                self._begin(self._ms + 1)
        return self._text()

    def _begin(self, ms: int) -> None:
        self._ms = ms
        # The first bit is left free, so that a millisecond has room for as many as can be made in it.
        self._random = secrets.randbits(_RANDOM_BITS - 1)

    def _text(self) -> str:
        rand_a, rand_b = divmod(self._random, 1 << _RAND_B_BITS)
        digits = f"{self._ms << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
