"""What a run has to say, as text, and the floor below which it may not fall."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conformance.run import Run

FLOOR = Path(__file__).parent / "floor.json"


def read_floor() -> dict[str, int]:
    """The cases that must pass, with the number of answers that must at least be compared in each."""
    floor: dict[str, int] = json.loads(FLOOR.read_text(encoding="utf-8"))
    return floor


def write_floor(passing: Mapping[str, int]) -> None:
    """Makes what passes now the floor."""
    FLOOR.write_text(json.dumps(dict(sorted(passing.items())), indent=1) + "\n", encoding="utf-8")


def fallen(run: Run, floor: Mapping[str, int]) -> list[str]:
    """What is worse than the floor: cases that fail, are gone, or compare fewer answers than they did."""
    passing = run.passing
    differences = {result.case: result.differences for result in run.failing}
    lines: list[str] = []
    for case, compared in floor.items():
        if case in differences:
            lines += [f"{case} fails:", *(f"    {line}" for line in differences[case])]
        elif passing.get(case, 0) < compared:
            lines.append(f"{case}: {passing.get(case, 0)} answers are compared where {compared} were")
    return lines


def risen(run: Run, floor: Mapping[str, int]) -> list[str]:
    """What is better than the floor says, and belongs into it."""
    return [case for case, compared in run.passing.items() if compared > floor.get(case, 0)]


def describe(run: Run, *, verbose: bool = False) -> Iterator[str]:
    """The differences and the counts; with `verbose` also all that was dropped and left out."""
    for result in run.failing:
        yield f"FAIL {result.case} ({result.compared} answers)"
        yield from (f"     {line}" for line in result.differences)
    if verbose:
        yield "Dropped from the configuration:"
        yield from (f"     {drop}" for drop in run.reduction.dropped)
        yield "Not compared:"
        yield from (f"     {left_out}" for left_out in run.suite.left_out)
    yield ""
    yield from _table(run)


def _table(run: Run) -> Iterator[str]:
    yield f"{'area':24}{'cases':>16}{'answers':>16}"
    areas = list(dict.fromkeys(result.case.split("/")[0] for result in run.results if result.compared))
    for area in [*areas, ""]:
        results = [one for one in run.results if one.compared and one.case.startswith(area)]
        passed = [one for one in results if one.passed]
        cases = f"{len(passed)} / {len(results)}"
        answers = f"{sum(one.compared for one in passed)} / {sum(one.compared for one in results)}"
        yield f"{area or 'all':24}{cases:>16}{answers:>16}"
    counts = ", ".join(f"{len(run.suite.of_status(status))} {status}" for status in ("kept", "cut", "skipped"))
    yield f"Of the {len(run.suite.counts)} recorded cases: {counts}."
