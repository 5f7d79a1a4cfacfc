"""The floor holds what passes, and notices what is lost and what is won."""

from __future__ import annotations

import json

import pytest

from tests.conformance.checker import Result
from tests.conformance.report import FLOOR, describe, fallen, risen
from tests.conformance.run import Run, reduced


@pytest.fixture(scope="module")
def run() -> Run:
    """Three cases: one whole, one with a difference, one of which nothing is left."""
    reduction, suite = reduced()
    return Run(reduction, suite, [Result("a/whole", 3), Result("a/bad", 2, ["#1 GET /: 1 vs 2"]), Result("b/gone", 0)])


def test_what_passes_may_not_be_lost(run: Run) -> None:
    """A listed case that fails, is gone or compares fewer answers has fallen, and its differences are told."""
    assert fallen(run, {"a/whole": 3}) == []
    assert fallen(run, {"a/whole": 4}) == ["a/whole: 3 answers are compared where 4 were"]
    assert fallen(run, {"b/gone": 1}) == ["b/gone: 0 answers are compared where 1 were"]
    assert fallen(run, {"a/bad": 2}) == ["a/bad fails:", "    #1 GET /: 1 vs 2"]


def test_what_is_won_is_asked_for(run: Run) -> None:
    """A case that passes and is not listed, or with more answers than are, has risen; one left empty has not."""
    assert risen(run, {}) == ["a/whole"]
    assert risen(run, {"a/whole": 2}) == ["a/whole"]
    assert risen(run, {"a/whole": 3}) == []


def test_the_report_tells_differences_and_counts(run: Run) -> None:
    """Every difference is printed, then the cases and answers of each area."""
    lines = list(describe(run))
    assert lines[0] == "FAIL a/bad (2 answers)"
    assert any(line.split() == ["a", "1", "/", "2", "3", "/", "5"] for line in lines)
    assert "recorded cases" in lines[-1]


def test_the_floor_names_recorded_cases_that_are_left() -> None:
    """Without a server: every case of the floor still compares as many answers as it did."""
    counts = reduced()[1].counts
    floor = json.loads(FLOOR.read_text(encoding="utf-8"))
    assert {case for case, compared in floor.items() if counts.get(case, (0, 0))[0] < compared} == set()
