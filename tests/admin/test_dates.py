"""Dates in the admin: how much of them is shown and asked for, and in which time zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from tests.admin.ledger import USERS, log_in, opened
from tests.admin.plain_browser import PlainBrowser


def picked(name: str, appearance: str) -> fields.Date:
    return fields.Date(name, admin={"date": {"pickerAppearance": appearance}})


EVENTS = Collection(
    "events",
    admin={"use_as_title": "title", "default_columns": ["title", "day", "month", "hour"]},
    fields=[
        fields.Text("title"),
        picked("day", "dayOnly"),
        picked("month", "monthOnly"),
        picked("hour", "timeOnly"),
        picked("both", "dayAndTime"),
        fields.Date("start", timezone=True),
        fields.Array("talks", fields=[fields.Date("at", timezone={"supported_timezones": ["Asia/Tokyo", "UTC"]})]),
    ],
)
ZONE = "America/New_York"


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada in New York."""
    config = Config(
        collections=(EVENTS, USERS), database="sqlite:///:memory:", secret="a secret of the tests, long enough"
    )
    with opened(config) as (browser, api):
        log_in(browser)
        browser.client.cookies.set("headless-zone", ZONE)
        yield browser, api


def test_each_appearance_has_its_input(visit: tuple[PlainBrowser, Any]) -> None:
    """The browser's own pickers."""
    browser, _ = visit
    browser.open("/admin/collections/events/create")
    types = {name: browser.input(name)["type"] for name in ("day", "month", "hour", "both", "start")}
    assert types == {
        "day": "date", "month": "month", "hour": "time", "both": "datetime-local", "start": "datetime-local"
    }  # fmt: skip


def test_days_months_and_hours_are_the_same_everywhere(visit: tuple[PlainBrowser, Any]) -> None:
    """A day is its midnight in UTC, as in the API, whoever looks at it from where."""
    browser, api = visit
    browser.open("/admin/collections/events/create")
    browser.fill(title="One", day="2026-01-31", month="2026-02", hour="09:30", both="2026-01-31T09:30").press("Create")
    stored = api.get("events", 1)
    assert (stored["day"], stored["month"]) == ("2026-01-31T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
    assert (stored["hour"], stored["both"]) == ("1970-01-01T09:30:00.000Z", "2026-01-31T14:30:00.000Z")
    assert [browser.value(name) for name in ("day", "month", "hour", "both")] == [
        "2026-01-31", "2026-02", "09:30", "2026-01-31T09:30"
    ]  # fmt: skip
    cells = [cell.text for cell in browser.open("/admin/collections/events").page.one("tbody").every("td")]
    assert cells[:3] == ["31 Jan 2026", "Feb 2026", "09:30"]


def test_what_is_not_shown_of_a_date_stays(visit: tuple[PlainBrowser, Any]) -> None:
    """Seconds of a time, hours of a day: untouched, they are kept; a new time keeps its day."""
    browser, api = visit
    day, hour = "2026-01-31T17:45:12.345Z", "2026-01-31T17:45:12.345Z"
    api.create("events", {"title": "One", "day": day, "hour": hour})
    browser.open("/admin/collections/events/1").fill(title="Two").press("Save")
    stored = api.get("events", 1)
    assert (stored["title"], stored["day"], stored["hour"]) == ("Two", day, hour)
    browser.fill(hour="08:00", day="2026-02-01").press("Save")
    stored = api.get("events", 1)
    assert (stored["day"], stored["hour"]) == ("2026-02-01T00:00:00.000Z", "2026-01-31T08:00:00.000Z")


def test_what_is_no_date_is_shown_again(visit: tuple[PlainBrowser, Any]) -> None:
    """In a browser without the picker anything can be written."""
    browser, _ = visit
    browser.open("/admin/collections/events/create").fill(month="next month").press("Create")
    assert '"next month" is not a valid date.' in browser.page.one("div", data_f="month").text
    assert browser.value("month") == "next month"


def test_a_date_is_shown_and_read_in_its_zone(visit: tuple[PlainBrowser, Any]) -> None:
    """Whose clock it is says the field beside it; without one it is that of the browser."""
    browser, api = visit
    browser.open("/admin/collections/events/create")
    browser.fill(title="One", start="2026-01-31T09:30", start_tz="Asia/Tokyo").press("Create")
    assert api.get("events", 1)["start"] == "2026-01-31T00:30:00.000Z"
    assert browser.value("start") == "2026-01-31T09:30"
    assert "Asia/Tokyo time" in browser.page.one("div", data_f="start").text
    browser.fill(start_tz="Europe/Berlin").press("Save")
    stored = api.get("events", 1)
    assert (stored["start"], stored["start_tz"]) == ("2026-01-31T08:30:00.000Z", "Europe/Berlin")
    browser.fill(start_tz="").press("Save")
    assert api.get("events", 1)["start"] == "2026-01-31T14:30:00.000Z"


def test_a_zone_that_is_none_is_shown_again(visit: tuple[PlainBrowser, Any]) -> None:
    """With the date as it was typed."""
    browser, _ = visit
    browser.open("/admin/collections/events/create")
    browser.fill(start="2026-01-31T09:30", start_tz="Mars").press("Create")
    assert "This field has an invalid selection." in browser.page.one("div", data_f="start_tz").text
    assert (browser.value("start"), browser.value("start_tz")) == ("2026-01-31T09:30", "Mars")


def test_the_supported_zones_are_offered_in_rows(visit: tuple[PlainBrowser, Any]) -> None:
    """As a select; each row has a zone of its own."""
    browser, api = visit
    talks = [
        {"at": "2026-01-31T00:30:00.000Z", "at_tz": "Asia/Tokyo"},
        {"at": "2026-01-31T00:30:00.000Z", "at_tz": "UTC"},
    ]
    api.create("events", {"title": "One", "talks": talks})
    browser.open("/admin/collections/events/1")
    assert [browser.value(f"talks.{row}.at") for row in (0, 1)] == ["2026-01-31T09:30", "2026-01-31T00:30"]
    options = [option["value"] for option in browser.input("talks.0.at_tz").every("option")]
    assert options == ["", "Asia/Tokyo", "UTC"]
    browser.type("talks.1.at", "2026-01-31T01:00").press("Save")
    assert [row["at"] for row in api.get("events", 1)["talks"]] == [
        "2026-01-31T00:30:00.000Z", "2026-01-31T01:00:00.000Z"
    ]  # fmt: skip
