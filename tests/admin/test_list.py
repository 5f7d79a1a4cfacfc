"""A list: columns, order, search, filters and pages, all in the query string and none of them by JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.admin.ledger import log_in, opened
from tests.admin.plain_browser import Element, PlainBrowser

LIST = "/admin/collections/posts"


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a magazine of twelve posts."""
    with opened() as (browser, api):
        for number in range(1, 13):
            status = "draft" if number % 3 else "published"
            api.create("posts", {"title": f"Post {number:02}", "status": status, "rating": number % 5, "author": 2})
        log_in(browser)
        yield browser, api


def titles(browser: PlainBrowser) -> list[str]:
    return [row.one("th").text for row in rows(browser)]


def rows(browser: PlainBrowser) -> list[Element]:
    return browser.page.one("tbody").every("tr") if browser.page.every("tbody") else []


def test_the_declared_columns_are_shown(visit: tuple[PlainBrowser, Any]) -> None:
    """In their order, with titles for documents and labels for options."""
    browser, _ = visit
    browser.open(f"{LIST}?limit=25")
    assert [each.text for each in browser.page.one("thead").every("th")] == [
        "Title",
        "Author",
        "Status",
        "Featured",
        "Changed",
    ]
    first = rows(browser)[0]
    assert first.one("th").one("a")["href"] == f"{LIST}/12"
    assert [cell.text for cell in first.every("td")][:2] == ["Grace", "Published"]


def test_the_navigation_counts(visit: tuple[PlainBrowser, Any]) -> None:
    """What the asker may see, and where one is."""
    browser, api = visit
    api.create("messages", {"content": "for Grace", "sender": 2})
    api.create("messages", {"content": "for Ada", "sender": 1})
    browser.open(LIST)
    nav = browser.page.one("nav", aria_label="Collections")
    assert nav.one("span", data_count="posts").text == "12"
    assert nav.one("span", data_count="messages").text == "1"
    assert nav.one("a", aria_current="page").text == "Posts 12"


def test_a_heading_sorts_and_turns_the_order(visit: tuple[PlainBrowser, Any]) -> None:
    """The column says in which direction it is sorted."""
    browser, _ = visit
    browser.open(LIST).follow("Title")
    assert titles(browser)[:2] == ["Post 01", "Post 02"]
    assert browser.page.one("th", aria_sort="ascending").text.startswith("Title")
    browser.follow("Title ↑")
    assert titles(browser)[:2] == ["Post 12", "Post 11"]


def test_a_search_looks_at_titles_and_numbers(visit: tuple[PlainBrowser, Any]) -> None:
    """And can be undone."""
    browser, _ = visit
    browser.open(LIST).fill(q="post 07").press("Search")
    assert titles(browser) == ["Post 07"]
    assert browser.value("q") == "post 07"
    browser.fill(q="3").press("Search")
    assert "Post 03" in titles(browser)
    browser.fill(q="nothing like it").press("Search")
    assert "No posts match" in browser.page.one("main").text
    browser.follow("Show all posts")
    assert len(titles(browser)) == 10


def test_a_filter_is_added_by_a_form_and_removed_by_its_chip(visit: tuple[PlainBrowser, Any]) -> None:
    """The address is then a query of the REST API, options may be written by their labels."""
    browser, _ = visit
    browser.open(LIST).type("_field", "status").type("_op", "equals").type("_value", "Published").press("Apply filter")
    browser.open(browser.url)
    assert sorted(titles(browser)) == ["Post 03", "Post 06", "Post 09", "Post 12"]
    chip = next(each for each in browser.page.every("span") if each.has_class("chip"))
    assert chip.text == "Status is Published ✕"
    browser.open(chip.one("a")["href"])
    assert len(titles(browser)) == 10


@pytest.mark.parametrize(
    "query",
    [
        "where[status][equals]=published&sort=title",
        "where[or][0][title][contains]=1&where[or][1][rating][greater_than]=3&sort=-title",
        "where[and][0][status][equals]=draft&where[and][1][rating][in]=1,2&limit=5&sort=rating",
        "where[author.name][equals]=Grace&limit=5&page=2",
    ],
)
def test_an_address_finds_what_the_api_finds(visit: tuple[PlainBrowser, Any], query: str) -> None:
    """The same documents in the same order."""
    browser, _ = visit
    found = browser.client.get(f"/api/posts?{query}").json()["docs"]
    assert titles(browser.open(f"{LIST}?{query}")) == [post["title"] for post in found]


