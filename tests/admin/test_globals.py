"""Globals in the admin: where they are found, their form, and what is told of them to whom."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from headless import Config, Global, fields, nobody, staff
from headless.testing import TestClient
from tests.admin.ledger import PASSWORD, config, log_in, opened
from tests.admin.plain_browser import PlainBrowser
from tests.admin.test_following import following

HEADER = Global(
    "header",
    access={"read": staff, "update": staff},
    admin={"description": "What stands above every page."},
    fields=[
        fields.Text("title", required=True, default_value="Our magazine"),
        fields.Text("claim"),
        fields.Tabs(tabs=[fields.Tab("seo", fields=[fields.Text("headline"), fields.Array("words", fields=[
            fields.Text("word", required=True), fields.Relationship("tag", relation_to="tags"),
        ])])]),
        fields.Date("since", default_value="now", admin={"position": "sidebar"}),
        fields.Text("locked", default_value="kept", access={"update": nobody}),
        fields.Text("secret", access={"read": nobody}),
    ],
)  # fmt: skip
FIXED = Global("fixed", access={"read": staff, "update": nobody}, fields=[fields.Text("motto", default_value="Read.")])
CLOSED = Global("closed", access=nobody, fields=[fields.Text("x")])
HIDDEN = Global("unseen", admin={"hidden": True}, fields=[fields.Text("x")])
FOOTER = Global("footer", label="Bottom line", admin={"group": "Site"}, fields=[fields.Text("text")])
PATH = "/admin/globals/header"


def magazine() -> Config:
    """The magazine with globals of every kind of right."""
    return config().with_globals(HEADER, FIXED, CLOSED, HIDDEN, FOOTER)


@pytest.fixture
def visit() -> Any:
    """Ada at the magazine."""
    with opened(magazine()) as (browser, api):
        api.create("tags", {"name": "Paper"})
        yield log_in(browser), api


def rail(browser: PlainBrowser) -> list[str]:
    return [link.text for link in browser.page.one("nav").every("a")]


def test_they_stand_in_the_rail_and_on_the_dashboard(visit: tuple[PlainBrowser, Any]) -> None:
    """Those that may be read, under their groups, with when they changed; what changed is among the recent."""
    browser, api = visit
    links = rail(browser)
    assert {"Header", "Fixed", "Bottom line"} <= set(links)
    assert not {"Closed", "Unseen"} & set(links)
    headings = [each.text for each in browser.page.one("nav").every("h2")]
    assert headings[-2:] == ["Globals", "Site"]
    cards = {each.one("h2").text: each.text for each in browser.page.every("li", **{"class": "card"})}
    assert "Never saved" in cards["Header"]
    assert not {"Closed", "Unseen"} & set(cards)
    api.update_global("header", {"title": "Changed"})
    browser.open("/admin")
    cards = {each.one("h2").text: each.text for each in browser.page.every("li", **{"class": "card"})}
    assert "Changed" in cards["Header"]
    assert "Header" in browser.page.one("ol", **{"class": "log"}).text


def test_before_it_is_saved_the_form_has_the_defaults(visit: tuple[PlainBrowser, Any]) -> None:
    """It says so; saving them as they are stores them."""
    browser, api = visit
    browser.follow("Header")
    assert browser.url == PATH
    assert "Never saved" in browser.page.one("aside").text
    assert "What stands above every page." in browser.html
    assert browser.value("title") == "Our magazine"
    browser.press("Save")
    assert (browser.url, browser.notice()) == (PATH, "Saved.")
    stored = api.find_global("header")
    assert (stored["id"], stored["title"], stored["locked"]) == (1, "Our magazine", "kept")
    browser.press("Save")
    assert "Nothing was different" in browser.notice()


def test_every_kind_of_field_is_stored(visit: tuple[PlainBrowser, Any]) -> None:
    """Rows that a button adds, groups, references; what may not be changed is shown and stays."""
    browser, api = visit
    browser.open(PATH).press("Add row").fill(seo__words__0__word="ink").type("seo.words.0.tag", "1")
    browser.fill(title="Hello", seo__headline="Read", secret="written").press("Save")
    assert browser.notice() == "Saved."
    stored = api.find_global("header", depth=0)
    assert (stored["title"], stored["seo"]["headline"], stored["secret"]) == ("Hello", "Read", "written")
    assert [(row["word"], row["tag"]) for row in stored["seo"]["words"]] == [("ink", 1)]
    assert "kept" in browser.html
    assert not [each for each in browser.page.every("input") if each.attributes.get("name") == "locked"]
    assert browser.value("secret") == ""


def test_errors_are_told_at_the_field(visit: tuple[PlainBrowser, Any]) -> None:
    """With what was typed kept, and nothing stored."""
    browser, api = visit
    browser.open(PATH).fill(title="", claim="typed").press("Save")
    assert browser.status == 422
    assert "Title" in browser.problems()
    assert browser.input("title")["aria-invalid"] == "true"
    assert browser.value("claim") == "typed"
    assert "id" not in api.find_global("header")


def test_two_editors_lose_nothing(visit: tuple[PlainBrowser, Any]) -> None:
    """Also of a global that neither had saved: what both changed is shown, what one changed is taken over."""
    browser, api = visit
    browser.open(PATH)
    api.update_global("header", {"title": "Theirs", "claim": "Theirs"})
    browser.fill(title="Mine").press("Save")
    assert browser.status == 409
    assert browser.value("title") == "Mine"
    assert browser.value("claim") == "Theirs"
    browser.press("Save")
    assert browser.notice() == "Saved."
    stored = api.find_global("header")
    assert (stored["title"], stored["claim"]) == ("Mine", "Theirs")


def test_what_may_only_be_read_has_no_button(visit: tuple[PlainBrowser, Any]) -> None:
    """Its values stand there as text, and a form that is sent all the same is refused."""
    browser, _ = visit
    browser.open("/admin/globals/fixed")
    assert "Read." in browser.html
    assert "You can read this, but not change it." in browser.html
    assert not [each for each in browser.page.every("button") if each.text == "Save"]
    assert browser.client.post("/admin/globals/fixed", data={"motto": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("globals/closed", 403),
        ("globals/unseen", 200),
        ("globals/nope", 404),
        ("globals/posts", 404),
        ("collections/header", 404),
        ("globals/header/_row?path=seo.words&key=3", 200),
        ("globals/header/_row?path=title&key=3", 404),
        ("globals/fixed/_row?path=motto&key=3", 404),
        ("globals/header/_options?path=seo.words.0.tag&q=Pap", 200),
    ],
)
def test_its_pages(visit: tuple[PlainBrowser, Any], path: str, status: int) -> None:
    """And the pieces of its form; a collection is no global, nor the other way about."""
    browser, _ = visit
    assert browser.client.get(f"/admin/{path}").status_code == status


def test_an_open_form_is_told_of_changes() -> None:
    """By the stream of its page, to those who may read it only."""
    with TestClient(magazine()) as client:
        ada = client.user("ada@example.com", password=PASSWORD)
        with client.stream("/admin/_live?global=header", as_=ada) as stream:
            client.update_global("closed", {"x": "never told"})
            client.update_global("header", {"title": "New"}, as_=ada)
            told = following(stream, "row")
            assert (told["kind"], told["by"], told["row"]) == ("update", f"users/{ada.id}", "Header")


def test_a_plugin_changes_a_global() -> None:
    """As it would a collection: by a copy in the other's place."""
    longer = dataclasses.replace(FOOTER, label="Longer")
    with opened(magazine().with_globals(longer)) as (browser, _):
        assert "Longer" in rail(log_in(browser))
