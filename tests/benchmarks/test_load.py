"""The clients understand HTTP answers however they are cut and framed."""

from __future__ import annotations

import pytest

from benchmarks.load import is_complete, percentile
from benchmarks.requests import SCENARIOS, Drawn, Request, RestDialect
from benchmarks.rounds import Line, Run, summarize

WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [WITH_LENGTH, IN_CHUNKS])
def test_an_answer_is_complete_with_its_last_byte_and_not_before(answer: bytes) -> None:
    """Every shorter beginning is still waited for."""
    assert is_complete(answer)
    assert not any(is_complete(answer[:end]) for end in range(len(answer)))


def test_a_request_is_encoded_with_its_length() -> None:
    """Bodies carry their length, requests without one do not."""
    assert Request("POST", "/x", b"{}").encode().endswith(b"\r\nContent-Length: 2\r\n\r\n{}")
    assert b"Content-Length" not in Request("GET", "/x").encode()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_values_vary_and_are_the_same_for_every_server(scenario: object) -> None:
    """A thousand requests are drawn from a seed: mostly distinct, and drawn again they are equal."""
    import random

    assert hasattr(scenario, "requests")
    drawn = [scenario.requests(Drawn(RestDialect(), range(1, 1_001), 900, random.Random("seed"))) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len({request.encode() for request in drawn[0]}) > 500


def test_percentiles_of_few_values() -> None:
    """Of nothing it is nothing; the middle of three is the second."""
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_ratios_are_taken_round_by_round() -> None:
    """A round in which the machine was slow for both counts like any other: the median is of ratios."""
    costs = {"ceiling": (50.0, 500.0, 60.0), "other": (100.0, 1_000.0, 200.0)}
    scenario = SCENARIOS[0]
    runs = [
        Run(scenario.name, server, 1, 0, costs[server][number], 1.0, 1.0, 1.0, 1.0)
        for number in range(3)
        for server in costs
    ]
    lines = summarize([scenario], runs)
    assert [line.server for line in lines] == ["ceiling", "other"]
    assert isinstance(lines[1], Line)
    assert lines[1].ratios == (0.5, 0.5, 0.3)
    assert lines[1].ratio == 0.5
