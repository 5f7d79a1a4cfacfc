"""Joins in the admin: a table of the documents that refer to the one on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from tests.admin.ledger import USERS, log_in, opened
from tests.admin.plain_browser import PlainBrowser

SHELVES = Collection(
    "shelves",
    admin={"use_as_title": "title"},
    fields=[
        fields.Text("title"),
        fields.Join(
            "books", collection="books", on="shelf", default_limit=2, admin={"default_columns": ["title", "by"]}
        ),
        fields.Group("more", fields=[fields.Join("notes", collection=["books", "notes"], on="about")]),
        fields.Text("owner", virtual="keeper.name"),
        fields.Relationship("keeper", relation_to="users"),
    ],
)
BOOKS = Collection(
    "books",
    admin={"use_as_title": "title"},
    fields=[
        fields.Text("title"),
        fields.Relationship("by", relation_to="users"),
        fields.Relationship("shelf", relation_to="shelves"),
        fields.Relationship("about", relation_to=["shelves", "users"], has_many=True),
    ],
)
NOTES = Collection("notes", fields=[fields.Text("text"), fields.Relationship("about", relation_to="shelves")])


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a shelf with three books."""
    config = Config(
        collections=(SHELVES, BOOKS, NOTES, USERS),
        database="sqlite:///:memory:",
        secret="a secret of the tests, long enough",
    )
    with opened(config) as (browser, api):
        log_in(browser)
        api.create("shelves", {"title": "One", "keeper": 1})
        for number in range(3):
            api.create("books", {"title": f"Book {number}", "shelf": 1, "by": 1})
        yield browser, api


def test_the_page_of_a_document_shows_what_refers_to_it(visit: tuple[PlainBrowser, Any]) -> None:
    """In the columns that are declared, with links, how many there are, and where to see all."""
    browser, _ = visit
    browser.open("/admin/collections/shelves/1")
    section = browser.page.one("section", id="f-books")
    assert [head.text for head in section.one("thead").every("th")] == ["Title", "By"]
    assert [link.text for link in section.one("tbody").every("a")] == ["Book 2", "Book 1"]
    assert section.one("tbody").every("a")[0]["href"].endswith("/admin/collections/books/3")
    assert "(3)" in section.text
    assert [cell.text for cell in section.one("tbody").every("td")] == [api_name(visit)] * 2
    browser.open(next(link for link in section.every("a") if link.text == "Show all books")["href"])
    assert [link.text for link in browser.page.one("tbody").every("a")] == ["Book 2", "Book 1", "Book 0"]


def api_name(visit: tuple[PlainBrowser, Any]) -> str:
    user = visit[1].get("users", 1)
    return str(user["name"] or user["email"])


def test_a_new_document_refers_back(visit: tuple[PlainBrowser, Any]) -> None:
    """The form is opened with the reference filled in, of one document, one of several, or a list."""
    browser, api = visit
    for section, label in (("f-books", "New book"), ("f-more-notes", "New book"), ("f-more-notes", "New note")):
        browser.open("/admin/collections/shelves/1")
        links = browser.page.one("section", id=section).every("a")
        browser.open(next(link for link in links if link.text == label)["href"])
        browser.press("Create")
    assert api.get("books", 4, depth=0)["shelf"] == 1
    assert api.get("books", 5, depth=0)["about"] == [{"relationTo": "shelves", "value": 1}]
    assert api.get("notes", 1, depth=0)["about"] == 1


@pytest.mark.parametrize(
    "given", ["nope:shelves:1", "shelf:users:1", "shelf:shelves:x", "title:shelves:1", "::", "shelf"]
)
def test_an_address_that_names_no_reference_fills_nothing_in(visit: tuple[PlainBrowser, Any], given: str) -> None:
    """The form is the empty one."""
    browser, _ = visit
    browser.open(f"/admin/collections/books/create?_refers={given}")
    assert browser.input("title")["value"] == ""


def test_saving_leaves_it_alone(visit: tuple[PlainBrowser, Any]) -> None:
    """Neither a join nor a virtual field is an input; a document that came meanwhile is no conflict."""
    browser, api = visit
    browser.open("/admin/collections/shelves/1")
    assert not [each for each in browser.page.every("input") if each["name"] in ("books", "owner", "more.notes")]
    api.create("books", {"title": "late", "shelf": 1})
    browser.fill(title="Two").press("Save")
    assert api.get("shelves", 1)["title"] == "Two"
    browser.open("/admin/collections/shelves/create").fill(title="Three").press("Create")
    assert api.get("shelves", 2)["title"] == "Three"
    browser.open("/admin/collections/shelves/1/delete")
