"""The editor of blocks, without JavaScript and with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.admin.ledger import log_in, opened
from tests.admin.pages import PAGES, pages
from tests.admin.plain_browser import PlainBrowser
from tests.admin.test_in_chromium import Served, editor

LAYOUT = [
    {"blockType": "hero", "heading": "A quiet launch", "tags": [1], "locked": "kept", "secret": "kept too"},
    {"blockType": "quote", "text": "At last.", "blockName": "The end"},
    {"blockType": "gallery", "items": [{"caption": "A boat"}]},
]


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a magazine with two tags and a page of three blocks."""
    with opened(pages()) as (browser, api):
        for name in ("Paper", "Ink"):
            api.create("tags", {"name": name})
        api.create("pages", {"title": "Home", "layout": LAYOUT})
        log_in(browser)
        yield browser, api


def test_blocks_are_added_moved_copied_and_removed(visit: tuple[PlainBrowser, Any]) -> None:
    """By buttons that send the form; nothing is stored until it is saved."""
    browser, api = visit
    before = api.get("pages", 1, depth=0)["layout"]
    browser.open(f"{PAGES}/1").press("Quotation", value="add:layout:quote")
    assert browser.value("layout.3.text") == "At last."
    browser.fill(layout__3__text="A new one", layout__3__blockName="New")
    browser.press("Move up", value="up:layout.3").press("Duplicate", value="copy:layout.0")
    browser.press("Remove", value="remove:layout.2").press("Add row", value="add:layout.3.items")
    browser.fill(layout__3__items__1__caption="Another boat", layout__1__heading="A copy")
    assert api.get("pages", 1, depth=0)["layout"] == before
    browser.press("Save")
    stored = api.get("pages", 1, depth=0)["layout"]
    assert [block["blockType"] for block in stored] == ["hero", "hero", "quote", "gallery"]
    assert (stored[1]["heading"], stored[1]["tags"]) == ("A copy", [1])
    assert (stored[2]["text"], stored[2]["blockName"]) == ("A new one", "New")
    assert [item["caption"] for item in stored[3]["items"]] == ["A boat", "Another boat"]
    assert (stored[0], stored[3]["id"]) == (before[0], before[2]["id"])
    assert len({block["id"] for block in stored}) == 4


def test_saving_without_a_change_changes_nothing(visit: tuple[PlainBrowser, Any]) -> None:
    """What the form cannot show of a block stays: what may not be read, or not be written, its name."""
    browser, api = visit
    before = api.get("pages", 1, depth=0)
    browser.open(f"{PAGES}/1").press("Save")
    assert "Nothing was different" in browser.notice()
    browser.fill(layout__0__heading="Changed").press("Save")
    stored = api.get("pages", 1, depth=0)["layout"]
    assert stored == [{**before["layout"][0], "heading": "Changed"}, *before["layout"][1:]]


def test_a_block_is_called_by_its_kind_and_its_name(visit: tuple[PlainBrowser, Any]) -> None:
    """Or by its first text; fields without rights are not drawn, those that can only be read are text."""
    browser, _ = visit
    browser.open(f"{PAGES}/1")
    summaries = [row.every("summary")[0].text for row in browser.page.every("details", data_row="")]
    assert summaries[0].split() == ["⋮⋮", "01", "Hero", "A", "quiet", "launch"]
    assert summaries[1].split()[2:] == ["Quotation", "The", "end"]
    assert not browser.page.every(name="layout.0.secret")
    assert not browser.page.every(name="layout.0.locked")
    assert not browser.page.every(name="layout.2.blockName")
    assert "kept" in browser.page.one("div", data_f="layout.0.locked").text


def test_only_what_may_be_added_is_offered(visit: tuple[PlainBrowser, Any]) -> None:
    """Under its headings; what `filter_options` says is asked again with every answer."""
    browser, _ = visit

    def kinds() -> list[str]:
        buttons = browser.page.every("button", name="_do")
        return [each["value"].split(":")[2] for each in buttons if each["value"].startswith("add:layout:")]

    browser.open(f"{PAGES}/1")
    assert kinds() == ["quote", "hero", "gallery"] or kinds() == ["quote", "gallery", "hero"]
    assert browser.page.one("div", aria_label="Pictures").text.split()[0] == "Pictures"
    browser.check("front").press("Save")
    assert "columns" in kinds()


def test_errors_are_told_in_their_block(visit: tuple[PlainBrowser, Any]) -> None:
    """The block is open and says how many there are; the summary leads to the input; what was typed is kept."""
    browser, api = visit
    layout = [{"blockType": "hero", "heading": f"Number {number}"} for number in range(9)]
    api.update("pages", 1, {"layout": layout})
    browser.open(f"{PAGES}/1").fill(layout__7__heading="", layout__6__blockName="Typed").press("Save")
    assert browser.status == 422
    assert "Layout > Block 8 (Hero) > Heading" in browser.problems()
    row = browser.input("layout.7.heading").above("details")
    assert "open" in row.attributes
    assert "1 to correct" in row.one("summary").text
    assert "open" not in browser.input("layout.3.heading").above("details").attributes
    assert browser.value("layout.6.blockName") == "Typed"


