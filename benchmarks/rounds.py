"""Interleaved rounds: servers are asked in short turns (A B B A …), so a busy machine is busy for all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.clients import client, read_line, write_line
from benchmarks.requests import DISTINCT, Dialect, Drawn, Request, Scenario
from benchmarks.servers import HOST, Server, ServerFailed


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    A round of a scenario is cut into `turns`, whose sums are its figures; `share` is a factor on its
    requests, and `seconds` the most that one turn may take.
    """

    rounds: int = 5
    turns: int = 4
    connections: int = 16
    share: float = 1.0
    seconds: float = 5.0
    posts: int = 10_000


@dataclass(frozen=True)
class Contender:
    """A running server, how to ask it, and the ids of posts it holds."""

    server: Server
    dialect: Dialect
    ids: Sequence[int | str]
    pages: int


@dataclass(frozen=True)
class Turn:
    """What the load generator counted in one go, and the processor seconds the server used for it."""

    answered: int
    failed: int
    bytes: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu: float


@dataclass(frozen=True)
class Run:
    """One server's figures in one round of one scenario."""

    scenario: str
    server: str
    answered: int
    failed: int
    cpu_us: float
    requests_per_second: float
    bytes: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Line:
    """One server's medians in one scenario, and its share of the yardstick in each round and overall."""

    scenario: str
    title: str
    server: str
    cpu_us: float
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    failed: int
    ratios: tuple[float, ...]
    ratio: float
    goal: float


def contend(server: Server, dialect: Dialect, posts: int) -> Contender:
    """The server, once it answers, with a thousand ids from all over its collection."""
    total = dialect.total(server.ask(dialect.page(1, 10, 0)))
    if total < posts:
        raise ServerFailed(f"{server.name} holds {total} posts, not {posts}")
    step = max(1, posts // 200 // 5)
    ids: list[int | str] = []
    for page in range(1, max(2, posts // 200 + 1), step):
        ids += [doc["id"] for doc in dialect.documents(server.ask(dialect.page(page, 200, 0)))]
    # A tenth is left out at the end, so that no page drawn is empty or short.
    return Contender(server, dialect, ids[:DISTINCT], max(1, posts // 10 * 9 // 10))


def measure(
    scenarios: Sequence[Scenario], contenders: Sequence[Contender], plan: Plan, say: Callable[[str], None]
) -> list[Run]:
    """All runs, in the order they were made."""
    runs: list[Run] = []
    for scenario in scenarios:
        say(f"{scenario.title}: warming up")
        for contender in contenders:
            _take_turn(contender, plan, draw_requests(scenario, contender, 0), min(DISTINCT, scenario.count))
        for number in range(1, plan.rounds + 1):
            for run in _measure_round(scenario, contenders, plan, number):
                say(f"{scenario.title}, round {number}: {run.server} {run.cpu_us:.0f} µs")
                runs.append(run)
    return runs


def _measure_round(scenario: Scenario, contenders: Sequence[Contender], plan: Plan, number: int) -> list[Run]:
    count = max(1, int(scenario.count * plan.share / plan.turns))
    turns: dict[str, list[Turn]] = {contender.server.name: [] for contender in contenders}
    for turn in range(plan.turns):
        for contender in contenders if turn % 2 == 0 else reversed(contenders):
            requests = draw_requests(scenario, contender, number * plan.turns + turn)
            turns[contender.server.name].append(_take_turn(contender, plan, requests, count))
    return [_add_up(scenario, server, taken) for server, taken in turns.items()]


def _add_up(scenario: Scenario, server: str, turns: Sequence[Turn]) -> Run:
    asked = max(1, sum(turn.answered + turn.failed for turn in turns))
    return Run(
        scenario.name,
        server,
        sum(turn.answered for turn in turns),
        sum(turn.failed for turn in turns),
        sum(turn.cpu for turn in turns) / asked * 1e6,
        asked / max(1e-9, sum(turn.seconds for turn in turns)),
        sum(turn.bytes for turn in turns) / asked,
        median(turn.p50_ms for turn in turns),
        median(turn.p99_ms for turn in turns),
    )


def summarize(scenarios: Sequence[Scenario], runs: Sequence[Run]) -> list[Line]:
    """One line per scenario and server; the first server is the yardstick."""
    lines = []
    for scenario in scenarios:
        of = [run for run in runs if run.scenario == scenario.name]
        yardstick = [run for run in of if run.server == of[0].server] if of else []
        for server in dict.fromkeys(run.server for run in of):
            lines.append(_line(scenario, [run for run in of if run.server == server], yardstick))
    return lines


def _line(scenario: Scenario, runs: Sequence[Run], yardstick: Sequence[Run]) -> Line:
    ratios = tuple(best.cpu_us / (run.cpu_us or 1.0) for best, run in zip(yardstick, runs, strict=True))
    return Line(
        scenario.name,
        scenario.title,
        runs[0].server,
        median(run.cpu_us for run in runs),
        median(run.requests_per_second for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
        sum(run.failed for run in runs),
        ratios,
        median(ratios),
        scenario.goal,
    )


def draw_requests(scenario: Scenario, contender: Contender, number: int) -> list[Request]:
    """The round's requests: creates are new, reads the same thousand in another order.

    So what a server may remember of a distinct query, its total above all, is remembered by every server.
    """
    seed = number if scenario.name == "create" else 0
    drawn = Drawn(contender.dialect, contender.ids, contender.pages, random.Random(f"{scenario.name} {seed}"))
    requests = scenario.requests(drawn)
    random.Random(number).shuffle(requests)
    return requests


def _take_turn(contender: Contender, plan: Plan, requests: Sequence[Request], count: int) -> Turn:
    server = contender.server
    order = {
        "host": HOST,
        "port": server.port,
        "connections": plan.connections,
        "count": count,
        "seconds": plan.seconds,
        "requests": [request.encode().decode("latin-1") for request in requests],
    }
    with client("benchmarks.load", order) as process:
        read_line(process)
        before = server.cpu()
        write_line(process, "go")
        result = json.loads(read_line(process))
        return Turn(**result, cpu=server.cpu() - before)
