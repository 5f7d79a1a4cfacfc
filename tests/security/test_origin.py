"""The origin check: from where a cookie counts, as rows of requests."""

from __future__ import annotations

from typing import Any

import pytest

from headless.errors import ConfigError
from headless.security.origin import OriginCheck, normalize_origin

HOSTILE = [
    "http://evil.example",
    "null",
    "",
    "http://shop.example.evil.example",
    "http://evil-shop.example",
    "http://sub.shop.example",
    "http://shop.example:8080",
    "http://shop.exampl",
    "http://shop.example@evil.example",
    "http://evil.example#http://shop.example",
    "ftp://shop.example",
    "shop.example",
    "//shop.example",
    "http://shop.example, http://evil.example",
    "file://",
]


def asked(method: str = "POST", scheme: str = "http", **headers: str) -> dict[str, Any]:
    """The ASGI scope of a request to shop.example."""
    named = {"host": "shop.example"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "method": method,
        "scheme": scheme,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE", "GET", "QUERY"])
@pytest.mark.parametrize("origin", HOSTILE)
@pytest.mark.parametrize("trusted", [[], ["http://partner.example"]])
def test_a_foreign_origin_makes_the_cookie_not_count(method: str, origin: str, trusted: list[str]) -> None:
    """CVE-2026-34749: also when no list is configured, whatever the other headers say."""
    check = OriginCheck(trusted)
    assert not check.cookie_counts(asked(method, origin=origin))
    assert not check.cookie_counts(asked(method, origin=origin, sec_fetch_site="same-origin"))
    assert not check.cookie_counts(asked(method, origin=origin, referer="http://shop.example/"))


@pytest.mark.parametrize(
    "scope",
    [
        asked(origin="http://shop.example"),
        asked(origin="http://shop.example", host="SHOP.example"),
        asked(origin="http://shop.example", host="shop.example:80"),
        asked(origin="http://shop.example:3000", host="shop.example:3000"),
        asked(origin="http://[::1]:3000", host="[::1]:3000"),
        asked(scheme="https", origin="https://shop.example", host="shop.example:443"),
        asked(origin="https://shop.example"),
        asked(origin="http://partner.example", sec_fetch_site="cross-site"),
        asked(origin="https://partner.example:8443"),
        asked(sec_fetch_site="same-origin"),
        asked(sec_fetch_site="none"),
        asked(sec_fetch_site="same-site", referer="http://partner.example/page?x=1"),
        asked(referer="http://shop.example/admin"),
        asked(referer="https://partner.example:8443/"),
        asked(),
        asked("GET"),
        asked("GET", referer="http://evil.example/"),
        asked("GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate"),
        asked("GET", origin="http://partner.example"),
    ],
)
def test_the_own_pages_listed_origins_and_links_count(scope: dict[str, Any]) -> None:
    """This server as the browser addressed it, the list, TLS ended in front of us, and following a link."""
    assert OriginCheck(["http://partner.example", "https://partner.example:8443"]).cookie_counts(scope)


@pytest.mark.parametrize(
    "scope",
    [
        asked(sec_fetch_site="cross-site"),
        asked(sec_fetch_site="cross-site", sec_fetch_mode="navigate"),
        asked(sec_fetch_site="cross-site", referer="http://shop.example/"),
        asked(sec_fetch_site="same-site"),
        asked(sec_fetch_site="same-site", referer="http://sub.shop.example/"),
        asked(sec_fetch_site="Same-Origin"),
        asked(sec_fetch_site=""),
        asked(sec_fetch_site="same-origin, cross-site"),
        asked(referer="http://evil.example/"),
        asked(referer="http://evil.example/http://shop.example/"),
        asked(referer="http://shop.example.evil.example/"),
        asked(referer="http://[bad"),
        asked(referer="about:blank"),
        asked(referer=""),
        asked(scheme="https", origin="http://shop.example"),
        asked(origin="http://shop.example", host=""),
        asked("GET", sec_fetch_site="cross-site"),
        asked("GET", sec_fetch_site="cross-site", sec_fetch_mode="no-cors"),
    ],
)
def test_requests_that_other_sites_started_do_not_count(scope: dict[str, Any]) -> None:
    """Also neighbouring subdomains, insecure pages of the same name, and pictures that are requests."""
    assert not OriginCheck(["http://partner.example"]).cookie_counts(scope)


def test_the_public_address_counts_where_a_proxy_hides_it() -> None:
    """`server_url` is trusted, and when it is https the same name without TLS is not."""
    check = OriginCheck(server_url="https://shop.example/")
    assert check.cookie_counts(asked(origin="https://shop.example", host="10.0.0.7:8000"))
    assert not check.cookie_counts(asked(origin="http://shop.example"))


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("HTTPS://shop.example:443/", "https://shop.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins_are_brought_into_the_form_browsers_send(written: str, sent: str) -> None:
    """Lower case, no default port, no slash, international names encoded."""
    assert normalize_origin(written) == sent


@pytest.mark.parametrize(
    "written",
    [
        "null",
        "*",
        "",
        "shop.example",
        "http://",
        "http://a b",
        "http://a/b",
        "http://a?b",
        "http://a\n",
        "http://*.a",
    ],
)
def test_what_no_browser_sends_is_a_mistake(written: str) -> None:
    """Said with an example."""
    with pytest.raises(ConfigError, match="scheme and host"):
        normalize_origin(written)
