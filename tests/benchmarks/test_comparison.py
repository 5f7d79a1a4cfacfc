"""The measuring tool measures: every request is answered, every message arrives. Counts only, never times."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import wide_app
from benchmarks.comparison import Comparison
from benchmarks.fanout import FanoutPlan
from benchmarks.report import Report
from benchmarks.requests import SCENARIOS
from benchmarks.rounds import Plan
from benchmarks.targets import (
    CeilingTarget,
    HeadlessTarget,
    LoopTarget,
    WideCeilingTarget,
    WideHeadlessTarget,
    read_running,
)
from headless.fields import registry
from headless.fields.base import every_field

REQUESTS = 12
SUBSCRIBERS = 4
MESSAGES = 3
ROUNDS = 2


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A tiny comparison of the framework with its yardsticks."""
    comparison = Comparison(
        targets=[CeilingTarget(), HeadlessTarget()],
        streamers=[LoopTarget(), HeadlessTarget()],
        scenarios=[replace(scenario, count=REQUESTS) for scenario in SCENARIOS],
        plan=Plan(rounds=ROUNDS, turns=1, connections=2, posts=300),
        fanout=FanoutPlan(rounds=1, subscribers=SUBSCRIBERS, messages=MESSAGES, rate=0),
        shutdown_streams=3,
    )
    return comparison.run(tmp_path_factory.mktemp("comparison"), lambda text: None)


def test_every_request_of_every_round_is_answered_by_every_server(report: Report) -> None:
    """Two servers are asked each scenario's requests in two interleaved rounds, and all answers are 2xx."""
    asked = [(run.scenario, run.server) for run in report.runs]
    servers = ["ceiling", "headless"] * ROUNDS
    assert asked == [(scenario.name, server) for scenario in SCENARIOS for server in servers]
    assert {(run.answered, run.failed) for run in report.runs} == {(REQUESTS, 0)}


def test_every_message_reaches_every_subscriber_once(report: Report) -> None:
    """The fan-out counts each delivery: none is missing, none comes twice."""
    assert [run.server for run in report.fanout_runs] == ["send loop", "headless"]
    for run in report.fanout_runs:
        assert (run.deliveries, run.fewest, run.most) == (SUBSCRIBERS * MESSAGES, MESSAGES, MESSAGES)


def test_a_server_told_to_end_closes_its_streams(report: Report) -> None:
    """SIGTERM with open streams ends the process by itself, and each client sees its stream end."""
    assert report.shutdown is not None
    assert (report.shutdown.server, report.shutdown.closed) == ("headless", 3)
    assert report.shutdown.seconds is not None


def test_the_report_has_a_line_for_each_server_and_names_the_goals(report: Report) -> None:
    """Tables hold every server, goals stand beside the framework's lines only, the JSON holds every run."""
    requests, streams, _ = report.tables()
    lines = requests.splitlines()[2:]
    assert ["≥" in line for line in lines] == [False, True] * len(SCENARIOS)
    assert ["≤" in line for line in streams.splitlines()[2:]] == [False, True]
    assert report.command in report.markdown()
    assert len(json.loads(json.dumps(report.json()))["runs"]) == len(report.runs)


def test_both_sides_answer_alike_on_a_collection_of_40_fields(tmp_path: Path) -> None:
    """Every type is among them; the answers are compared before anything is measured, and every request is answered."""
    holding = {field.type for field in every_field(wide_app.posts.fields)}
    assert set(registry) <= holding
    comparison = Comparison(
        targets=[WideCeilingTarget(), WideHeadlessTarget()],
        scenarios=[replace(scenario, count=REQUESTS) for scenario in SCENARIOS],
        plan=Plan(rounds=1, turns=1, connections=2, posts=300),
    )
    report = comparison.run(tmp_path, lambda text: None)
    assert {(run.answered, run.failed) for run in report.runs} == {(REQUESTS, 0)}


@pytest.mark.parametrize("text", ["http://127.0.0.1:1@1", "a=http://example.com:80@1", "a=http://127.0.0.1:80"])
def test_only_servers_on_loopback_can_be_added(text: str) -> None:
    """An address elsewhere, or without its process id, is refused."""
    with pytest.raises(ValueError):
        read_running(text)


def test_a_running_server_can_be_added() -> None:
    """Its name, port and process id are read from one word."""
    target = read_running("other=http://127.0.0.1:8000@42")
    assert (target.name, target.port, target.pid) == ("other", 8000, 42)


def test_the_directory_is_where_everything_is_kept(tmp_path: Path) -> None:
    """A target's database lies in the directory it is given."""
    CeilingTarget().prepare(tmp_path, 5)
    assert (tmp_path / "ceiling.db").exists()
