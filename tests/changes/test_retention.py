"""The log is kept for as long as it was asked to be, by the platform's own clock."""

from __future__ import annotations

import asyncio

import pytest

from headless.changes import retention
from headless.changes.retention import Retention
from headless.clock import iso_from_ms
from tests.changes.journal import opened, until

DAY = 86_400


async def test_a_week_is_kept_by_default() -> None:
    """Older changes go, younger ones stay."""
    async with opened() as journal:
        for day in range(10):
            journal.moment = iso_from_ms(day * DAY * 1000)
            await journal.create(day=day)
        assert await Retention(journal.log, now=lambda: 9 * DAY).prune() == 2
        assert [change.after for change in await journal.log.following(0, 1)] == [{"id": 3, "day": 2}]


async def test_pruning_goes_on_by_itself_and_ends_with_the_application(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is repeated, also after a failure, until it is stopped; nothing is left running."""
    monkeypatch.setattr(retention, "FIRST_AFTER", 0.0)
    monkeypatch.setattr(retention, "EVERY", 0.0)
    pruned: list[int] = []

    class Failing(Retention):
        async def prune(self) -> int:
            pruned.append(1)
            if len(pruned) == 1:
                raise RuntimeError("busy")
            return 0

    caplog.set_level("CRITICAL", "headless.changes")
    async with opened() as journal:
        tasks = len(asyncio.all_tasks())
        kept = Failing(journal.log)
        kept.start()
        await until(lambda: len(pruned) > 3)
        await kept.stop()
        assert len(asyncio.all_tasks()) == tasks
