"""A database for each test: private, or in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headless.changes import Change
from headless.database import SQLiteDatabase
from tests.database.posts import make_tables, on_sqlite


@pytest.fixture
async def database() -> AsyncIterator[SQLiteDatabase]:
    """An open, private database with the tables of `tests.database.posts`."""
    database = on_sqlite("sqlite:///:memory:")
    await database.open()
    await make_tables(database)
    yield database
    await database.close()


@pytest.fixture
async def filed(tmp_path: Path) -> AsyncIterator[SQLiteDatabase]:
    """The same in a file."""
    database = on_sqlite("sqlite:///test.db", tmp_path)
    await database.open()
    await make_tables(database)
    yield database
    await database.close()


@pytest.fixture
def commits(database: SQLiteDatabase) -> list[list[Change]]:
    """The changes of each commit of `database` since the test began."""
    commits: list[list[Change]] = []
    database.commit_listeners.append(commits.append)
    return commits
