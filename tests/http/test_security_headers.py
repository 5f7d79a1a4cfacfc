"""The headers that tell browsers to be careful."""

from __future__ import annotations

from headless.http.security_headers import ADMIN_HEADERS, API_HEADERS, page_headers


def test_no_page_of_ours_can_be_framed_or_run_foreign_scripts() -> None:
    """Clickjacking and injected scripts are refused by the browser too."""
    headers = dict(ADMIN_HEADERS)
    policy = headers[b"content-security-policy"].decode().split("; ")
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert headers[b"x-frame-options"] == b"DENY"
    assert b"unsafe" not in headers[b"content-security-policy"]


def test_forms_of_ours_keep_their_origin() -> None:
    """`no-referrer` would make browsers send `Origin: null`, which the origin check refuses."""
    assert dict(page_headers())[b"referrer-policy"] == b"same-origin"


def test_json_is_never_taken_for_a_page() -> None:
    """Neither by guessing its type nor by opening it."""
    headers = dict(API_HEADERS)
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")


def test_a_page_can_open_its_policy_where_it_must() -> None:
    """A directive is replaced, added or removed by name; the others stay."""
    headers = dict(page_headers(img_src="'self' https:", media_src="'self'", font_src=""))
    directives = headers[b"content-security-policy"].decode().split("; ")
    assert "img-src 'self' https:" in directives
    assert "media-src 'self'" in directives
    assert not any(directive.startswith("font-src") for directive in directives)
    assert "script-src 'self'" in directives
