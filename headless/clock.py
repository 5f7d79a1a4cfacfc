"""The time, as the platform writes it: UTC with milliseconds, `2026-01-31T09:30:00.000Z`. Tests bring their own."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable

_ISO = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d))?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


class Clock:
    """Seconds since the epoch, and the same as text. `Clock(lambda: 0.0)` stands still."""

    __slots__ = ("_last_ms", "_last_text", "now")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._last_ms = -1
        self._last_text = ""

    def text(self) -> str:
        """The present as ISO 8601 in UTC with milliseconds."""
        ms = int(self.now() * 1000)
        if ms != self._last_ms:
            self._last_text = iso_from_ms(ms)
            self._last_ms = ms
        return self._last_text


def iso_from_ms(ms: int) -> str:
    """Milliseconds since the epoch → `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    seconds, rest = divmod(ms, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"


def parse_date(value: str) -> str | None:
    """Any ISO 8601 date or date-time → the wire's form in UTC, or None when it is not one.

    A bare day is midnight UTC; a time without a zone is UTC too, so that the same text means the same on every machine.
    """
    if len(value) == 24 and value[-1] == "Z" and value[10] == "T" and value[19] == "." and _ISO.fullmatch(value):
        return value if _exists(value) else None
    found = _ISO.fullmatch(value.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = dt.datetime(
            int(year),
            int(month),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
            _zone(zone),
        ).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _zone(zone: str | None) -> dt.timezone:
    if zone is None or zone == "Z":
        return dt.UTC
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    return dt.timezone(sign * dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _exists(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
