"""Email: which texts are addresses."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from tests.fields.verdict import Refused, verdict

INVALID = Refused("Please enter a valid email address.")


@pytest.mark.parametrize(
    "value", ["ok+tag@sub.example.co", "MixedCase@Example.COM", "a.b-c_d@x-y.example", "ü@example.com", "1@2.de"]
)
def test_addresses(value: str) -> None:
    """Kept as they are written."""
    assert verdict(fields.Email("mail"), value) == value


@pytest.mark.parametrize(
    "value",
    [
        "no-at", "a@b", "a..b@c.de", ".a@c.de", "a.@c.de", "a@-c.de", "a@c-.de", "A B@c.de", "a@b@c.de", '"a"@c.de',
        "a@c.d",
        "a@c..de", "<a@c.de>", "a@c.de\n", "x" * 250 + "@c.de", "a@1.2", 5, True, ["a@c.de"], {},
    ],
)  # fmt: skip
def test_what_is_none(value: Any) -> None:
    """No quotes, spaces, doubled dots, or domains without a top level; nothing but text."""
    assert verdict(fields.Email("mail"), value) == INVALID


def test_a_required_address_is_there() -> None:
    """Nothing is told as an invalid address, as recorded."""
    assert verdict(fields.Email("mail"), "") == ""
    for value in (None, ""):
        assert verdict(fields.Email("mail", required=True), value) == INVALID
