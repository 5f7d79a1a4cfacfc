"""Reads the recorded configuration, cases and answers, and the answers that differ on purpose."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.reduce import Declaration

Area = dict[str, Any]

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step of a case that is not compared. Steps are counted from 1 as they are written."""

    case: str
    step: int
    request: str
    reason: str
    runs: bool = False

    def __str__(self) -> str:
        how = " (runs uncompared)" if self.runs else ""
        return f"{self.case} step {self.step} ({self.request}): {self.reason}{how}"


@dataclass(slots=True)
class Suite:
    """Areas of cases with their answers, by `area/case`, in the form that the checker runs."""

    areas: list[Area] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def of_status(self, status: str) -> list[str]:
        """The cases that are `kept` whole, `cut` short, or `skipped`."""
        return [name for name, (compared, all_) in self.counts.items() if _status(compared, all_) == status]

    @property
    def compared(self) -> int:
        """The number of requests whose answers are compared."""
        return sum(compared for compared, _ in self.counts.values())


def _status(compared: int, recorded: int) -> str:
    return "skipped" if compared == 0 else "kept" if compared == recorded else "cut"


@dataclass(frozen=True, slots=True)
class Difference:
    """A recorded answer from which ours differs on purpose, with the reason.

    `step` counts the answers of the case from 1. `set` gives the values at dotted paths of our answer, `unset` the
    keys that it does not have.
    """

    case: str
    step: int
    why: str
    set: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()


def load_config(path: Path = HERE / "conformance.config.yaml") -> Declaration:
    """The configuration that was recorded, in Payload's own names."""
    config: Declaration = yaml.safe_load(path.read_text(encoding="utf-8"))
    return config


def load_suite(folder: Path = HERE) -> Suite:
    """All recorded cases and answers, in the order in which they run."""
    suite = Suite()
    for path in sorted((folder / "cases").glob("*.yaml")):
        area = {**yaml.safe_load(path.read_text(encoding="utf-8")), "area": path.stem}
        recorded = json.loads((folder / "goldens" / f"{path.stem}.json").read_text(encoding="utf-8"))["cases"]
        suite.areas.append(area)
        suite.answers.update({f"{path.stem}/{name}": case for name, case in recorded.items()})
    return suite


def load_differences(path: Path = HERE / "differences.yaml") -> list[Difference]:
    """The answers that are ours on purpose."""
    return [Difference(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def with_differences(suite: Suite, differences: list[Difference]) -> Suite:
    """The suite with our answers in the place of the recorded ones."""
    answers = copy.deepcopy(suite.answers)
    for difference in differences:
        answer = answers[difference.case]["steps"][difference.step - 1]
        for path, value in difference.set.items():
            target, key = _place(answer, path)
            target[key] = value
        for path in difference.unset:
            target, key = _place(answer, path)
            del target[key]
    return Suite(areas=suite.areas, answers=answers)


def _place(answer: Any, path: str) -> tuple[Any, Any]:
    """The object or list that the end of a dotted path stands in, and its key there."""
    *parents, last = path.split(".")
    for part in parents:
        answer = answer[int(part) if isinstance(answer, list) else part]
    return answer, int(last) if isinstance(answer, list) else last
