"""Select and radio: one of the options, or some of them."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from tests.fields.verdict import Refused, verdict

INVALID = Refused("This field has an invalid selection.")
REQUIRED = Refused("This field is required.")
OPTIONS = ["a", {"value": "b", "label": "Bee"}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("b", "b"),
        (None, None),
        ("c", INVALID),
        ("Bee", INVALID),
        (["a"], INVALID),
        (1, INVALID),
        ({}, INVALID),
    ],
)
def test_one(value: Any, expected: Any) -> None:
    """Its value, never its label."""
    assert verdict(fields.Select("s", options=OPTIONS), value) == expected
    assert verdict(fields.Radio("r", options=OPTIONS), value) == expected


def test_an_empty_text_is_no_option_of_a_select_and_nothing_of_a_radio() -> None:
    """As recorded."""
    assert verdict(fields.Select("s", options=OPTIONS), "") == INVALID
    assert verdict(fields.Radio("r", options=OPTIONS), "") == ""
    assert verdict(fields.Radio("r", options=OPTIONS, required=True), "") == REQUIRED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b"], ["a", "b"]), (["b"], ["b"]), ([], []), (None, []), ("a", ["a"]), ("", []), (["c"], INVALID),
        ([1], INVALID),
        ([["a"]], INVALID), ({"a": True}, INVALID), (5, INVALID),
        (["a", "b", "a"], Refused('This field has the following invalid selections: "a", "a"')),
    ],
)  # fmt: skip
def test_several(value: Any, expected: Any) -> None:
    """In the order they are given, each once; a single one is a list of one."""
    assert verdict(fields.Select("s", options=OPTIONS, has_many=True), value) == expected


@pytest.mark.parametrize("value", [None, [], ""])
def test_a_required_choice_is_made(value: Any) -> None:
    """An empty list is none."""
    assert verdict(fields.Select("s", options=OPTIONS, has_many=True, required=True), value) == REQUIRED
    if value is None:
        assert verdict(fields.Select("s", options=OPTIONS, required=True), value) == REQUIRED
        assert verdict(fields.Radio("r", options=OPTIONS, required=True), value) == REQUIRED
