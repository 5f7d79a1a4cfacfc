"""Date: every way of writing a moment becomes one."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from tests.fields.verdict import Refused, verdict


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T09:30", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31 09:30:15", "2026-01-31T09:30:15.000Z"),
        ("2026-01-31T09:30:15.5Z", "2026-01-31T09:30:15.500Z"),
        ("2026-01-31T09:30:15.123456Z", "2026-01-31T09:30:15.123Z"),
        ("2026-01-31T01:30:00+02:00", "2026-01-30T23:30:00.000Z"),
        ("2026-01-31T23:30:00-0130", "2026-02-01T01:00:00.000Z"),
        ("2026-02", "2026-02-01T00:00:00.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00.000Z"),
        ("", None),
        (None, None),
    ],
)
def test_moments(value: Any, expected: Any) -> None:
    """In UTC with milliseconds; a text without a zone is UTC; a bare day is its midnight."""
    assert verdict(fields.Date("day"), value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "yesterday", "2026-13-01", "2026-02-30", "2026-02-30T00:00:00.000Z", "2026-01-31T25:00", "99999-01-01",
        "0001-01-01T00:00+01:00",
        "9999-12-31T23:59-01:00", "20260131", "31.01.2026", "2026-01-31T09:30:15.123456789012Z", "٢٠٢٦-01-31", "now",
        5, 1e12, True, [], {},
    ],
)  # fmt: skip
def test_what_is_none(value: Any) -> None:
    """Days that do not exist, years that have no four digits, and everything but text."""
    assert verdict(fields.Date("day"), value) == Refused(f'"{str(value)[:100]}" is not a valid date.')
