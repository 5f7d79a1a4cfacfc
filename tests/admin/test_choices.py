"""What the admin offers to choose: only what `filter_options` leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.fields import FieldContext
from tests.admin.ledger import USERS, log_in, opened
from tests.admin.plain_browser import PlainBrowser

CITIES = Collection(
    "cities", admin={"use_as_title": "name"}, fields=[fields.Text("name"), fields.Text("country", hidden=True)]
)


def of_country(ctx: FieldContext) -> Any:
    country = ctx.data.get("country")
    return {"country": {"equals": country}} if country else False


def of_day(ctx: FieldContext) -> Any:
    return ["web"] if ctx.sibling_data.get("quiet") else True


TRIPS = Collection(
    "trips",
    admin={"use_as_title": "name"},
    fields=[
        fields.Text("name"),
        fields.Text("country"),
        fields.Checkbox("quiet"),
        fields.Relationship("italian", relation_to="cities", filter_options={"country": {"equals": "it"}}),
        fields.Relationship("city", relation_to="cities", filter_options=of_country),
        fields.Select("channel", options=["web", "mail"], filter_options=of_day),
    ],
)
CREATE = "/admin/collections/trips/create"


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada, and three cities of two countries, which she does not see."""
    config = Config(
        collections=(CITIES, TRIPS, USERS), database="sqlite:///:memory:", secret="a secret of the tests, long enough"
    )
    with opened(config) as (browser, api):
        for name, country in (("Rome", "it"), ("Milan", "it"), ("Paris", "fr")):
            api.create("cities", {"name": name, "country": country})
        log_in(browser)
        yield browser, api


def offered(browser: PlainBrowser, name: str) -> list[str]:
    return [option.text for option in browser.input(name).every("option")]


def test_a_relationship_offers_what_fits(visit: tuple[PlainBrowser, Any]) -> None:
    """By a field that the form's user may not even name."""
    browser, _ = visit
    browser.open(CREATE)
    assert offered(browser, "italian") == ["–", "Milan", "Rome"]


def test_what_is_offered_follows_the_form(visit: tuple[PlainBrowser, Any]) -> None:
    """What was chosen before stays in sight until it is changed; what does not fit is not stored."""
    browser, api = visit
    api.create("trips", {"name": "One", "country": "fr", "city": 3})
    browser.open("/admin/collections/trips/1")
    assert offered(browser, "city") == ["–", "Paris"]
    browser.fill(country="it").press("Save")
    assert "invalid selections" in browser.page.one("div", data_f="city").text
    assert offered(browser, "city") == ["–", "Milan", "Paris", "Rome"]
    browser.type("city", "1").press("Save")
    assert api.get("trips", 1, depth=0)["city"] == 1


def test_many_that_fit_are_searched_for(visit: tuple[PlainBrowser, Any]) -> None:
    """By the server, with the whole form, where a function is asked."""
    browser, api = visit
    for number in range(60):
        api.create("cities", {"name": f"Town {number}", "country": "it" if number % 2 else "fr"})
    browser.open(CREATE)
    browser.fill(name="Typed", country="fr").press("Create")
    browser.open("/admin/collections/trips/1")
    assert not browser.page.every("div", data_find="/admin/collections/trips/_options")
    fragment = browser.open("/admin/collections/trips/_options?path=italian&q=Town%201").html
    assert "Town 11" in fragment
    assert "Town 10" not in fragment
    assert browser.open("/admin/collections/trips/_options?path=city&q=Town").status == 404


def test_a_select_offers_what_is_left(visit: tuple[PlainBrowser, Any]) -> None:
    """And what is chosen already."""
    browser, api = visit
    api.create("trips", {"name": "One", "quiet": True, "channel": "web"})
    api.create("trips", {"name": "Two", "channel": "mail"})
    assert offered(browser.open("/admin/collections/trips/1"), "channel") == ["–", "Web"]
    assert offered(browser.open("/admin/collections/trips/2"), "channel") == ["–", "Web", "Mail"]
    browser.check("quiet").press("Save")
    assert "This field has an invalid selection." in browser.page.one("div", data_f="channel").text
    assert offered(browser, "channel") == ["–", "Web", "Mail"]
