"""What the server acknowledged is there after it was killed."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reliability.kill import KillPlan, kill_rounds


def test_no_acknowledged_create_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Killed while ten clients create, and started again: every id answered is there, whole and logged."""
    outcome = kill_rounds(tmp_path, KillPlan(rounds=2, fewest=20, most=60), lambda text: None)
    assert outcome.problems == []
    assert outcome.rounds == 2
    assert outcome.documents >= outcome.acknowledged >= 40
