"""One whole comparison: servers prepared, started, measured in turn, and ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agreement import require_agreement
from benchmarks.fanout import FanoutPlan, measure_fanout, summarize_fanout
from benchmarks.report import Report
from benchmarks.requests import SCENARIOS, Scenario
from benchmarks.rounds import Contender, Plan, Run, contend, measure, summarize
from benchmarks.shutdown import measure_shutdown
from benchmarks.targets import Target

Say = Callable[[str], None]


@dataclass
class Comparison:
    """What to measure.

    The first target and the first streamer are the yardsticks; the last streamer is the one shut down.
    """

    targets: Sequence[Target]
    streamers: Sequence[Target] = ()
    scenarios: Sequence[Scenario] = SCENARIOS
    plan: Plan = field(default_factory=Plan)
    fanout: FanoutPlan = field(default_factory=FanoutPlan)
    shutdown_streams: int = 200
    port: int = 0
    command: str = "python -m benchmarks"

    def run(self, directory: Path, say: Say) -> Report:
        """Measure everything, keeping databases and logs in `directory`."""
        for target in {target.name: target for target in [*self.targets, *self.streamers]}.values():
            say(f"preparing {target.name}")
            target.prepare(directory, self.plan.posts)
        report = Report(self.command)
        if self.targets and self.scenarios:
            report.runs = self._measure_requests(directory, say)
            report.lines = summarize(self.scenarios, report.runs)
        if self.streamers:
            report.fanout_runs = measure_fanout(self.streamers, directory, self.fanout, self.port, say)
            report.fanout = summarize_fanout(report.fanout_runs)
            if self.shutdown_streams:
                last = self.streamers[-1]
                report.shutdown = measure_shutdown(last, directory, self.shutdown_streams, self.port)
        return report

    def _measure_requests(self, directory: Path, say: Say) -> list[Run]:
        with ExitStack() as stack:
            contenders: list[Contender] = []
            for offset, target in enumerate(self.targets):
                server = target.start(directory, self.port + offset if self.port else 0)
                stack.callback(server.stop)
                contenders.append(contend(server, target.dialect, self.plan.posts))
            require_agreement(contenders)
            return measure(self.scenarios, contenders, self.plan, say)
