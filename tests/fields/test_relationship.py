"""Relationship: the shapes of its value, and how many."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ValidationError, fields
from headless.testing import TestClient

POLY = {"relationTo": "tags", "value": 1}


def stored(declared: fields.Relationship, value: Any) -> Any:
    """The value as it is stored, or the message it is refused with."""
    collections = [
        Collection("tags", fields=[]),
        Collection("others", fields=[]),
        Collection("things", fields=[declared]),
    ]
    with TestClient(Config(collections=collections)) as client:
        for _ in range(4):
            client.create("tags", {})
        try:
            return client.create("things", {"ref": value}, depth=0).get("ref", "absent")
        except ValidationError as error:
            return error.errors[0]["message"]


def relation(to: Any = "tags", **options: Any) -> fields.Relationship:
    return fields.Relationship("ref", relation_to=to, **options)


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1), ("2", 2), ({"id": 3, "x": 1}, 3), (None, None), ("", None), ("null", None)]
)
def test_one(value: Any, expected: Any) -> None:
    """An id, the text of one, or the document."""
    assert stored(relation(), value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [([1, 2], [1, 2]), ([2, 1, 2], [2, 1, 2]), (1, [1]), ([], []), (None, []), ("", [])]
)
def test_several(value: Any, expected: Any) -> None:
    """In their order; a single one is a list of one."""
    assert stored(relation(has_many=True), value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(POLY, POLY), ({"relationTo": "tags", "value": {"id": 1}}, POLY), (None, "absent")]
)
def test_of_several_collections(value: Any, expected: Any) -> None:
    """It says which; without a value there is no key."""
    assert stored(relation(["tags", "others"]), value) == expected


@pytest.mark.parametrize("value", [9, "x", True, 1.5, [1], {}, {"relationTo": "tags", "value": 1}])
def test_what_refers_to_nothing(value: Any) -> None:
    """The message shows what was given."""
    assert stored(relation(), value).startswith("This relationship field has the following invalid relationships: ")


def test_limits() -> None:
    """Of a list; an optional one may be empty."""
    declared = relation(has_many=True, min_rows=2, max_rows=3)
    assert stored(declared, [1]) == "1 is less than the min allowed Rows of 2."
    assert stored(declared, [1, 2, 3, 4]) == "4 is greater than the max allowed Rows of 3."
    assert stored(declared, []) == []
    assert stored(relation(has_many=True, required=True), []) == "This field is required."


def test_how_deep_it_is_populated() -> None:
    """`max_depth` bounds one field, whatever is asked for."""
    declared = [relation(max_depth=0), fields.Relationship("deep", relation_to="tags", max_depth=1)]
    tags = Collection("tags", fields=[fields.Relationship("deep", relation_to="tags", max_depth=1)])
    with TestClient(Config(collections=[tags, Collection("things", fields=declared)])) as client:
        client.create("tags", {})
        client.create("tags", {"deep": 1})
        client.create("things", {"ref": 2, "deep": 2})
        found = client.get_document("things", 1, depth=5)
    assert found["ref"] == 2
    assert found["deep"]["id"] == 2
    assert found["deep"]["deep"] == 1