def test_pages_follow_each_other(visit: tuple[PlainBrowser, Any]) -> None:
    """Filters and order are kept from page to page."""
    browser, _ = visit
    browser.open(f"{LIST}?sort=title&limit=5")
    assert "1–5 of 12" in browser.page.text
    browser.follow("Next").follow("Next")
    assert titles(browser) == ["Post 11", "Post 12"]
    assert "11–12 of 12" in browser.page.text
    assert not [link for link in browser.page.every("a") if link.text == "Next"]
    browser.follow("Previous").follow("10")
    assert len(titles(browser)) == 10


def test_columns_are_chosen(visit: tuple[PlainBrowser, Any]) -> None:
    """Fields of groups too."""
    browser, _ = visit
    browser.open(LIST).check("columns", "author", on=False).check("columns", "address.city").press("Show columns")
    assert [each.text for each in browser.page.one("thead").every("th")] == [
        "Title",
        "Address City",
        "Status",
        "Featured",
        "Changed",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "where[nothing][equals]=1",
        "where[internal][equals]=1",
        "sort=internal",
        "where[title][near]=1",
        "where[title]=x",
        "where[and][0]=x",
        "where[rating][equals]=%00",
        "where[a[b]=1",
        "page=99999999999",
        "limit=-1",
        "sort=",
        "columns=nothing",
        "q=%EF%BF%BF",
        "where[or]=",
        "where=x",
        "limit=1e9",
        "_field=nothing&_op=x",
    ],
)
def test_no_query_breaks_the_page(visit: tuple[PlainBrowser, Any], query: str) -> None:
    """What cannot be asked is said above the list, or has no effect."""
    browser, _ = visit
    browser.open(f"{LIST}?{query}")
    assert browser.status in (200, 400), browser.html
    if browser.status == 400:
        assert browser.problems() or "did not work" in browser.page.one("h1").text


def test_a_field_that_may_not_be_read_is_nowhere(visit: tuple[PlainBrowser, Any]) -> None:
    """Neither a column nor a filter."""
    browser, _ = visit
    browser.open(f"{LIST}?columns=title&columns=internal")
    assert "internal" not in browser.html.lower()


def test_hostile_values_are_only_text(visit: tuple[PlainBrowser, Any]) -> None:
    """In a cell, a heading, a search and a filter."""
    browser, api = visit
    bad = "<script>alert(1)</script>\"'{{7*7}}"
    api.create("posts", {"title": bad})
    browser.open(LIST)
    assert bad in titles(browser)
    browser.fill(q=bad).press("Search")
    assert browser.value("q") == bad
    browser.open(LIST).type("_field", "title").type("_op", "equals").type("_value", bad).press("Apply filter")
    assert titles(browser) == [bad]
    browser.follow(bad)
    assert browser.page.one("h1").text == bad
    assert not any("alert" in script.text for script in browser.page.every("script"))


def test_an_empty_list_says_what_to_do_next() -> None:
    """With the button to do it."""
    with opened() as (browser, _):
        log_in(browser).open(LIST)
        assert "No posts yet" in browser.page.one("main").text
        browser.follow("New post")
        assert browser.url == f"{LIST}/create"


def test_a_collection_that_may_not_be_read_is_nowhere() -> None:
    """Neither in the navigation nor by its address."""
    with opened() as (browser, _):
        log_in(browser).open("/admin/collections/nothing")
        assert browser.status == 404


def test_the_dashboard_counts_and_shows_what_changed(visit: tuple[PlainBrowser, Any]) -> None:
    """The newest change first."""
    browser, api = visit
    api.update("posts", 5, {"title": "Changed just now"})
    browser.open("/admin")
    assert browser.page.one("main").one("span", data_count="posts").text == "12"
    log = browser.page.one("ol").every("li")
    assert log[0].one("a").text == "Changed just now"
    browser.follow("New tag")
    assert browser.url == "/admin/collections/tags/create"
