"""Json: any value, kept as it is."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.testing import TestClient
from tests.fields.verdict import Refused, verdict

INVALID = Refused("This field has an invalid input.")


@pytest.mark.parametrize(("value", "accepted"), [
    ({"a": 1}, True), ([1, None], True), (5, True), (False, True), ("5", True), ('"text"', True),
    ('{"a": [1]}', True), (None, True),
    ("text", False), ("{", False), ("", False),
])  # fmt: skip
def test_a_text_must_itself_be_json(value: Any, accepted: bool) -> None:
    """What is given as text is checked, and stays the text that it is."""
    assert verdict(fields.Json("data"), value) == (value if accepted else INVALID)


@pytest.mark.parametrize("value", [
    {"z": 1, "a": {"y": [1.0, 2, -0.5]}, "": None}, [[], {}, [None]], 0, False, 1.5, 2**53, "5", '"text"',
    {"1": "one"}, {"é": "✓😀"},
])  # fmt: skip
def test_it_comes_back_as_it_was(value: Any) -> None:
    """Order of keys, kinds of numbers, empty things and texts that look like numbers included."""
    with TestClient(Config(collections=[Collection("things", fields=[fields.Json("data")])])) as client:
        client.create("things", {"data": value})
        assert repr(client.get_document("things", 1)["data"]) == repr(value)


def test_only_its_presence_can_be_asked_for() -> None:
    """Its inside is no column."""
    assert set(fields.Json("data").operators) == {"exists"}
