"""The buttons of an array, as they work without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from headless import fields
from headless.admin_ui import rows


def data() -> dict[str, Any]:
    return {"links": [{"id": "a", "notes": [{"id": "n"}]}, {"id": "b"}, {"id": "c"}], "seo": {}}


@pytest.mark.parametrize(
    ("action", "path", "order", "then"),
    [
        ("up", "links.1", ["b", "a", "c"], "links.0"),
        ("up", "links.0", ["a", "b", "c"], "links.0"),
        ("down", "links.1", ["a", "c", "b"], "links.2"),
        ("down", "links.2", ["a", "b", "c"], "links.2"),
        ("remove", "links.1", ["a", "c"], "links"),
        ("copy", "links.0", ["a", None, "b", "c"], "links.1"),
        ("add", "links", ["a", "b", "c", None], "links.3"),
    ],
)
def test_rows_move(action: str, path: str, order: list[str | None], then: str) -> None:
    """Each button does what it says, and the page looks at the row it did it to."""
    changed = data()
    assert rows.act(changed, action, path) == then
    assert [row.get("id") for row in changed["links"]] == order


def test_a_copy_has_ids_of_its_own() -> None:
    """Also the rows inside it."""
    changed = data()
    rows.act(changed, "copy", "links.0")
    assert changed["links"][1] == {"notes": [{}]}


def test_rows_inside_rows_and_groups() -> None:
    """Paths lead through rows, and make the levels that an empty group lacks."""
    changed = data()
    assert rows.act(changed, "add", "links.0.notes", lambda: {"note": "fresh"}) == "links.0.notes.1"
    assert changed["links"][0]["notes"][1] == {"note": "fresh"}
    assert rows.act(changed, "add", "seo.terms") == "seo.terms.0"
    assert changed["seo"] == {"terms": [{}]}


@pytest.mark.parametrize("path", ["links.9", "nothing.0", "links", "links.x", "", "links.-1", "links.0.id.0"])
@pytest.mark.parametrize("action", ["up", "remove", "copy", "burn"])
def test_what_is_not_there_is_left_alone(action: str, path: str) -> None:
    """A button that names nothing does nothing."""
    changed = data()
    assert rows.act(changed, action, path) is None
    assert changed == data()


def test_fields_are_found_by_path() -> None:
    """Through whatever arranges them."""
    note = fields.Text("note")
    declared = [
        fields.Tabs(tabs=[fields.Tab("one", fields=[fields.Row(fields=[fields.Array("rows", fields=[note])])])]),
        fields.Text("plain"),
    ]
    assert rows.field_at(declared, "one.rows.12.note") is note
    assert rows.field_at(declared, "one.rows.note") is note
    assert rows.field_at(declared, "note") is None
    assert rows.field_at(declared, "plain.deeper") is None
