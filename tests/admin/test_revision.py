"""Two people change one document: nothing of either is lost."""

from __future__ import annotations

from typing import Any

import pytest

from headless.admin_ui import revision

STORED = {"id": 1, "title": "Old", "body": "Old", "tags": [1, 2], "updatedAt": "2026-01-31T09:30:00.000Z"}


def merge(mine: dict[str, Any], theirs: dict[str, Any]) -> revision.Merge:
    return revision.merge(revision.of(STORED), {**STORED, **mine}, {**STORED, **theirs})


def test_only_theirs_is_taken_over() -> None:
    """What I left as it was becomes theirs, by name."""
    merged = merge({"title": "Mine"}, {"body": "Theirs"})
    assert (merged.data["title"], merged.data["body"]) == ("Mine", "Theirs")
    assert (merged.both, merged.taken) == ({}, ["body"])


def test_what_both_changed_is_asked() -> None:
    """Mine stays in the form, theirs is shown beside it."""
    merged = merge({"title": "Mine"}, {"title": "Theirs"})
    assert merged.data["title"] == "Mine"
    assert merged.both == {"title": "Theirs"}


def test_the_same_change_is_no_conflict() -> None:
    """Two people correct the same mistake."""
    merged = merge({"title": "Both"}, {"title": "Both"})
    assert (merged.both, merged.taken) == ({}, [])


def test_fields_that_the_form_does_not_have_are_no_conflict() -> None:
    """A log-in changes the sessions of a user whose name is being edited."""
    stored = {"name": "Ada", "sessions": []}
    merged = revision.merge(revision.of(stored), {"name": "Ada L."}, {"name": "Ada", "sessions": [1]})
    assert (merged.both, merged.taken) == ({}, [])


@pytest.mark.parametrize(
    ("one", "other"), [(None, ""), ([], None), (False, None), ({"a": None}, {}), ([{"x": ""}], [{}])]
)
def test_what_looks_alike_in_a_form_is_the_same(one: Any, other: Any) -> None:
    """A form cannot tell empty from missing, so neither makes a change."""
    assert revision.same(one, other)


@pytest.mark.parametrize(("one", "other"), [(0, None), (1, True), ("1", 1), ([1, 2], [2, 1]), ({"a": 1}, {"a": 2})])
def test_what_looks_different_is_not(one: Any, other: Any) -> None:
    """Zero is a number, order matters."""
    assert not revision.same(one, other)


@pytest.mark.parametrize("hostile", ["", ":", "a", "a:b:c d", "x" * 10_000, "title:"])
def test_a_revision_from_outside_is_only_text(hostile: str) -> None:
    """A form with a made-up revision meets a conflict at worst."""
    revision.merge(hostile, {"title": "Mine"}, STORED)
