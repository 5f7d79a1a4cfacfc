"""Several processes on one file, and the sudden end of one."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from headless.changes import Change
from headless.database import SQLiteDatabase
from headless.database import connection as connections
from headless.errors import Unavailable
from tests.database.posts import add_post, titles

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(filed: SQLiteDatabase) -> Iterator[sqlite3.Connection]:
    """A connection as another process would have one."""
    with closing(sqlite3.connect(filed.path, isolation_level=None)) as connection:
        yield connection


async def test_a_lock_of_another_process_is_waited_for_in_the_thread(
    filed: SQLiteDatabase, elsewhere: sqlite3.Connection
) -> None:
    """The loop goes on reading; what queues meanwhile is one group."""
    commits: list[list[Change]] = []
    filed.commit_listeners.append(commits.append)
    elsewhere.execute("BEGIN IMMEDIATE")
    elsewhere.execute("INSERT INTO posts (title) VALUES ('theirs')")

    async def transact() -> None:
        async with filed.transaction():
            await filed.store(lambda: add_post("two"))

    writing = [asyncio.create_task(filed.store(lambda: add_post("one"))), asyncio.create_task(transact())]
    for _ in range(20):
        await asyncio.sleep(0)
        assert await titles(filed) == []
    assert not any(task.done() for task in writing)
    elsewhere.execute("COMMIT")
    await asyncio.gather(*writing)
    assert await titles(filed) == ["theirs", "one", "two"]
    assert len(commits) == 1


async def test_a_lock_that_is_never_released_is_a_503(
    filed: SQLiteDatabase, elsewhere: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For everybody who waited; afterwards writing works again."""
    monkeypatch.setattr("headless.database.writer.BUSY_MS", 20)
    assert connections.BUSY_MS == 10_000
    elsewhere.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(
        *(filed.store(partial(add_post, f"post {n}")) for n in range(3)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    elsewhere.execute("ROLLBACK")
    await filed.store(lambda: add_post("after"))
    assert await titles(filed) == ["after"]


async def test_two_writers_on_one_file_lose_nothing(filed: SQLiteDatabase) -> None:
    """They take turns."""
    other = SQLiteDatabase(filed.path)
    await other.open()
    await asyncio.gather(
        *(
            database.store(partial(add_post, f"{name} {n}"))
            for n in range(100)
            for name, database in (("a", filed), ("b", other))
        )
    )
    assert sorted(await titles(filed)) == sorted(f"{name} {n}" for n in range(100) for name in "ab")
    await other.close()


def killed(folder: Path, name: str, acknowledged: int) -> list[str]:
    """What a writing process had acknowledged when it was killed, at least so much."""
    command = [sys.executable, "-m", "tests.database.writing", str(folder), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        lines = process.stdout
        assert lines is not None
        titles = [lines.readline().strip() for _ in range(acknowledged)]
        process.kill()
        # A line that was cut off by the kill was not acknowledged.
        titles += [line.strip() for line in lines if line.endswith("\n")]
    return titles


@pytest.mark.slow
def test_kill_loses_no_acknowledged_write(tmp_path: Path) -> None:
    """Killed with -9 in mid-writing, several times: each row that was acknowledged is there, whole and in the log."""
    acknowledged: list[str] = []
    for number in range(4):
        acknowledged += killed(tmp_path, f"round {number}", 100 * (number + 1))
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        rows = {title for (title,) in connection.execute("SELECT title FROM posts")}
        logged = {title for (title,) in connection.execute("SELECT json_extract(after, '$.title') FROM _changes")}
        order = [seq for (seq,) in connection.execute("SELECT seq FROM _changes ORDER BY seq")]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert len(acknowledged) >= 1000
    assert set(acknowledged) <= rows
    assert rows == logged
    assert order == list(range(1, len(rows) + 1))
    in_two_parts = {title for title in rows if int(title.split()[2]) % 2 == 0}
    assert {f"{title} again" for title in in_two_parts if not title.endswith("again")} <= in_two_parts
