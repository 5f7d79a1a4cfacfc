"""Values become what a column holds now, with their locales, and what cannot is said."""

from __future__ import annotations

from typing import Any

import pytest

from headless.database.schema.conversion import converted, keeps, renamed

TEXT = {"type": "string"}
LOCALIZED = {**TEXT, "localized": "en"}
CASES: list[tuple[Any, dict[str, Any], dict[str, Any], Any, list[str]]] = [
    ("x", TEXT, LOCALIZED, {"en": "x"}, []),
    ({"en": "x"}, LOCALIZED, TEXT, "x", []),
    ({"en": "x", "de": "y"}, LOCALIZED, TEXT, "x", ["it is also there in the locale de"]),
    ({"de": "y"}, LOCALIZED, TEXT, None, ["it is also there in the locale de"]),
    ({"en": "1", "de": "2"}, LOCALIZED, {"type": "number", "localized": "en"}, {"en": 1, "de": 2}, []),
    ("x", TEXT, {**LOCALIZED, "many": True}, {"en": ["x"]}, []),
    (None, TEXT, LOCALIZED, None, []),
    ("x", {}, LOCALIZED, "x", []),
]


@pytest.mark.parametrize(("value", "old", "new", "expected", "lost"), CASES)
def test_values_are_converted(
    value: Any, old: dict[str, Any], new: dict[str, Any], expected: Any, lost: list[str]
) -> None:
    """A value without a locale belongs to the default one; where nothing is known of a column, nothing is changed."""
    losses: list[str] = []
    assert (converted(value, old, new, losses), losses) == (expected, lost)


def test_what_stays_as_it_is_need_not_be_read() -> None:
    """More options, another default locale, rows with a field less."""
    few, more = {**TEXT, "options": ["a"]}, {**TEXT, "options": ["a", "b"]}
    assert keeps(few, more)
    assert keeps(few, TEXT)
    assert not keeps(more, few)
    assert not keeps(TEXT, few)
    assert keeps(LOCALIZED, {**TEXT, "localized": "de"})
    assert not keeps(TEXT, LOCALIZED)
    assert keeps({"rows": {"": {"a": TEXT, "b": TEXT}}}, {"rows": {"": {"a": TEXT}}})
    assert not keeps({"rows": {"": {"a": TEXT}}}, {"rows": {"": {"a": TEXT, "b": TEXT}}})


def test_names_inside_rows_go_back() -> None:
    """The way back knows what they were called."""
    old, new = {"rows": {"": {"a": TEXT}}}, {"rows": {"": {"b": {**TEXT, "was": "a"}}}}
    there: list[str] = []
    assert converted([{"a": "x"}], old, new, there) == [{"b": "x"}]
    now, before = renamed(old, new)
    assert converted([{"b": "x"}], now, before, there) == [{"a": "x"}]
    assert there == []


def test_what_was_there_under_another_declaration_is_removed() -> None:
    """A key inside rows that is declared anew begins empty."""
    old, new = {"rows": {"": {"a": TEXT}}}, {"rows": {"": {"a": TEXT, "b": {"type": "number"}}}}
    assert converted([{"a": "x", "b": "left"}], old, new, []) == [{"a": "x"}]