def test_blocks_in_blocks(visit: tuple[PlainBrowser, Any]) -> None:
    """Rows and blocks inside a block have buttons of their own; those of a new block, too."""
    browser, api = visit
    api.update("pages", 1, {"front": True, "layout": []})
    browser.open(f"{PAGES}/1").press("Columns", value="add:layout:columns")
    browser.press("Hero", value="add:layout.0.content:hero").press("Quotation", value="add:layout.0.content:quote")
    browser.press("Move up", value="up:layout.0.content.1").fill(layout__0__content__1__heading="Deep")
    browser.check("layout.0.content.1.tags", "2").press("Save")
    (columns,) = api.get("pages", 1, depth=0)["layout"]
    assert [block["blockType"] for block in columns["content"]] == ["quote", "hero"]
    assert (columns["content"][1]["heading"], columns["content"][1]["tags"]) == ("Deep", [2])


@pytest.mark.parametrize("button", ["add:layout:nope", "add:layout", "add:layout.0.items:", "add:title:hero", "add::"])
def test_a_button_that_names_nothing_does_nothing(visit: tuple[PlainBrowser, Any], button: str) -> None:
    """The page is shown as it was."""
    browser, _ = visit
    browser.open(f"{PAGES}/1")
    browser.page.one("button", name="_do", value="add:layout:quote").attributes["value"] = button
    browser.press("Quotation", value=button)
    assert browser.status == 200
    assert len([row for row in browser.page.every("details", data_row="") if row.every(name="layout.3.id")]) == 0


def test_a_list_shows_of_which_blocks_a_page_is(visit: tuple[PlainBrowser, Any]) -> None:
    """By kind, with how many where there are several."""
    browser, api = visit
    api.create("pages", {"title": "Two", "layout": [LAYOUT[1], LAYOUT[0], LAYOUT[1]]})
    rows = browser.open(PAGES).page.one("tbody").every("tr")
    cells = {row.one("th").text: row.every("td")[-1].text for row in rows}
    assert cells == {"Home": "Quotation, Gallery, Hero", "Two": "Quotation × 2, Hero"}


def test_blocks_that_can_only_be_read_have_no_buttons() -> None:
    """They are drawn all the same."""
    with opened(pages(access={"read": "staff", "update": "nobody"})) as (browser, api):
        api.create("tags", {"name": "Paper"})
        api.create("pages", {"title": "Home", "layout": LAYOUT})
        log_in(browser).open(f"{PAGES}/1")
        assert len(browser.page.every("details", data_row="")) == 4
        assert "A quiet launch" in browser.page.text
        assert not browser.page.every("button", name="_do")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("path=layout&kind=hero&key=7", 200),
        ("path=layout.7.items&of=layout.gallery.items&key=9", 200),
        ("path=layout.7.content&of=layout.columns.content&kind=hero&key=9", 200),
        ("path=layout&kind=nope&key=7", 404),
        ("path=layout&key=7", 404),
        ("path=layout.7.items&of=layout.hero.items&key=9", 404),
        ("path=title&kind=hero&key=7", 404),
    ],
)
def test_a_fresh_block_is_had_by_itself(visit: tuple[PlainBrowser, Any], query: str, status: int) -> None:
    """As the module asks for it: with names of its own, and its defaults."""
    browser, _ = visit
    browser.open(f"{PAGES}/_row?{query}")
    assert browser.status == status
    if "columns" in query:
        assert browser.page.one("input", name="layout.7.content.9.blockType")["value"] == "hero"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A magazine with sixty tags and a page of three blocks."""
    served = Served(pages())
    served.do("create", "users", {"name": "Ada", "email": "ada@example.com", "password": "correct horse"})
    for number in range(60):
        served.do("create", "tags", {"name": f"Tag {number}"})
    served.do("create", "pages", {"title": "Home", "front": True, "layout": LAYOUT})
    yield served
    served.stop()


@pytest.mark.browser
def test_blocks_are_written_in_place(browser: Browser, served: Served) -> None:
    """Added by a menu, found in, moved and copied without a reload; what is saved is the order of the page."""
    with editor(browser, served, "ada") as ada:
        ada.goto(f"{PAGES}/1")
        blocks = ada.locator("[data-array=layout] > [data-rows] > [data-row]")
        menu = ada.locator("[data-array=layout] > .more")
        menu.locator("summary").click()
        menu.get_by_role("button", name="Columns").click()
        expect(blocks).to_have_count(4)
        expect(menu).not_to_have_attribute("open", "")
        inner = blocks.nth(3).locator(".more")
        inner.locator("summary").click()
        inner.get_by_role("button", name="Hero").click()
        expect(blocks.nth(3).locator("[data-row]")).to_have_count(1)
        ada.keyboard.type("Inside")
        expect(blocks.nth(3).locator("[data-row] summary b")).to_have_text("Inside")
        blocks.nth(3).get_by_label("Search Tags").fill("tag 37")
        blocks.nth(3).get_by_label("Tag 37").check()
        blocks.nth(3).locator("input[name$='.blockName']").last.fill("Named")
        expect(blocks.nth(3).locator("> summary b")).to_have_text("Named")
        blocks.nth(3).locator("> .rb > .acts button[value^='up:']").click()
        blocks.nth(0).locator("> .rb > .acts button[value^='copy:']").click()
        expect(blocks).to_have_count(5)
        blocks.nth(2).locator("> .rb > .acts button[value^='remove:']").click()
        ada.click(".sticky button")
        expect(ada.locator(".notice.ok")).to_have_text("Saved.")
        stored = served.do("get", "pages", 1, depth=0)["layout"]
        assert [block["blockType"] for block in stored] == ["hero", "hero", "columns", "gallery"]
        assert stored[1]["heading"] == stored[0]["heading"]
        assert (stored[2]["blockName"], stored[2]["content"][0]["heading"]) == ("Named", "Inside")
        assert len(stored[2]["content"][0]["tags"]) == 1
        assert len({block["id"] for block in stored}) == 4
