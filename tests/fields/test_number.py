"""Number: limits, texts that spell one, and how exactly it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from tests.fields.verdict import Refused, verdict

INVALID = Refused("Please enter a valid number.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3), (1, 1), (5, 5), (2.5, 2.5), ("4", 4), (" 4.5 ", 4.5), ("3e0", 3), (3.0, 3), (None, None), ("", None),
        ("  ", None),
        (0, Refused("0 is less than the min allowed Value of 1.")),
        (6, Refused("6 is greater than the max allowed Value of 5.")),
        ("5.5", Refused("5.5 is greater than the max allowed Value of 5.")),
        ("abc", INVALID), ("1_0", INVALID), ("٣", INVALID), ("0x3", INVALID), (True, INVALID), ([], INVALID),
        ({}, INVALID),
        (float("nan"), INVALID), ("nan", INVALID), ("Infinity", INVALID), ("9" * 5000, INVALID), (10**400, INVALID),
    ],
)  # fmt: skip
def test_values(value: Any, expected: Any) -> None:
    """What spells a number is one; what spells none, or has no end, is refused."""
    found = verdict(fields.Number("n", min=1, max=5), value)
    assert found == expected
    assert type(found) is type(expected)


def test_whole_numbers_stay_whole_as_far_as_a_double_holds_them() -> None:
    """Beyond 2⁵³ they are what JavaScript would keep."""
    number = fields.Number("n")
    assert verdict(number, 2**53) == 2**53
    assert type(verdict(number, 2**53)) is int
    assert type(verdict(number, 2**53 + 1)) is float
    assert verdict(number, 10**30) == 1e30


def test_a_required_number_may_be_zero() -> None:
    """Zero is there; null, nothing and a word are not."""
    number = fields.Number("n", required=True)
    assert verdict(number, 0) == 0
    for value in (None, "", "abc"):
        assert verdict(number, value) == Refused("This field is required.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 5], [1, 5]), (["2", 3.0], [2, 3]), ([], []), (None, []), ("", []),
        ([1], Refused("This field requires at least 2 Rows.")),
        (4, Refused("This field requires at least 2 Rows.")),
        ([1, 2, 3, 4], Refused("This field requires no more than 3 Rows.")),
        ([1, 9], Refused("1,9 is greater than the max allowed Value of 5.")),
        ([0.5, 2], Refused("0.5,2 is less than the min allowed Value of 1.")),
        ([1, "x"], INVALID), ([1, None], INVALID), ([1, True], INVALID), ([1, [2]], INVALID),
        ([1, float("inf")], INVALID),
        ({"a": 1}, Refused("This field requires at least 2 Rows.")),
    ],
)  # fmt: skip
def test_lists(value: Any, expected: Any) -> None:
    """Every value keeps the limits of one, and so does their number; a message tells the whole list."""
    assert verdict(fields.Number("n", has_many=True, min=1, max=5, min_rows=2, max_rows=3), value) == expected


def test_a_required_list_has_a_row() -> None:
    """A word in it is no number, whether the list is required or not."""
    number = fields.Number("n", has_many=True, required=True)
    assert verdict(number, []) == Refused("This field requires at least 1 Row.")
    assert verdict(number, "7") == [7]
    assert verdict(number, ["x"]) == INVALID
