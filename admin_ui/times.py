"""Moments as people read them, in the time zone that their browser names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from markupsafe import Markup

from headless.admin import zone_named

COOKIE = "headless-zone"

Now = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The present."""
    return dt.datetime.now(dt.UTC)


class Times:
    """Writes moments in one time zone: today's without the day's year, others with it."""

    __slots__ = ("name", "now", "zone")

    def __init__(self, name: str | None, now: Now = utc_now) -> None:
        self.zone = zone_named(name)
        self.name = "UTC" if self.zone is dt.UTC else str(self.zone)
        self.now = now

    def __call__(self, iso: object) -> Markup:
        """A `<time>` of an ISO 8601 text; what is none stays as it is."""
        try:
            moment = dt.datetime.fromisoformat(str(iso)).astimezone(self.zone)
        except (ValueError, OverflowError):
            return Markup.escape(iso)
        return Markup('<time datetime="{}">{}</time>').format(iso, self.text(moment))

    def text(self, moment: dt.datetime) -> str:
        """`23 Nov, 18:03`, or with the year when it is not this one."""
        this_year = moment.year == self.now().astimezone(self.zone).year
        return f"{moment.day} {moment:%b, %H:%M}" if this_year else f"{moment.day} {moment:%b %Y, %H:%M}"

    def clock(self) -> str:
        """The time of day."""
        return f"{self.now().astimezone(self.zone):%H:%M:%S}"
