"""Slugs in the admin: left empty, written by hand, made anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from tests.admin.ledger import USERS, log_in, opened
from tests.admin.plain_browser import PlainBrowser

PAGES = Collection(
    "pages",
    admin={"use_as_title": "title"},
    fields=[
        fields.Text("title"),
        fields.Slug(),
        fields.Group("seo", fields=[fields.Slug("path", use_as_slug="title")]),
    ],
)


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at the pages."""
    config = Config(
        collections=(PAGES, USERS), database="sqlite:///:memory:", secret="a secret of the tests, long enough"
    )
    with opened(config) as (browser, api):
        log_in(browser)
        yield browser, api


def test_it_is_made_when_it_is_left_empty(visit: tuple[PlainBrowser, Any]) -> None:
    """The form of a new document does not ask for the checkbox."""
    browser, api = visit
    browser.open("/admin/collections/pages/create")
    assert browser.input("slug")["placeholder"] == "Made of Title"
    assert not browser.page.every("input", name="generateSlug")
    browser.fill(title="A quiet launch").press("Create")
    stored = api.get("pages", 1)
    assert (stored["slug"], stored["seo"]["path"]) == ("a-quiet-launch", "a-quiet-launch")
    assert browser.value("slug") == "a-quiet-launch"


def test_it_is_made_anew_by_its_checkbox(visit: tuple[PlainBrowser, Any]) -> None:
    """Which is not ticked by itself: a new title leaves the address as it is."""
    browser, api = visit
    api.create("pages", {"title": "One"})
    browser.open("/admin/collections/pages/1").fill(title="Two").press("Save")
    assert api.get("pages", 1)["slug"] == "one"
    browser.check("generateSlug").check("seo.generatePath").press("Save")
    stored = api.get("pages", 1)
    assert (stored["slug"], stored["seo"]["path"]) == ("two", "two")
    assert "checked" not in browser.page.one("input", name="generateSlug", type="checkbox").attributes


def test_it_is_written_by_hand(visit: tuple[PlainBrowser, Any]) -> None:
    """As slugs are; one that is taken is told beside it."""
    browser, api = visit
    api.create("pages", {"title": "Taken"})
    api.create("pages", {"title": "Free"})
    browser.open("/admin/collections/pages/2").fill(slug="My Page!").press("Save")
    assert api.get("pages", 2)["slug"] == "my-page"
    browser.fill(slug="taken").press("Save")
    assert "Value must be unique" in browser.page.one("div", data_f="slug").text
