"""Code: text of any length, which a document may be required to have."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.testing import TestClient
from tests.fields.verdict import Refused, verdict

TOO_LONG = Refused("This value must be shorter than the max length of 6 characters.")
TOO_SHORT = Refused("This value must be longer than the minimum length of 3 characters.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x = 1", "x = 1"), ("\tx\r\n", "\tx\r\n"), ("", ""), (None, None), (1234, "1234"), ("ab", TOO_SHORT),
        ("abcdefg", TOO_LONG), (["abc"], Refused("This field takes text.")),
        ("a\0bc", Refused("This field has characters that cannot be stored.")),
    ],
)  # fmt: skip
def test_values(value: Any, expected: Any) -> None:
    """Kept to the last space; the declared limits hold."""
    assert verdict(fields.Code("c", min_length=3, max_length=6), value) == expected


def test_code_has_no_end_of_its_own() -> None:
    """A long program is stored as it is."""
    assert verdict(fields.Code("c"), "x" * 100_000) == "x" * 100_000


def test_a_required_one_is_given_and_may_be_empty() -> None:
    """Null is written as an empty one, so that a required one is never null."""
    things = Collection("things", access="anyone", fields=[fields.Code("snippet", required=True)])
    with TestClient(Config(collections=[things])) as client:
        refused = client.post("/api/things", json={})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["data"]["errors"][0]["path"] == "snippet"
        for value in ("", None):
            assert client.post("/api/things", json={"snippet": value}).json()["doc"]["snippet"] == ""
        assert client.patch("/api/things/1", json={"snippet": "x"}).json()["doc"]["snippet"] == "x"
        assert client.patch("/api/things/1", json={"snippet": None}).json()["doc"]["snippet"] == ""
