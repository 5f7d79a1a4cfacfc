"""Whoever follows the feed hears every committed change once, in the order of the log, also of other processes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from headless.changes import Change, feed
from headless.changes.log import ChangeLog
from tests.changes.journal import Journal, opened, until


class Ear:
    """A listener that remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[Change] = []

    def __call__(self, changes: list[Change]) -> None:
        self.heard += changes

    @property
    def sequences(self) -> list[int | None]:
        return [change.seq for change in self.heard]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes each reading of the log gave."""
    counts: list[int] = []
    following = ChangeLog.following

    async def counted(self: ChangeLog, *arguments: Any) -> list[Change]:
        found = await following(self, *arguments)
        counts.append(len(found))
        return found

    monkeypatch.setattr(ChangeLog, "following", counted)
    return counts


async def caught_up(journal: Journal) -> None:
    await until(lambda: journal.feed._reading is None)


async def test_own_commits_are_handed_over_from_memory(reads: list[int]) -> None:
    """The very objects that were written are heard; nothing is read back."""
    ear, change = Ear(), Change(None, "posts", 1, "create", None, "", None, {"id": 1})
    async with opened() as journal:
        await journal.feed.subscribe(ear)
        await caught_up(journal)
        await journal.append(change)
        assert ear.heard[0] is change
        assert sum(reads) == 0


async def test_a_change_is_heard_before_its_writer_goes_on() -> None:
    """An acknowledged write has been told already."""
    ear = Ear()
    async with opened() as journal:
        await journal.feed.subscribe(ear)
        await caught_up(journal)
        for expected in range(1, 6):
            await journal.create()
            assert ear.sequences == list(range(1, expected + 1))


async def test_many_writers_are_heard_in_the_order_of_the_log() -> None:
    """The order is the sequence, whoever wrote and whenever: here all at the same moment."""
    ear = Ear()
    async with opened() as journal:
        await journal.feed.subscribe(ear)
        await asyncio.gather(*[journal.create(number=number) for number in range(200)])
        await until(lambda: len(ear.heard) == 200)
        logged = await journal.log.following(0, 1_000)
    assert ear.sequences == list(range(1, 201))
    assert [change.after for change in ear.heard] == [change.after for change in logged]


async def test_what_another_process_wrote_in_between_is_read_from_the_log(tmp_path: Path) -> None:
    """Own changes that do not follow directly on the last one wait for those before them."""
    ear = Ear()
    async with opened(tmp_path / "a.db") as journal, opened(tmp_path / "a.db") as other:
        await journal.feed.subscribe(ear)
        await caught_up(journal)
        for _ in range(300):
            await other.create(by="other")
        await asyncio.gather(*[journal.create(by="me") for _ in range(20)])
        await until(lambda: len(ear.heard) == 320)
    assert ear.sequences == list(range(1, 321))
    assert [change.after["by"] for change in ear.heard if change.after][300:] == ["me"] * 20


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found by looking again after a while."""
    monkeypatch.setattr(feed, "LOOK_EVERY", 3_600)


@pytest.mark.usefixtures("never_looks")
async def test_a_long_absence_is_read_to_its_end(tmp_path: Path) -> None:
    """One look is enough, however much was written."""
    ear = Ear()
    async with opened(tmp_path / "a.db") as journal, opened(tmp_path / "a.db") as other:
        await journal.feed.subscribe(ear)
        await caught_up(journal)
        await asyncio.gather(*[other.create() for _ in range(feed.PAGE * 2 + 10)])
        journal.feed.look()
        await until(lambda: len(ear.heard) == feed.PAGE * 2 + 10)


@pytest.mark.usefixtures("never_looks")
async def test_what_is_committed_while_the_position_is_read_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The position a listener is given and what it hears next have nothing between them."""
    highest, ear = ChangeLog.highest, Ear()

    async def slowly(self: ChangeLog) -> int:
        position = await highest(self)
        await journal.create()
        return position

    monkeypatch.setattr(ChangeLog, "highest", slowly)
    async with opened() as journal:
        await journal.feed.subscribe(ear)
        await until(lambda: ear.sequences == [1])


@pytest.mark.usefixtures("never_looks")
async def test_what_is_committed_while_the_log_is_read_is_heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A call that comes during a reading leads to another one."""
    following, ear = ChangeLog.following, Ear()
    writes = 3

    async def slowly(self: ChangeLog, *arguments: Any) -> list[Change]:
        nonlocal writes
        found = await following(self, *arguments)
        if writes:
            writes -= 1
            await (journal if writes % 2 else other).create()
            journal.feed.look()
        return found

    monkeypatch.setattr(ChangeLog, "following", slowly)
    async with opened(tmp_path / "a.db") as journal, opened(tmp_path / "a.db") as other:
        await journal.feed.subscribe(ear)
        await until(lambda: ear.sequences == [1, 2, 3])


