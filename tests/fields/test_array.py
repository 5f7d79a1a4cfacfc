"""Array: how many rows, and the ids they have."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ValidationError, fields
from headless.testing import TestClient

ROWS = fields.Array("rows", fields=[fields.Text("a")], min_rows=2, max_rows=3)


def stored(rows: Any, declared: fields.Array = ROWS) -> Any:
    """The rows as they are stored, or the message they are refused with."""
    with TestClient(Config(collections=[Collection("things", fields=[declared])])) as client:
        try:
            return client.create("things", {"rows": rows})["rows"]
        except ValidationError as error:
            return error.errors[0]["message"]


@pytest.mark.parametrize(
    ("count", "message"),
    [(1, "This field requires at least 2 Rows."), (4, "This field requires no more than 3 Rows.")],
)
def test_limits(count: int, message: str) -> None:
    """An optional one may be empty whatever its minimum."""
    assert stored([{}] * count) == message
    assert stored([]) == []
    assert len(stored([{}] * 2)) == 2


@pytest.mark.parametrize(("least", "message"), [(None, "at least 1 Row."), (2, "at least 2 Rows.")])
def test_a_required_one_has_rows(least: int | None, message: str) -> None:
    """One, or its minimum."""
    declared = fields.Array("rows", fields=[fields.Text("a")], required=True, min_rows=least)
    assert stored([], declared) == stored(None, declared) == f"This field requires {message}"


@pytest.mark.parametrize("rows", [5, "x", True, {}, [1], [None], ["x"], [[]], [{}, 1]])
def test_rows_are_objects_in_a_list(rows: Any) -> None:
    """Everything else is refused."""
    assert stored(rows) == "This field has an invalid input."


def test_ids_of_rows() -> None:
    """24 hexadecimal digits unless one is given; whole numbers become text; what cannot be one is replaced."""
    rows = stored([{}, {"id": "mine"}, {"id": 7}])
    assert len(rows[0]["id"]) == 24
    assert int(rows[0]["id"], 16)
    assert [row["id"] for row in rows[1:]] == ["mine", "7"]
    strange: list[Any] = [None, "", "x" * 101, 1.5, True, [], {}]
    for odd in strange:
        assert len(stored([{"id": odd}, {}])[0]["id"]) == 24
    assert stored([{"id": "7"}, {"id": 7}]) == "Two rows have the same id."
