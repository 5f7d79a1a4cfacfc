"""Lists of texts and numbers in the admin: one value a line, in the form and in a list of documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from tests.admin.ledger import USERS, log_in, opened
from tests.admin.plain_browser import PlainBrowser

BOOKS = Collection(
    "books",
    admin={"use_as_title": "title", "default_columns": ["title", "words", "sizes"]},
    fields=[
        fields.Text("title"),
        fields.Text("words", has_many=True),
        fields.Number("sizes", has_many=True, max=10),
    ],
)


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at the books."""
    config = Config(
        collections=(BOOKS, USERS), database="sqlite:///:memory:", secret="a secret of the tests, long enough"
    )
    with opened(config) as (browser, api):
        log_in(browser)
        yield browser, api


def test_values_are_lines(visit: tuple[PlainBrowser, Any]) -> None:
    """A line more is a value more; blank lines are none."""
    browser, api = visit
    browser.open("/admin/collections/books/create").fill(title="One", words="red\n\n green \n", sizes="1\n2.5").press(
        "Create"
    )
    stored = api.get("books", 1)
    assert (stored["words"], stored["sizes"]) == (["red", "green"], [1, 2.5])
    assert browser.value("words") == "red\ngreen"
    browser.fill(words="red\ngreen\nblue", sizes="").press("Save")
    stored = api.get("books", 1)
    assert (stored["words"], stored["sizes"]) == (["red", "green", "blue"], [])


def test_a_list_that_nobody_touched_stays_as_it_is(visit: tuple[PlainBrowser, Any]) -> None:
    """Also where a value has a line end, spaces around it or nothing in it, which a line could not say."""
    browser, api = visit
    words = ["", "two\nlines", " spaced "]
    api.create("books", {"title": "One", "words": words})
    browser.open("/admin/collections/books/1").fill(title="Two").press("Save")
    stored = api.get("books", 1)
    assert (stored["title"], stored["words"]) == ("Two", words)


def test_what_is_no_number_is_shown_again(visit: tuple[PlainBrowser, Any]) -> None:
    """With what is wrong; nothing that was typed is lost."""
    browser, _ = visit
    browser.open("/admin/collections/books/create").fill(title="One", sizes="1\nmany").press("Create")
    assert "Please enter a valid number." in browser.page.one("div", data_f="sizes").text
    assert browser.value("sizes") == "1\nmany"


def test_a_cell_names_the_values(visit: tuple[PlainBrowser, Any]) -> None:
    """As people write a list."""
    browser, api = visit
    api.create("books", {"title": "One", "words": ["red", "green"], "sizes": [1, 2.5]})
    cells = [cell.text for cell in browser.open("/admin/collections/books").page.one("tbody").every("td")]
    assert "red, green" in cells
    assert "1, 2.5" in cells


def test_a_list_is_filtered_by_all_its_values(visit: tuple[PlainBrowser, Any]) -> None:
    """The filter is one of those on offer."""
    browser, api = visit
    api.create("books", {"title": "Both", "words": ["red", "green"]})
    api.create("books", {"title": "Neither", "words": ["red"]})
    page = browser.open("/admin/collections/books?where[words][all]=red,green").page
    assert "Words has all of red, green" in page.one("main").text
    assert "Both" in page.one("tbody").text
    assert "Neither" not in page.one("tbody").text
