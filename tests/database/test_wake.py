"""Processes that share a database file call each other without a server, and clean up after each other."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from headless.changes import feed
from headless.database.sqlite_wake import SQLiteWake
from tests.changes.journal import opened, until

OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from headless.changes import feed
from tests.changes.journal import opened, until

async def main():
    feed.LOOK_EVERY = 3600
    heard = []
    async with opened(Path(sys.argv[1]), wake=True) as journal:
        await journal.feed.subscribe(heard.extend)
        print("listening", flush=True)
        await until(lambda: heard)
        print("heard", heard[0].after["text"], flush=True)
        await journal.create(text="answer")

asyncio.run(main())
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


async def test_a_call_reaches_all_others_but_not_the_caller(database: Path) -> None:
    """Every process that listens is called, the one that calls is not."""
    calls: list[int] = []
    wakes = [SQLiteWake(database) for _ in range(3)]
    for number, wake in enumerate(wakes):
        assert wake.open(lambda number=number: calls.append(number))  # type: ignore[misc]
    wakes[0].ring()
    await until(lambda: sorted(calls) == [1, 2])
    wakes[1].ring()
    await until(lambda: sorted(calls) == [0, 1, 2, 2])
    for wake in wakes:
        wake.close()
    assert list(database.parent.iterdir()) == []


async def test_a_database_deep_in_the_file_system_is_called_too(tmp_path: Path) -> None:
    """The address of a socket is short by law; the path of a database need not be."""
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 10)
    deep.mkdir(parents=True)
    called = asyncio.Event()
    listening, calling = SQLiteWake(deep / "a.db"), SQLiteWake(deep / "a.db")
    assert listening.open(called.set)
    calling.ring()
    async with asyncio.timeout(20):
        await called.wait()
    calling.close()
    listening.close()
    assert list(deep.iterdir()) == []


async def test_what_a_dead_process_left_behind_is_removed(database: Path) -> None:
    """A socket nobody reads any more goes with the next call."""
    wake = SQLiteWake(database)
    wake.folder.mkdir()
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(str(wake.folder / "1-dead"))
    dead.close()
    assert len(list(wake.folder.iterdir())) == 1
    wake.ring()
    assert list(wake.folder.iterdir()) == []
    wake.close()


async def test_calling_where_nobody_ever_listened_does_nothing(database: Path) -> None:
    """No folder is made by those who only write."""
    wake = SQLiteWake(database)
    wake.ring()
    wake.close()
    assert list(database.parent.iterdir()) == []


async def test_a_listener_that_is_busy_does_not_hold_up_the_caller(database: Path) -> None:
    """Calls that do not fit any more are dropped: one that waits says everything."""
    calls: list[None] = []
    listening, calling = SQLiteWake(database), SQLiteWake(database)
    listening.open(lambda: calls.append(None))
    for _ in range(5_000):
        calling.ring()
    await until(lambda: calls)
    assert len(calls) < 5_000
    calling.close()
    listening.close()


async def test_two_processes_on_one_file_hear_each_other(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit in one process is heard in the other, both ways, by the call alone."""
    monkeypatch.setattr(feed, "LOOK_EVERY", 3_600)
    heard: list[str] = []
    async with opened(database, wake=True) as journal, asyncio.timeout(60):
        await journal.feed.subscribe(
            lambda changes: heard.extend(change.after["text"] for change in changes if change.after)
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER_PROCESS, str(database), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        await journal.create(text="question")
        assert await process.stdout.readline() == b"heard question\n"
        await until(lambda: heard == ["question", "answer"])
        assert await process.wait() == 0
