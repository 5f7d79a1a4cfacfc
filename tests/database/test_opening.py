"""Which database a URL names, how its connections are set up, and what is left when it is closed."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from headless.database import SQLiteDatabase, Statement
from headless.errors import ConfigError, Unavailable
from tests.database.posts import add_post, make_tables, on_sqlite, titles


def test_a_url_names_a_file(tmp_path: Path) -> None:
    """Relative to the data folder, or absolute."""
    assert on_sqlite("sqlite:///shop.db", tmp_path).path == tmp_path / "shop.db"
    assert on_sqlite("sqlite:////var/shop.db", tmp_path).path == Path("/var/shop.db")
    assert on_sqlite("sqlite:///data/shop.db").path == Path("data/shop.db")


@pytest.mark.parametrize("url", ["shop.db", "sqlite://", "sqlite:///", "mysql://user:secret@host/shop", ""])
def test_another_url_is_refused(url: str) -> None:
    """With what to write instead, and without the password."""
    with pytest.raises(ConfigError, match=r"sqlite:///file\.db") as raised:
        on_sqlite(url)
    assert "secret" not in str(raised.value)


async def test_the_folder_is_made_and_the_file_stays(tmp_path: Path) -> None:
    """What was written is there when it is opened again, and no log file is left over."""
    for number in range(3):
        database = on_sqlite("sqlite:///new/folder/test.db", tmp_path)
        await database.open()
        await make_tables(database)
        assert len(await titles(database)) == number
        await database.store(partial(add_post, str(number)))
        await database.close()
    assert [path.name for path in (tmp_path / "new/folder").iterdir()] == ["test.db"]


async def test_a_private_database_leaves_nothing() -> None:
    """Its directory goes when it is closed; two of them are not the same."""
    one, two = on_sqlite("sqlite:///:memory:"), on_sqlite("sqlite:///:memory:")
    await one.open()
    await two.open()
    assert one.path != two.path
    assert one.path.exists()
    await one.close()
    await one.close()
    await two.close()
    assert not one.path.parent.exists()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("temp_store", 2)],
)
async def test_every_connection_is_set_up_alike(filed: SQLiteDatabase, pragma: str, value: Any) -> None:
    """The inline reader's, a thread's, the writer's and a snapshot's."""
    inline, risky = Statement(f"PRAGMA {pragma}"), Statement(f"PRAGMA {pragma}", risky=True)
    answers = [await filed.read(inline), await filed.read(risky)]
    async with filed.transaction():
        answers.append(await filed.read(inline))
    async with filed.snapshot():
        answers.append(await filed.read(inline))
    assert answers == [[(value,)]] * 4


async def test_a_closed_database_is_unavailable() -> None:
    """Whoever still asks while the server stops is told so, not shown an error of the program."""
    database = on_sqlite("sqlite:///:memory:")
    await database.open()
    await make_tables(database)
    await database.close()
    risky = Statement("SELECT 1", risky=True)
    for call in (
        lambda: titles(database),
        lambda: database.store(partial(add_post, "late")),
        lambda: database.read(risky),
    ):
        with pytest.raises(Unavailable):
            await call()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """And nothing is left running."""
    (tmp_path / "test.db").write_bytes(b"something else entirely" * 100)
    database = on_sqlite("sqlite:///test.db", tmp_path)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await database.open()
    await database.close()
