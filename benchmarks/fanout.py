"""Fan-out: what one message costs for each subscriber, next to a hand-written loop over ASGI `send`."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.clients import client, read_line
from benchmarks.requests import Dialect
from benchmarks.servers import HOST, Server, ServerFailed
from benchmarks.targets import Target

GOAL = 1.5
WARM_SUBSCRIBERS = 20
WARM_MESSAGES = 20


@dataclass(frozen=True)
class FanoutPlan:
    """How many subscribers and messages, how many messages a second (0: no pause), and in how many rounds."""

    rounds: int = 5
    subscribers: int = 1_000
    messages: int = 60
    rate: float = 20.0
    seconds: float = 60.0


@dataclass(frozen=True)
class FanoutRun:
    """One server's figures in one round."""

    server: str
    expected: int
    deliveries: int
    fewest: int
    most: int
    cpu_us: float
    kib: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class FanoutLine:
    """One server's medians, and its cost as a multiple of the yardstick's in each round and overall."""

    server: str
    cpu_us: float
    kib: float
    p50_ms: float
    p99_ms: float
    missed: int
    ratios: tuple[float, ...]
    ratio: float
    goal: float = GOAL


def measure_fanout(
    targets: Sequence[Target], directory: Path, plan: FanoutPlan, port: int, say: Callable[[str], None]
) -> list[FanoutRun]:
    """All runs, interleaved. Each starts its server anew, since memory once taken is seldom given back."""
    runs: list[FanoutRun] = []
    for number in range(1, plan.rounds + 1):
        for target in targets:
            server = target.start(directory, port)
            try:
                run = _run(server, target.dialect, plan)
            finally:
                server.stop()
            say(f"fan-out, round {number}: {run.server} {run.cpu_us:.1f} µs, {run.kib:.1f} KiB")
            runs.append(run)
    return runs


def summarize_fanout(runs: Sequence[FanoutRun]) -> list[FanoutLine]:
    """One line per server; the first is the yardstick."""
    yardstick = [run for run in runs if run.server == runs[0].server] if runs else []
    names = dict.fromkeys(run.server for run in runs)
    return [_line([run for run in runs if run.server == name], yardstick) for name in names]


def _line(runs: Sequence[FanoutRun], yardstick: Sequence[FanoutRun]) -> FanoutLine:
    ratios = tuple(run.cpu_us / (best.cpu_us or 1.0) for best, run in zip(yardstick, runs, strict=True))
    return FanoutLine(
        runs[0].server,
        median(run.cpu_us for run in runs),
        median(run.kib for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
        sum(run.expected - run.deliveries for run in runs),
        ratios,
        median(ratios),
    )


def _run(server: Server, dialect: Dialect, plan: FanoutPlan) -> FanoutRun:
    _listen(server, dialect, FanoutPlan(1, WARM_SUBSCRIBERS, WARM_MESSAGES, 0.0, plan.seconds))
    return _listen(server, dialect, plan)


def _listen(server: Server, dialect: Dialect, plan: FanoutPlan) -> FanoutRun:
    before = server.memory()
    with client("benchmarks.subscribers", audience(server, dialect, plan)) as process:
        subscribed = int(read_line(process).split()[1])
        if subscribed != plan.subscribers:
            raise ServerFailed(
                f"{server.name} accepted {subscribed} of {plan.subscribers} subscribers\n{server.log_end()}"
            )
        memory = server.memory() - before
        used = server.cpu()
        publish(server, dialect, plan.messages, plan.rate)
        result = json.loads(read_line(process))
        used = server.cpu() - used
    return FanoutRun(
        server.name,
        plan.subscribers * plan.messages,
        result["deliveries"],
        result["fewest"],
        result["most"],
        used / max(1, result["deliveries"]) * 1e6,
        memory / plan.subscribers,
        result["p50_ms"],
        result["p99_ms"],
    )


def audience(server: Server, dialect: Dialect, plan: FanoutPlan) -> dict[str, object]:
    """The order to the process that holds the subscribers."""
    return {
        "host": HOST,
        "port": server.port,
        "path": dialect.stream,
        "topic": dialect.topic,
        "count": plan.subscribers,
        "messages": plan.messages,
        "seconds": plan.seconds,
    }


def publish(server: Server, dialect: Dialect, messages: int, rate: float) -> None:
    """Send the messages one after the other, each carrying the moment it was sent, at an even pace."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
    start = time.monotonic()
    for number in range(messages):
        if rate:
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
        request = dialect.publish(f"[{time.monotonic_ns()}]")
        connection.request(request.method, request.target, request.body, dict(request.headers))
        response = connection.getresponse()
        response.read()
        if response.status >= 300:
            raise ServerFailed(f"{server.name} answers {response.status} to a message")
    connection.close()
