"""Text and textarea: lengths, what becomes of numbers, and characters that cannot be stored."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from tests.fields.verdict import Refused, verdict

KINDS = (fields.Text, fields.Textarea)
UNSTORABLE = Refused("This field has characters that cannot be stored.")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "abc"), ("abcdef", "abcdef"), ("", ""), (None, None), (1234, "1234"), (45.5, "45.5"), (2000.0, "2000"),
        ("ab", Refused("This value must be longer than the minimum length of 3 characters.")),
        ("abcdefg", Refused("This value must be shorter than the max length of 6 characters.")),
        (True, Refused("This field takes text.")), (["abc"], Refused("This field takes text.")),
        ("a\0bc", UNSTORABLE), ("abc\ud800", UNSTORABLE), ("😀😀😀", "😀😀😀"),
    ],
)  # fmt: skip
def test_lengths_and_kinds(kind: Any, value: Any, expected: Any) -> None:
    """Numbers become text; lengths are counted in characters; NUL and lone surrogates are in no database."""
    assert verdict(kind("t", min_length=3, max_length=6), value) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_has_an_end_also_where_none_is_declared(kind: Any) -> None:
    """40,000 characters."""
    assert verdict(kind("t"), "x" * 40_000) == "x" * 40_000
    assert isinstance(verdict(kind("t"), "x" * 40_001), Refused)
    assert verdict(kind("t", max_length=50_000), "x" * 40_001) == "x" * 40_001


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_text_is_not_empty(kind: Any, value: Any) -> None:
    """Neither null nor without a character."""
    assert verdict(kind("t", required=True), value) == Refused("This field is required.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["ab", "abcd"], ["ab", "abcd"]), (["ab", "ab"], ["ab", "ab"]), ([], []), (None, []), ("", []),
        ([12, 34], ["12", "34"]),
        (["ab"], Refused("This field requires at least 2 Rows.")),
        ("ab", Refused("This field requires at least 2 Rows.")),
        (["ab"] * 4, Refused("This field requires no more than 3 Rows.")),
        (["ab", "a"], Refused("This value must be longer than the minimum length of 2 characters.")),
        (["ab", ""], Refused("This value must be longer than the minimum length of 2 characters.")),
        (["ab", "abcde"], Refused("This value must be shorter than the max length of 4 characters.")),
        (["ab", None], Refused("This field takes text.")), (["ab", ["cd"]], Refused("This field takes text.")),
        ([{"a": 1}, "cd"], Refused("This field takes text.")), (["ab", "c\0"], UNSTORABLE),
    ],
)  # fmt: skip
def test_lists(value: Any, expected: Any) -> None:
    """Every value keeps the limits of one, and so does their number; an optional list may be empty."""
    text = fields.Text("t", has_many=True, min_length=2, max_length=4, min_rows=2, max_rows=3)
    assert verdict(text, value) == expected


def test_a_single_text_is_a_list_of_one() -> None:
    """Nothing that was sent is dropped."""
    assert verdict(fields.Text("t", has_many=True), "single") == ["single"]


@pytest.mark.parametrize("value", [None, [], ""])
def test_a_required_list_has_a_row(value: Any) -> None:
    """Or as many as are the least."""
    assert verdict(fields.Text("t", has_many=True, required=True), value) == Refused(
        "This field requires at least 1 Row."
    )
    assert verdict(fields.Text("t", has_many=True, required=True, min_rows=2), value) == Refused(
        "This field requires at least 2 Rows."
    )
