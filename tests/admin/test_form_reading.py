"""What a submitted form means: each widget reads back what it shows, and what was not on the page stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from headless import fields
from headless.admin import WIDGETS, FormReader, Raw

FIELDS: list[tuple[Any, Any]] = [
    (fields.Text("a"), "A quiet launch"),
    (fields.Textarea("a"), "two\nlines"),
    (fields.Number("a"), 4.5),
    (fields.Number("a"), 0),
    (fields.Number("a"), -12),
    (fields.Email("a"), "ada@example.com"),
    (fields.Checkbox("a"), True),
    (fields.Checkbox("a"), False),
    (fields.Date("a"), "2026-01-31T09:30:12.345Z"),
    (fields.Select("a", options=["new", "old"]), "old"),
    (fields.Select("a", options=["new", "hot", "old"], has_many=True), ["old", "new"]),
    (fields.Select("a", options=["new"], has_many=True), []),
    (fields.Radio("a", options=["wide", "narrow"]), "narrow"),
    (fields.Relationship("a", relation_to="users"), 7),
    (fields.Relationship("a", relation_to="users", has_many=True), [3, 1, 2]),
    (fields.Relationship("a", relation_to=["users", "tags"]), {"relationTo": "tags", "value": 2}),
    (fields.Json("a"), {"k": [1, {"z": None}], "s": "é✓", "n": 1.5}),
]


def submitted(field: Any, value: Any) -> list[tuple[str, str]]:
    """What a browser sends for the field as its template shows the value."""
    shown = WIDGETS[field.widget].show(field, value, dt.UTC)
    if isinstance(shown, bool):
        return [("a", ""), *([("a", "on")] if shown else [])]
    if isinstance(shown, list):
        return [("a", ""), *(("a", item) for item in shown)]
    if hasattr(shown, "local"):
        return [("a", shown.local), ("a._was", shown.iso)]
    return [("a", str(shown).replace("\n", "\r\n"))]


def read(declared: list[Any], pairs: list[tuple[str, str]], stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return FormReader(pairs, WIDGETS).read(declared, stored or {})


@pytest.mark.parametrize(("field", "value"), FIELDS, ids=lambda part: getattr(part, "type", None))
def test_a_value_survives_being_shown_and_sent(field: Any, value: Any) -> None:
    """What a form shows and gets back unchanged is the value it was made from."""
    assert read([field], submitted(field, value)) == {"a": value}


@pytest.mark.parametrize(("field", "value"), FIELDS, ids=lambda part: getattr(part, "type", None))
def test_a_field_that_was_not_on_the_page_is_not_sent(field: Any, value: Any) -> None:
    """Read-only and hidden fields have no input, and stay as they are."""
    assert read([field], [("b", "1")]) == {}


def test_empty_text_is_null() -> None:
    """An input that was emptied empties the value."""
    assert read([fields.Text("a"), fields.Number("b")], [("a", ""), ("b", " ")]) == {"a": None, "b": None}


@pytest.mark.parametrize("text", ["abc", "1e999", "nan", "Infinity", "9" * 5000, "1_000"])
def test_what_is_no_number_stays_as_it_was_typed(text: str) -> None:
    """The field refuses it by its own rules, and the form shows it again."""
    value = read([fields.Number("a")], [("a", text)])["a"]
    assert value == text
    assert isinstance(value, Raw)


def test_broken_json_is_told_and_kept() -> None:
    """The message says where, and the text is still in the form."""
    form = FormReader([("a", '{"k": }')], WIDGETS)
    data = form.read([fields.Json("a")], {})
    assert data == {"a": '{"k": }'}
    assert form.failures == [{"path": "a", "message": "This is not valid JSON: line 1, column 7: expecting value."}]


@pytest.mark.parametrize("text", ["NaN", "[" * 100_000, "1e5x"])
def test_hostile_json_is_told_like_any_other(text: str) -> None:
    """Nothing that is typed raises."""
    form = FormReader([("a", text)], WIDGETS)
    form.read([fields.Json("a")], {})
    assert len(form.failures) == 1


def test_a_date_is_read_in_the_zone_the_form_was_shown_in() -> None:
    """Half past ten in Zurich in winter is half past nine in UTC."""
    assert read([fields.Date("a")], [("a", "2026-01-31T10:30"), ("_zone", "Europe/Zurich")]) == {
        "a": "2026-01-31T09:30:00.000Z"
    }


def test_an_untouched_date_keeps_its_milliseconds() -> None:
    """A click on Save makes no new version."""
    pairs = [("a", "2026-01-31T10:30"), ("a._was", "2026-01-31T09:30:12.345Z"), ("_zone", "Europe/Zurich")]
    assert read([fields.Date("a")], pairs) == {"a": "2026-01-31T09:30:12.345Z"}


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Nowhere/Land", "x" * 500, "\0", ""])
def test_an_unknown_zone_is_utc(zone: str) -> None:
    """A zone from a cookie or a form is never trusted."""
    assert read([fields.Date("a")], [("a", "2026-01-31T10:30"), ("_zone", zone)]) == {"a": "2026-01-31T10:30:00.000Z"}


ROWS = [fields.Array("rows", fields=[fields.Text("label"), fields.Array("notes", fields=[fields.Text("note")])])]


def test_rows_come_in_the_order_of_the_page() -> None:
    """Their numbers say only which inputs belong together: moving a row needs no renaming."""
    pairs = [("rows", ""), ("rows.7.id", "b"), ("rows.7.label", "B"), ("rows.0.id", "a"), ("rows.0.label", "A")]
    assert read(ROWS, pairs) == {"rows": [{"label": "B", "id": "b"}, {"label": "A", "id": "a"}]}


def test_new_rows_have_no_id() -> None:
    """The platform gives them one."""
    assert read(ROWS, [("rows", ""), ("rows.99.id", ""), ("rows.99.label", "new")]) == {"rows": [{"label": "new"}]}


def test_no_rows_differ_from_no_array() -> None:
    """The last row can be removed."""
    assert read(ROWS, [("rows", "")], {"rows": [{"id": "a"}]}) == {"rows": []}


def test_what_a_row_does_not_show_stays() -> None:
    """A row is recognised by its id, so that unreadable parts of it are not lost."""
    stored = {"rows": [{"id": "a", "label": "A", "secret": 1}]}
    pairs = [("rows", ""), ("rows.0.id", "a"), ("rows.0.label", "B")]
    assert read(ROWS, pairs, stored) == {"rows": [{"id": "a", "label": "B", "secret": 1}]}


def test_errors_name_rows_by_their_place() -> None:
    """The numbers of the page are turned into places, also for a button that names a row."""
    form = FormReader([("rows", ""), ("rows.8.id", ""), ("rows.3.id", ""), ("rows.3.notes.5.note", "x")], WIDGETS)
    assert form.path("rows.8") == "rows.0"
    assert form.path("rows.3.notes.5") == "rows.1.notes.0"


def test_groups_and_arrangements() -> None:
    """A group is an object; rows, collapsibles and tabs without a name leave no trace in the data."""
    declared: list[Any] = [
        fields.Row(fields=[fields.Text("a")]),
        fields.Collapsible("More", fields=[fields.Text("b")]),
        fields.Group("seo", fields=[fields.Text("title"), fields.Text("unshown")]),
        fields.Tabs(tabs=[
            fields.Tab(label="One", fields=[fields.Text("c")]),
            fields.Tab("two", label="Two", fields=[fields.Text("d")]),
        ]),
    ]  # fmt: skip
    pairs = [("a", "1"), ("b", "2"), ("seo.title", "3"), ("c", "4"), ("two.d", "5")]
    assert read(declared, pairs, {"seo": {"unshown": "kept"}}) == {
        "a": "1", "b": "2", "seo": {"title": "3", "unshown": "kept"}, "c": "4", "two": {"d": "5"},
    }  # fmt: skip


def test_names_that_nobody_declared_do_nothing() -> None:
    """Mass assignment needs a field, depth costs nothing, and no name raises."""
    pairs = [
        ("id", "9"),
        ("__proto__.x", "1"),
        ("rows", ""),
        ("rows.0", "x"),
        (".".join("9" * 50_000), "deep"),
        ("", ""),
    ]
    assert read(ROWS, pairs) == {"rows": [{}]}


def test_a_field_may_read_itself() -> None:
    """A field type of a plugin brings its own `from_form`, and needs no widget of ours."""

    class Colour:
        name = "shade"
        widget = "colour"
        children = ()

        def from_form(self, form: FormReader, name: str) -> Any:
            return f"#{form.text(name)}"

    assert read([Colour()], [("shade", "2A49A8")]) == {"shade": "#2A49A8"}
