"""`python -m benchmarks`: measure the framework against hand-written servers, and its goals."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.comparison import Comparison, Say
from benchmarks.fanout import FanoutPlan
from benchmarks.pocketbase import PocketBaseTarget
from benchmarks.report import Report
from benchmarks.requests import SCENARIOS
from benchmarks.rounds import Plan
from benchmarks.servers import ServerFailed
from benchmarks.targets import (
    CeilingTarget,
    HeadlessTarget,
    LoopTarget,
    Target,
    WideCeilingTarget,
    WideHeadlessTarget,
    read_running,
)

TARGETS: dict[str, Callable[[str], Target]] = {"ceiling": CeilingTarget, "headless": HeadlessTarget}
WIDE: dict[str, Callable[[str], Target]] = {"ceiling": WideCeilingTarget, "headless": WideHeadlessTarget}
STREAMERS: dict[str, Callable[[str], Target]] = {"loop": LoopTarget, "headless": HeadlessTarget}
PEERS: dict[str, Callable[[str], Target]] = {"pocketbase": PocketBaseTarget}
STREAMS = "streams"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*names, STREAMS], default=[*names, STREAMS],
                        metavar="SCENARIO", help=f"of {', '.join(names)}, {STREAMS}")  # fmt: skip
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS),
                        help="the first is the yardstick; one named twice shows the noise")  # fmt: skip
    parser.add_argument("--wide", action="store_true", help="requests on a collection of 40 fields, of every type")
    parser.add_argument("--streamers", nargs="+", choices=STREAMERS, default=list(STREAMERS),
                        help="servers of the fan-out; the first is the yardstick")  # fmt: skip
    parser.add_argument("--peer", action="append", choices=PEERS, default=[], help="install and add another product")
    parser.add_argument("--server", action="append", type=read_running, default=[], metavar="NAME=URL@PID",
                        help="add a server that is running on loopback with the same content")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="5 unless --quick")
    parser.add_argument("--quick", action="store_true", help="one short round: a look, not a measurement")
    parser.add_argument("--port", type=int, default=0, help="first port to use; any free one otherwise")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--markdown", action="store_true", help="print the command, the machine and the versions too")
    return parser


def read_comparison(arguments: argparse.Namespace, command: str) -> Comparison:
    """What the command line asks for."""
    peers = [PEERS[name](name) for name in arguments.peer]
    streamers = _named(arguments.streamers, STREAMERS)
    plan = Plan(rounds=1, turns=2, share=0.2) if arguments.quick else Plan()
    fanout = FanoutPlan(rounds=1, subscribers=200, messages=20) if arguments.quick else FanoutPlan()
    rounds = arguments.rounds or plan.rounds
    scenarios = [scenario for scenario in SCENARIOS if scenario.name in arguments.only]
    targets = [*_named(arguments.targets, WIDE if arguments.wide else TARGETS), *peers, *arguments.server]
    return Comparison(
        targets=targets if scenarios else [],
        streamers=[*streamers[:-1], *peers, streamers[-1]] if STREAMS in arguments.only and not arguments.wide else [],
        scenarios=scenarios,
        plan=replace(plan, rounds=rounds),
        fanout=replace(fanout, rounds=rounds),
        port=arguments.port,
        command=command,
    )


def _named(names: Sequence[str], known: dict[str, Callable[[str], Target]]) -> list[Target]:
    """The targets by name; one named again gets a number, so that each has its own database and lines."""
    times = [names[: index + 1].count(name) for index, name in enumerate(names)]
    return [known[name](name if time == 1 else f"{name} {time}") for name, time in zip(names, times, strict=True)]


def write(report: Report, arguments: argparse.Namespace) -> None:
    """Print the tables and write the file asked for."""
    print(report.markdown() if arguments.markdown else "\n\n".join(["", *report.tables()]))
    if arguments.json:
        arguments.json.write_text(json.dumps(report.json(), indent=1))


def say(text: str) -> None:
    """Progress, beside the report."""
    print(text, file=sys.stderr, flush=True)


def main(words: Sequence[str], speak: Say = say) -> int:
    """Run the command line; the status is 1 when a request failed or a message was missed."""
    arguments = parser().parse_args(words)
    if arguments.wide and (arguments.peer or arguments.server):
        parser().error("--wide is for the framework and its yardstick: others do not hold that content")
    comparison = read_comparison(arguments, shlex.join(["python", "-m", "benchmarks", *words]))
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as directory:
        try:
            report = comparison.run(Path(directory), speak)
        except ServerFailed as error:
            speak(str(error))
            return 1
    write(report, arguments)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
