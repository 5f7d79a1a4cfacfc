"""Moments as people read them, in the time zone that their browser names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from headless.admin import zone_named

COOKIE = "headless-zone"

PARTS: Final[Mapping[str, Callable[[dt.datetime], str]]] = {
    "day_only": lambda moment: f"{moment.day} {moment:%b %Y}",
    "month_only": lambda moment: f"{moment:%b %Y}",
    "time_only": lambda moment: f"{moment:%H:%M}",
}
"""How a day, a month and a time of day are written, which are the same in every time zone."""

Now = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The present."""
    return dt.datetime.now(dt.UTC)


def zone_name(zone: dt.tzinfo) -> str:
    """How pages call a time zone."""
    return "UTC" if zone is dt.UTC else str(zone)


class Times:
    """Writes moments in one time zone: today's without the day's year, others with it."""

    __slots__ = ("name", "now", "zone")

    def __init__(self, name: str | None, now: Now = utc_now) -> None:
        self.zone = zone_named(name)
        self.name = zone_name(self.zone)
        self.now = now

    def __call__(self, iso: object, appearance: str = "day_and_time") -> Markup:
        """A `<time>` of an ISO 8601 text, as much of it as the appearance has; what is none stays as it is."""
        part = PARTS.get(appearance)
        try:
            moment = dt.datetime.fromisoformat(str(iso)).astimezone(dt.UTC if part else self.zone)
        except (ValueError, OverflowError):
            return Markup.escape(iso)
        text = part(moment) if part else self.text(moment)
        return Markup('<time datetime="{}">{}</time>').format(iso, text)

    def text(self, moment: dt.datetime) -> str:
        """`23 Nov, 18:03`, or with the year when it is not this one."""
        this_year = moment.year == self.now().astimezone(self.zone).year
        return f"{moment.day} {moment:%b, %H:%M}" if this_year else f"{moment.day} {moment:%b %Y, %H:%M}"

    def clock(self) -> str:
        """The time of day."""
        return f"{self.now().astimezone(self.zone):%H:%M:%S}"
