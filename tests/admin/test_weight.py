"""What the pages weigh: bytes as they are sent, requests and elements, against what was promised."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import headless.admin
from headless.admin_ui.assets import OWN
from tests.admin.ledger import log_in, opened
from tests.admin.plain_browser import PlainBrowser

KB = 1000


@pytest.fixture(scope="module")
def visit(database_kind: str) -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a magazine of a hundred posts."""
    with opened() as (browser, api):
        for number in range(100):
            links = [{"label": f"Link {index}", "url": "/"} for index in range(3)]
            api.create("posts", {"title": f"A quiet launch {number}", "author": 1 + number % 2, "links": links})
        log_in(browser)
        yield browser, api


def weight(browser: PlainBrowser, path: str) -> tuple[int, int, int]:
    """Bytes of the page itself, bytes with all it loads, and how many requests that are."""
    browser.open(path)
    page = sent(browser.html.encode())
    loaded = [each["href"] for each in browser.page.every("link")] + [
        each["src"] for each in browser.page.every("script")
    ]
    files = [browser.client.get(address) for address in loaded]
    assert all(file.headers["content-encoding"] == "gzip" for file in files)
    return page, page + sum(sent(file.content) for file in files), 1 + len(files)


def sent(body: bytes) -> int:
    return len(gzip.compress(body, 5))


def test_the_log_in_is_light() -> None:
    """At most 10 kB in three requests, and no JavaScript."""
    with opened() as (browser, _):
        _, whole, requests = weight(browser, "/admin/login")
        assert whole <= 10 * KB
        assert requests <= 3
        assert not browser.page.every("script")


def test_a_list_is_light(visit: tuple[PlainBrowser, Any]) -> None:
    """25 rows: at most 30 kB in eight requests, 6 kB when the rest is known; 25 elements and 18 a row."""
    browser, _ = visit
    page, whole, requests = weight(browser, "/admin/collections/posts?limit=25")
    stream = 1
    assert (page <= 6 * KB, whole <= 30 * KB, requests + stream <= 8) == (True, True, True)
    assert len(browser.page.every()) <= 25 + 18 * 25


def test_a_form_is_light(visit: tuple[PlainBrowser, Any]) -> None:
    """Every type of field: at most 45 kB."""
    browser, _ = visit
    _, whole, _ = weight(browser, "/admin/collections/posts/100")
    assert whole <= 45 * KB


@pytest.mark.parametrize("module", sorted(OWN.glob("*.js")), ids=lambda path: path.name)
def test_a_module_is_small_and_imports_no_other_host(module: Path) -> None:
    """At most 4 kB each, packed."""
    text = module.read_text()
    assert len(gzip.compress(text.encode(), 9)) <= 4 * KB
    assert not re.search(r"https?://|eval\(|new Function", text)


def test_a_page_that_is_sent_packed_is_the_same_page(visit: tuple[PlainBrowser, Any]) -> None:
    """For browsers that cannot unpack it is sent plain."""
    browser, _ = visit
    plain = browser.client.get("/admin/collections/tags", headers={"accept-encoding": "identity"})
    packed = browser.client.get("/admin/collections/tags", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert re.sub(r"[\d:]", "", plain.text) == re.sub(r"[\d:]", "", packed.text)


def test_the_public_names_are_these() -> None:
    """What plugins import; a name that goes breaks somebody's plugin."""
    assert set(headless.admin.__all__) == {
        "MISSING", "SLOTS", "WIDGETS", "Branch", "ChoiceWidget", "Extension", "FormReader", "FormWidget", "Page", "Raw",
        "Slot", "TextWidget", "extend", "extensions", "join", "local_time", "may_enter",
        "utc_text", "zone_named",
    }  # fmt: skip
    assert all(getattr(headless.admin, name, None) is not None for name in headless.admin.__all__)
