"""Cross-origin sharing: who may read what, with which headers."""

from __future__ import annotations

from typing import Any

import pytest

from headless.errors import ConfigError
from headless.http.cors import CorsPolicy

ALLOWED = b"http://allowed.example"
HOSTILE = [
    b"http://evil.example",
    b"null",
    b"",
    b"http://allowed.example.evil.example",
    b"http://evil.example/http://allowed.example",
    b"https://allowed.example",
    b"http://allowed.example:8080",
    b"http://sub.allowed.example",
    b"http://allowed.example/",
    b"http://allowed.exampl",
    b"HTTP://ALLOWED.EXAMPLE",
    b"*",
    b"\xff",
]


def sent(policy: CorsPolicy, origin: bytes | None) -> dict[bytes, bytes]:
    """The headers by name."""
    return dict(policy.headers(origin))


def test_a_listed_origin_reads_with_credentials() -> None:
    """As recorded: the origin itself and `true`; caches are told that the answer depends on the origin."""
    assert sent(CorsPolicy.of(["http://allowed.example"]), ALLOWED) == {
        b"access-control-allow-origin": ALLOWED,
        b"access-control-allow-credentials": b"true",
        b"vary": b"Origin",
    }


@pytest.mark.parametrize("origin", [None, *HOSTILE])
def test_no_other_origin_is_reflected(origin: bytes | None) -> None:
    """CVE-2025-53092: an origin is compared whole and never echoed unless it is listed."""
    assert sent(CorsPolicy.of(["http://allowed.example"]), origin) == {b"vary": b"Origin"}


@pytest.mark.parametrize("option", ["*", ["*"], {"origins": "*"}, {"origins": ["*"], "headers": []}])
@pytest.mark.parametrize("origin", [None, ALLOWED, *HOSTILE])
def test_a_star_is_any_origin_without_credentials(option: Any, origin: bytes | None) -> None:
    """Also inside a list; then anyone reads what the anonymous may read."""
    assert sent(CorsPolicy.of(option), origin) == {b"access-control-allow-origin": b"*"}


def test_a_star_beside_listed_origins_leaves_them_their_credentials() -> None:
    """The listed ones are answered by name, all others by the star."""
    policy = CorsPolicy.of(["*", "http://allowed.example"])
    assert sent(policy, ALLOWED)[b"access-control-allow-credentials"] == b"true"
    assert sent(policy, b"http://evil.example") == {b"access-control-allow-origin": b"*", b"vary": b"Origin"}
    assert policy.credentialed_origins == {"http://allowed.example"}


def test_nothing_configured_shares_nothing() -> None:
    """The default sends no header at all."""
    assert CorsPolicy.of([]).headers(ALLOWED) == ()


def test_a_preflight_says_what_is_understood() -> None:
    """The recorded methods and headers, and the configured ones after them, also for origins that are not
    listed.
    """
    policy = CorsPolicy.of({"origins": ["http://allowed.example"], "headers": ["X-Shop"]})
    for origin in (ALLOWED, b"http://evil.example", None):
        answer = dict(policy.preflight(origin))
        assert answer[b"access-control-allow-methods"] == b"PUT, PATCH, POST, GET, DELETE, OPTIONS"
        assert answer[b"access-control-allow-headers"].endswith(b"X-Payload-HTTP-Method-Override, X-Shop")
        assert (b"access-control-allow-origin" in answer) is (origin == ALLOWED)


@pytest.mark.parametrize("origin", ["HTTP://Allowed.Example", "http://allowed.example/", "http://allowed.example:80"])
def test_origins_may_be_written_as_people_write_them(origin: str) -> None:
    """They are brought into the form that browsers send."""
    assert b"access-control-allow-origin" in sent(CorsPolicy.of([origin]), ALLOWED)


@pytest.mark.parametrize(
    "option",
    [
        ["allowed.example"],
        ["null"],
        ["http://a.example/path"],
        ["http://*.a.example\r\n"],
        ["ftp://a.example"],
        ["http://user@a.example"],
        ["http://a.example:99999"],
        [""],
        {"origins": [], "header": ["X"]},
        {"headers": ["X-Bad\r\nSet-Cookie: a=b"]},
        {"headers": [""]},
    ],
)
def test_mistakes_are_said_at_start(option: Any) -> None:
    """What no browser would ever send, or what would break the header, is no configuration."""
    with pytest.raises(ConfigError):
        CorsPolicy.of(option)
