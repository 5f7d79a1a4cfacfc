"""Json: any value, kept as it is."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ConfigError, fields
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


SHAPE = {
    "type": "object",
    "properties": {
        "n": {"type": "number", "minimum": 1, "maximum": 5},
        "s": {"type": "string", "minLength": 2, "pattern": "^a"},
        "l": {"type": "array", "items": {"enum": ["x", "y"]}, "maxItems": 2, "uniqueItems": True},
    },
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"n": 1}, {"n": 1}), (None, None),
        ({}, "data must have required property 'n'"),
        ({"n": "x"}, "data/n must be number"),
        ({"n": 0}, "data/n must be >= 1"), ({"n": 9.5}, "data/n must be <= 5"),
        ({"n": 1, "x": 2}, "data must NOT have additional properties"),
        ({"n": "\ud800"}, "This field has an invalid input."), ({"n": {1, 2}}, "This field has an invalid input."),
        ({"x": 2}, "data must have required property 'n'"),
        ({"n": 1, "s": "a"}, "data/s must NOT have fewer than 2 characters"),
        ({"n": 1, "s": "bb"}, 'data/s must match pattern "^a"'),
        ({"n": 1, "l": ["x", "z"]}, "data/l/1 must be equal to one of the allowed values"),
        ({"n": 1, "l": ["x", "y", "x"]}, "data/l must NOT have more than 2 items"),
        ([1], "data must be object"), ("5", "data must be object"), (True, "data must be object"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", [SHAPE, {"uri": "a://b/c", "fileMatch": ["a://b/c"], "schema": SHAPE}])
def test_a_declared_shape(declared: Any, value: Any, expected: Any) -> None:
    """What the schema refuses first is told with its place in the value."""
    found = verdict(fields.Json("data", json_schema=declared), value)
    assert found == (Refused(expected) if isinstance(expected, str) else expected)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "strng"}, "no JSON Schema"), ({"pattern": "("}, "no JSON Schema"), ([], "a mapping"),
        ("object", "a mapping"), ({"$ref": "#/nowhere"}, "does not exist"),
        ({"uri": "https://schemas.example/a.json"}, "not fetched"),
    ],
)  # fmt: skip
def test_what_is_no_schema_is_told_at_once(schema: Any, said: str) -> None:
    """When the field is declared."""
    with pytest.raises(ConfigError, match=said):
        fields.Json("data", json_schema=schema)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.json", "file:///etc/hostname", "other.json"])
def test_nothing_is_fetched(address: str) -> None:
    """A schema that refers to another address is refused, whatever lies there."""
    with pytest.raises(ConfigError, match="no JSON Schema"):
        fields.Json("data", json_schema={"properties": {"a": {"$ref": address}}})


def test_another_draft_is_named_by_the_schema() -> None:
    """Tuples of `items` are of draft 7."""
    old = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}
    assert verdict(fields.Json("data", json_schema=old), [1]) == Refused("data/0 must be string")
    with pytest.raises(ConfigError, match="2020-12"):
        fields.Json("data", json_schema={"items": [{"type": "string"}]})


def test_the_schema_is_told_where_it_can_stand() -> None:
    """One that refers to itself would point elsewhere inside another document."""
    assert fields.Json("data", json_schema=SHAPE).stored_schema() == SHAPE
    tree = {"properties": {"child": {"$ref": "#"}}}
    assert fields.Json("data", json_schema=tree).stored_schema() == {}
    deep: dict[str, Any] = {"child": {"child": {"child": 5}}}
    assert verdict(fields.Json("data", json_schema={**tree, "type": "object"}), deep) == Refused(
        "data/child/child/child must be object"
    )
