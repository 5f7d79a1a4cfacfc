"""Time zones by their names: IANA ones such as `Europe/Berlin`, and offsets such as `+02:00`."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo

_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)", re.ASCII)
_NOT_NAMES = frozenset({"localtime", "Factory", "posixrules"})
"""Files beside the zones of some machines, which mean another zone on each."""


@functools.cache
def known_zones() -> frozenset[str]:
    """The IANA names that this machine knows. Looks at some 600 files the first time."""
    return frozenset(zoneinfo.available_timezones()) - _NOT_NAMES


def is_zone(name: str) -> bool:
    """Whether `name` names a time zone."""
    return _OFFSET.fullmatch(name) is not None or name in known_zones()


def zone_named(name: str | None) -> dt.tzinfo:
    """The time zone of a name; UTC for one that this machine does not know."""
    if not name or len(name) > 64:
        return dt.UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        moved = dt.timedelta(hours=int(hours), minutes=int(minutes))
        return dt.timezone(-moved if sign == "-" else moved)
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return dt.UTC
