"""The results as Markdown tables, which read well in a terminal too, and as JSON."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.fanout import FanoutLine, FanoutRun
from benchmarks.rounds import Line, Run
from benchmarks.shutdown import GOAL_SECONDS, Shutdown

PACKAGES = ("headless-content", "uvicorn", "uvloop", "httptools", "starlette", "SQLAlchemy", "orjson")


@dataclass
class Report:
    """Everything one call of the tool measured. `subject` is the server the goals are for."""

    command: str
    subject: str = "headless"
    runs: list[Run] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    fanout_runs: list[FanoutRun] = field(default_factory=list)
    fanout: list[FanoutLine] = field(default_factory=list)
    shutdown: Shutdown | None = None

    @property
    def failed(self) -> int:
        """Requests not answered with 2xx, and messages not delivered."""
        return sum(line.failed for line in self.lines) + sum(line.missed for line in self.fanout)

    def json(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {**asdict(self), "machine": machine(), "versions": versions()}

    def markdown(self) -> str:
        """The tables with the command, the machine and the versions."""
        parts = [f"    {self.command}", machine(), versions(), *self.tables()]
        return "\n\n".join(parts) + "\n"

    def tables(self) -> list[str]:
        """One table for requests, one for streams, a line for the end."""
        parts = []
        if self.lines:
            parts.append(table(REQUESTS, [request_row(line, self.subject) for line in self.lines]))
        if self.fanout:
            parts.append(table(STREAMS, [stream_row(line, self.subject) for line in self.fanout]))
        if self.shutdown:
            parts.append(shutdown_line(self.shutdown))
        return parts


REQUESTS = (
    "scenario", "server", "CPU µs/request", "of the ceiling, round by round", "median", "goal", "requests/s",
    "p50 ms", "p99 ms",
)  # fmt: skip
STREAMS = (
    "streams", "µs/subscriber", "KiB/subscriber", "× the loop, round by round", "median", "goal", "p50 ms",
    "p99 ms", "missed",
)  # fmt: skip


def request_row(line: Line, subject: str) -> list[str]:
    """One server in one scenario."""
    rounds = " ".join(f"{ratio:.2f}" for ratio in line.ratios)
    goal = f"≥ {line.goal} {verdict(line.ratio >= line.goal)}" if line.server == subject else ""
    title = line.title + (f" ({line.failed} FAILED)" if line.failed else "")
    return [
        title, line.server, f"{line.cpu_us:.0f}", rounds, f"{line.ratio:.2f}", goal,
        f"{line.requests_per_second:.0f}", f"{line.p50_ms:.2f}", f"{line.p99_ms:.2f}",
    ]  # fmt: skip


def stream_row(line: FanoutLine, subject: str) -> list[str]:
    """One server's fan-out."""
    rounds = " ".join(f"{ratio:.2f}" for ratio in line.ratios)
    goal = f"≤ {line.goal} {verdict(line.ratio <= line.goal)}" if line.server == subject else ""
    return [
        line.server, f"{line.cpu_us:.1f}", f"{line.kib:.1f}", rounds, f"{line.ratio:.2f}", goal,
        f"{line.p50_ms:.1f}", f"{line.p99_ms:.1f}", str(line.missed),
    ]  # fmt: skip


def shutdown_line(shutdown: Shutdown) -> str:
    """The sentence about SIGTERM."""
    start = f"SIGTERM with {shutdown.streams} open streams: {shutdown.server}"
    if shutdown.seconds is None:
        return f"{start} had to be killed (≤ {GOAL_SECONDS:.0f} s BELOW)"
    met = shutdown.seconds <= GOAL_SECONDS
    return (
        f"{start} had ended after {shutdown.seconds:.2f} s, {shutdown.closed} streams closed "
        f"(≤ {GOAL_SECONDS:.0f} s {verdict(met)})"
    )


def verdict(met: bool) -> str:
    """The word for a goal that is met, or not."""
    return "ok" if met else "BELOW"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in [head, rule, *rows])


def machine() -> str:
    """One line on what it ran on."""
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    processor = names[0].partition(":")[2].strip() if names else platform.machine()
    gib = int(memory[0]) / 1024**2 if memory else 0
    load = _lines("/proc/loadavg")[0].split()[0]
    return f"{len(names)} × {processor}, {gib:.0f} GiB, {platform.system()} {platform.release()}, load {load}"


def versions() -> str:
    """One line on what ran."""
    found = [f"{name} {_version(name)}" for name in PACKAGES]
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(found)}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
