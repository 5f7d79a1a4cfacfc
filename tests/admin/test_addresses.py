"""Where the admin lets itself be led, and from where it takes forms."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from headless.admin_ui.addresses import from_own_page, own_path

BASE = "/admin"

ELSEWHERE = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/admin//evil.example",
    "/admin/..//evil.example",
    "/admin/../../evil",
    "/admin/%2e%2e/api",
    "/%2F/evil.example",
    "/admin%2F..%2F..%2Fevil",
    "/admin/%5Cevil.example",
    "/admin\t//evil.example",
    "/admin\n/x",
    " /admin",
    "/admin\0",
    "javascript:alert(1)",
    "data:text/html,x",
    "/administrator",
    "/api/users",
    "https:/admin",
    "/admin/%252e%252e/x",
    "/admin@evil.example",
    "/admin/x#//evil",
    "．．/admin",
    "/admin/\u2028x",
    "",
    None,
    "/admin/" + "a" * 3000,
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_no_spelling_leads_elsewhere(wanted: str | None) -> None:
    """Whatever a link to the log-in says, one lands in the admin."""
    assert own_path(wanted, BASE) == BASE


@pytest.mark.parametrize(
    "wanted", ["/admin", "/admin/collections/posts", "/admin/collections/posts?where%5Ba%5D=1&page=2"]
)
def test_own_pages_are_returned_to(wanted: str) -> None:
    """The page that asked for the log-in is shown after it."""
    assert own_path(wanted, BASE) == wanted


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"host": "a.example", "origin": "https://a.example"}, True),
        ({"host": "a.example:8000", "origin": "http://a.example:8000"}, True),
        ({"host": "a.example"}, True),
        ({"host": "a.example", "sec-fetch-site": "same-origin"}, True),
        ({"host": "a.example", "origin": "https://evil.example"}, False),
        ({"host": "a.example", "origin": "null"}, False),
        ({"host": "a.example", "sec-fetch-site": "cross-site", "origin": "https://a.example"}, False),
        ({"host": "a.example", "sec-fetch-site": "same-site"}, False),
    ],
)
def test_forms_of_other_sites_are_told_apart(headers: dict[str, str], own: bool) -> None:
    """Nobody is logged in as somebody else by a form on another site."""
    assert from_own_page(Headers(headers)) is own
