"""Checkbox: yes, no, and what spells them."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from headless.fields import ABSENT, FieldContext
from tests.fields.verdict import Refused, verdict

INVALID = Refused("This field can only be equal to true or false.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (False, False), ("true", True), ("false", False), ("1", True), ("0", False), ("", False),
        (None, None),
        (1, INVALID), (0, INVALID), ("yes", INVALID), ("TRUE", INVALID), ([], INVALID), ({}, INVALID),
    ],
)  # fmt: skip
def test_values(value: Any, expected: Any) -> None:
    """Words that forms send are read; numbers are none."""
    found = verdict(fields.Checkbox("flag"), value)
    assert found == expected
    assert type(found) is type(expected)


def test_a_required_checkbox_is_no_until_it_is_set() -> None:
    """It has a default, so that a document without it can be made; null is refused."""
    context = FieldContext("create", {}, {})
    assert fields.Checkbox("flag", required=True).default(context) is False
    assert fields.Checkbox("flag").default(context) is ABSENT
    assert fields.Checkbox("flag", default_value=True).default(context) is True
    assert verdict(fields.Checkbox("flag", required=True), None) == INVALID
