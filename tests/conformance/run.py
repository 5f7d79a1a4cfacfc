"""One run of the check: what is supported today, asked of a server, and how it answered."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from headless.fields import registry
from tests.conformance.checker import Checker, Result
from tests.conformance.gaps import GAPS
from tests.conformance.reduce import Reduction, reduce_config
from tests.conformance.selection import reduce_suite
from tests.conformance.server import serving
from tests.conformance.suite import Suite, load_config, load_differences, load_suite, with_differences


@dataclass(frozen=True, slots=True)
class Run:
    """The results of a run beside what it left out."""

    reduction: Reduction
    suite: Suite
    results: list[Result]

    @property
    def passing(self) -> dict[str, int]:
        """The answers compared in each case that passed; cases of which nothing is left do not count."""
        return {result.case: result.compared for result in self.results if result.passed and result.compared}

    @property
    def failing(self) -> list[Result]:
        """The cases with differences."""
        return [result for result in self.results if not result.passed]


def reduced() -> tuple[Reduction, Suite]:
    """The configuration and the cases that the framework supports today."""
    reduction = reduce_config(load_config(), registry, GAPS)
    return reduction, reduce_suite(with_differences(load_suite(), load_differences()), reduction)


def run(case: str = "", trace: Callable[[str], None] | None = None, base: str | None = None) -> Run:
    """Runs the cases whose name contains a text against a server of our own, or the one at `base`."""
    reduction, suite = reduced()
    if base is not None:
        with httpx2.Client(timeout=60, follow_redirects=False) as client:
            return Run(reduction, suite, list(Checker(base, client, trace=trace).check(suite, case)))
    with tempfile.TemporaryDirectory() as folder, serving(reduction.config, Path(folder)) as (base, client):
        return Run(reduction, suite, list(Checker(base, client, trace=trace).check(suite, case)))
