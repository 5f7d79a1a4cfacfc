"""Two processes on one PostgreSQL, one killed in between: subscribers get every message once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reliability.failover import FailoverPlan, failover


@pytest.mark.postgres
@pytest.mark.slow
async def test_no_message_is_lost_or_repeated_when_a_node_dies(tmp_path: Path, postgres_url: str) -> None:
    """Killed from outside, and by itself between a commit and the call that tells of it."""
    plan = FailoverPlan(seconds=6, subscribers=6, rate=40, every=1)
    outcome = await failover(tmp_path, postgres_url, plan, lambda text: None)
    assert outcome.problems == []
    assert outcome.between
    assert outcome.stored >= outcome.acknowledged > 0
    assert outcome.deliveries == outcome.stored * plan.subscribers
