"""The session cookie: its recorded form, and how it is found again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headless.errors import ConfigError
from headless.security.cookies import SessionCookie, cookie_value

NEW_YEAR = 1_767_225_600
EXPIRES = "Expires=Thu, 01 Jan 2026 00:00:00 GMT"
STRICT = {"same_site": "Strict", "secure": True, "domain": "a.example"}
STRICT_TAIL = "Domain=a.example; Path=/; Secure=true; HttpOnly=true; SameSite=Strict"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, f"payload-token=abc; {EXPIRES}; Path=/; HttpOnly=true; SameSite=Lax"),
        (STRICT, f"payload-token=abc; {EXPIRES}; {STRICT_TAIL}"),
        (
            {"prefix": "shop", "same_site": "None"},
            f"shop-token=abc; {EXPIRES}; Path=/; Secure=true; HttpOnly=true; SameSite=None",
        ),
    ],
)
def test_the_cookie_is_written_as_recorded(options: dict[str, Any], expected: str) -> None:
    """Literally, with all its options; `None` implies `Secure`, which browsers demand."""
    assert SessionCookie(**options).header("abc", NEW_YEAR) == expected


def test_logging_out_expires_the_cookie() -> None:
    """The same attributes, no value, and a time long past."""
    assert SessionCookie().expired_header() == (
        "payload-token=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly=true; SameSite=Lax"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"prefix": ""},
        {"prefix": "a b"},
        {"prefix": "a;b"},
        {"prefix": "a=b"},
        {"domain": ""},
        {"domain": "a.example; Path=/x"},
        {"domain": "a.example\n"},
        {"same_site": "lax"},
        {"same_site": "Lax\r\nSet-Cookie: a=b"},
    ],
)
def test_options_cannot_break_the_header(options: dict[str, Any]) -> None:
    """A mistake is said when the configuration is loaded."""
    with pytest.raises(ConfigError):
        SessionCookie(**options)


@pytest.mark.parametrize("token", ["a;b", "a b", 'a"b', "a\r\nb", "ü", "a\0", "a\n"])
def test_no_value_can_break_the_header(token: str) -> None:
    """Nothing that ends a cookie or a header gets into one."""
    with pytest.raises(ValueError):
        SessionCookie().header(token, NEW_YEAR)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        (b"", None),
        (b"payload-token=abc", "abc"),
        (b"theme=dark; payload-token=abc; other=x", "abc"),
        (b"theme=dark;payload-token=abc", "abc"),
        (b'payload-token="abc"', "abc"),
        (b"payload-token=a=b==", "a=b=="),
        (b"payload-token=", ""),
        (b"payload-token", None),
        (b"my-payload-token=evil", None),
        (b"other=payload-token=evil", None),
        (b"Payload-Token=evil", None),
        (b"payload-token=old; payload-token=new", "new"),
        (b"payload-token=\xff", "\xff"),
    ],
)
def test_the_token_is_found_under_its_exact_name(header: bytes | None, expected: str | None) -> None:
    """Not under a name or in a value that only contains it; of several the last counts, as in Payload."""
    assert SessionCookie().read(header) == expected


@given(st.binary(max_size=100))
def test_any_header_is_read(header: bytes) -> None:
    """No bytes raise."""
    assert isinstance(cookie_value(header + b"; a=1", "a"), str)