@pytest.mark.usefixtures("never_looks")
async def test_another_process_is_heard_by_its_call(tmp_path: Path) -> None:
    """Processes on one file wake each other; nobody has to look."""
    ear = Ear()
    async with opened(tmp_path / "a.db", wake=True) as journal, opened(tmp_path / "a.db", wake=True) as other:
        await journal.feed.subscribe(ear)
        await caught_up(journal)
        for number in range(1, 4):
            await other.create()
            await until(lambda number=number: len(ear.heard) == number)  # type: ignore[misc]


async def test_a_lost_call_is_made_good_by_the_next_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any call the log is looked at from time to time while somebody listens."""
    monkeypatch.setattr(feed, "LOOK_EVERY", 0.01)
    ear = Ear()
    async with opened(tmp_path / "a.db") as journal, opened(tmp_path / "a.db") as other:
        await journal.feed.subscribe(ear)
        await other.create()
        await until(lambda: ear.sequences == [1])


async def test_nothing_is_read_and_no_socket_exists_while_nobody_listens(tmp_path: Path, reads: list[int]) -> None:
    """A feed that nobody follows costs nothing."""
    async with opened(tmp_path / "a.db", wake=True) as journal:
        await journal.create()
        unsubscribe = await journal.feed.subscribe(Ear())
        await caught_up(journal)
        assert len(list((tmp_path / "a.db-wake").iterdir())) == 1
        unsubscribe()
        assert not (tmp_path / "a.db-wake").exists()
        seen = len(reads)
        await journal.create()
        assert len(reads) == seen


async def test_a_late_listener_hears_what_comes_after_it() -> None:
    """A listener begins at the position the feed has when it subscribed, also after a pause."""
    first, second = Ear(), Ear()
    async with opened() as journal:
        unsubscribe = await journal.feed.subscribe(first)
        await journal.create()
        await until(lambda: first.sequences == [1])
        unsubscribe()
        await journal.create()
        await journal.feed.subscribe(second)
        assert journal.feed.position == 2
        await journal.create()
        await until(lambda: second.sequences == [3])
    assert first.sequences == [1]


async def test_no_change_falls_between_subscribing_and_listening() -> None:
    """While writers write, a listener misses nothing after the position it was given."""
    async with opened() as journal:
        writing = asyncio.gather(*[journal.create() for _ in range(100)])
        for _ in range(20):
            ear = Ear()
            unsubscribe = await journal.feed.subscribe(ear)
            start = journal.feed.position
            await asyncio.sleep(0)
            unsubscribe()
            assert ear.sequences == list(range(start + 1, start + 1 + len(ear.heard)))
        ear = Ear()
        await journal.feed.subscribe(ear)
        start = journal.feed.position
        await writing
        await until(lambda: ear.sequences == list(range(start + 1, 101)))


async def test_a_listener_that_fails_takes_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged, the other listeners and the writer go on."""
    ear = Ear()

    def fail(changes: list[Change]) -> None:
        raise RuntimeError("deaf")

    async with opened() as journal:
        await journal.feed.subscribe(fail)
        await journal.feed.subscribe(ear)
        caplog.set_level("CRITICAL", "headless.changes")
        await journal.create()
        await until(lambda: ear.sequences == [1])


async def test_a_log_that_cannot_be_read_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A reading that fails loses nothing: the next one begins where the last success ended."""
    monkeypatch.setattr(feed, "LOOK_EVERY", 0.01)
    caplog.set_level("CRITICAL", "headless.changes")
    following, failures, ear = ChangeLog.following, [RuntimeError("busy")] * 3, Ear()

    async def unreliable(self: ChangeLog, *arguments: Any) -> list[Change]:
        if failures:
            raise failures.pop()
        return await following(self, *arguments)

    monkeypatch.setattr(ChangeLog, "following", unreliable)
    async with opened(tmp_path / "a.db") as journal, opened(tmp_path / "a.db") as other:
        await journal.feed.subscribe(ear)
        await other.create()
        await until(lambda: ear.sequences == [1])
    assert not failures
