"""`headless transfer`: what it prints, the codes it ends with, and that a kill costs nothing but time."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headless import Headless as App
from headless.loader import load_project
from tests.cli.conftest import Headless
from tests.cli.running import write
from tests.postgres import Connected

PROJECT = """
collections:
  - slug: posts
    fields:
      - {name: title, type: text}
      - {name: before, type: relationship, relation_to: posts}
"""
OLD, NEW = "sqlite:///old.db", "sqlite:///new.db"
POSTS = 250
KILLED = """
import os, signal, sys
from headless.cli import main
from headless.database.transfer.target import Notes

written = Notes.write

def write(self, connection, *note):
    written(self, connection, *note)
    if note[0] == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)

Notes.write = write
main(["transfer", *sys.argv[2:]])
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """A project with posts in the database `old.db`."""
    write(folder, {"headless.yaml": PROJECT})

    async def fill() -> None:
        app = App(load_project(folder / "headless.yaml"), database=OLD, secret="for tests")
        await app.startup()
        api = app.as_system()
        before = None
        for number in range(POSTS):
            before = (await api.create("posts", {"title": f"number {number}", "before": before}))["id"]
        await app.aclose()

    asyncio.run(fill())
    return folder


@pytest.fixture
def schema(postgres_url: str) -> Iterator[str]:
    """The URL of a schema, which is gone after the test."""
    name = f"transfer_{secrets.token_hex(6)}"
    yield f"{postgres_url}?schema={name}"
    server = Connected(postgres_url)
    server.execute(f"SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {name} CASCADE")
    server.close()


def in_new(project: Path, sql: str) -> None:
    with sqlite3.connect(project / "data" / "new.db") as connection:
        connection.execute(sql)
    connection.close()


def test_it_says_what_was_copied_and_that_it_is_equal(project: Path, headless: Headless) -> None:
    """A line for each table; what is not declared is told beforehand."""
    with sqlite3.connect(project / "data" / "old.db") as connection:
        connection.execute("CREATE TABLE ledger (entry TEXT)")
        connection.execute("INSERT INTO ledger VALUES ('1')")
    connection.close()
    done = headless("transfer", OLD, NEW)
    assert done.code == 0
    assert "Table ledger is not declared, so its 1 rows are left behind" in done.err
    posts = next(line.split() for line in done.out.splitlines() if line.startswith("posts"))
    assert posts[1:3] == ["250", "250"]
    assert posts[3] == posts[4]
    assert "Transferred, and equal: 7 tables, 501 rows." in done.out
    assert headless("transfer", OLD, NEW, "--verify").code == 0


def test_one_changed_value_is_found(project: Path, headless: Headless) -> None:
    """`--verify` names the table, and ends with a code of its own."""
    headless("transfer", OLD, NEW)
    in_new(project, "UPDATE posts SET title = 'number 77 ' WHERE id = 78")
    done = headless("transfer", OLD, NEW, "--verify")
    assert done.code == 3
    assert "values differ" in done.out
    assert "Not equal: posts." in done.err
    in_new(project, "UPDATE posts SET title = 'number 77' WHERE id = 78")
    assert headless("transfer", OLD, NEW, "--verify").code == 0
    in_new(project, "DELETE FROM posts WHERE id = 250")
    assert "rows differ" in headless("transfer", OLD, NEW, "--verify").out


def test_ids_that_would_return_are_a_difference(project: Path, headless: Headless) -> None:
    """The rows are the same, but a deleted document's id would be given again."""
    connection = sqlite3.connect(project / "data" / "old.db")
    connection.execute("DELETE FROM posts WHERE id = 250")
    connection.commit()
    connection.close()
    headless("transfer", OLD, NEW)
    assert headless("transfer", OLD, NEW, "--verify").code == 0
    in_new(project, "UPDATE sqlite_sequence SET seq = 249 WHERE name = 'posts'")
    done = headless("transfer", OLD, NEW, "--verify")
    assert done.code == 3
    assert "ids would return" in done.out


def test_scripts_read_the_outcome_as_json(project: Path, headless: Headless) -> None:
    """Nothing else is on standard output. TO is DATABASE_URL unless it is named."""
    write(project, {".env": f"DATABASE_URL={NEW}\n"})
    done = headless("transfer", OLD, "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["equal"], told["resumed"], told["writtenSince"], told["leftBehind"]) == (True, False, 0, [])
    posts = next(table for table in told["tables"] if table["table"] == "posts")
    assert posts["from"] == posts["to"]
    assert (posts["equal"], posts["to"]["rows"], posts["to"]["lastId"]) == (True, POSTS, POSTS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((OLD,), "TO is missing: name it, or set DATABASE_URL"),
        ((OLD, OLD), "FROM and TO are the same database"),
        (("sqlite:///none.db", NEW), "FROM: there is no file"),
        ((OLD, "sqlite:///:memory:"), "a private database is gone when it is closed"),
        ((OLD, "mysql://ada:hunter2@host/shop"), "neither sqlite:///file.db nor postgresql://"),
        ((OLD, NEW, "--verify", "--restart"), "one of them"),
        ((OLD, NEW, "--verify"), "TO holds nothing of this project"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    project: Path, headless: Headless, arguments: tuple[str, ...], told: str
) -> None:
    """In words, before anything is done, and without a password."""
    done = headless("transfer", *arguments)
    assert done.code == 1
    assert told in done.err
    assert "hunter2" not in done.err


def killed(project: Path, at: str, *arguments: str) -> None:
    """A transfer that is killed in the middle of the first transaction that writes a batch of this name."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HEADLESS_", "DATABASE_"))}
    ended = subprocess.run([sys.executable, "-c", KILLED, at, *arguments], cwd=project, env=inherited, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_a_transfer_that_was_killed_is_ended_by_the_same_command(project: Path, headless: Headless) -> None:
    """Wherever that was. Until then no application starts on it, and it is neither copied nor called equal."""
    for at in ("posts", "_changes", "posts references"):
        killed(project, at, OLD, NEW)
    write(project, {".env": f"DATABASE_URL={NEW}\nHEADLESS_SECRET=for tests\n"})
    started = headless("users", "create", "--email", "ada@example.org", given="long enough to be one\n")
    for refused in (started, headless("transfer", NEW, "sqlite:///third.db"), headless("transfer", OLD, "--verify")):
        assert refused.code == 1
        assert "the database is not whole: a transfer from sqlite:///" in refused.err
    done = headless("transfer", OLD, NEW, "--json")
    assert (done.code, json.loads(done.out)["resumed"]) == (0, True)


@pytest.mark.postgres
def test_a_killed_transfer_to_postgresql_goes_on_too(project: Path, headless: Headless, schema: str) -> None:
    """The same, and back again it is what it was."""
    for at in ("posts", "_changes", "posts references"):
        killed(project, at, OLD, schema)
    done = headless("transfer", OLD, schema, "--json")
    assert (done.code, json.loads(done.out)["resumed"]) == (0, True)
    assert headless("transfer", schema, NEW).code == 0
    assert headless("transfer", OLD, NEW, "--verify").code == 0
