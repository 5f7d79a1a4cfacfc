"""`headless migrate`: files that say what changes, taken once by each database, and taken back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Headless
from tests.cli.running import running, write

APP = """
from headless import Collection, Headless, fields

app = Headless(collections=[Collection("posts", fields=[{fields}], timestamps=False, access={{"read": "anyone"}})])
"""
OLD = 'fields.Text("title", index=True), fields.Text("tags")'
NEW = 'fields.Text("headline", renamed_from="title", index=True), fields.Text("tags", has_many=True)'
START = {"HEADLESS_SECRET": "a secret that is long enough to sign with"}


def declare(folder: Path, fields: str) -> None:
    write(folder, {"app.py": APP.format(fields=fields)})


def stored(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "headless.db")) as connection, connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def project(folder: Path, headless: Headless) -> Path:
    """A project with its first migration, a document, and a declaration that has changed since."""
    declare(folder, OLD)
    assert headless("migrate", "create", "initial").code == 0
    assert headless("migrate", "up").code == 0
    stored(folder, "INSERT INTO posts (title, tags) VALUES ('A', 'x')")
    declare(folder, NEW)
    return folder


def test_a_migration_is_written_taken_and_taken_back(project: Path, headless: Headless) -> None:
    """The file says what changes; the documents follow it, there and back."""
    written = headless("migrate", "create", "headlines and tags")
    assert "migrations/0002_headlines_and_tags.yaml" in written.out
    assert "rename column posts.title to headline" in written.out
    text = (project / "migrations" / "0002_headlines_and_tags.yaml").read_text()
    assert "- rename_column: {table: posts, column: title, to: headline}" in text
    assert headless("migrate", "create", "again").out.startswith("Nothing to write")
    assert headless("migrate", "up").out.startswith("took: 0002_headlines_and_tags\n")
    assert stored(project, "SELECT headline, tags FROM posts") == [("A", '["x"]')]
    assert headless("migrate", "up").out == "Nothing to do.\n"
    assert headless("migrate", "down").out == "took back: 0002_headlines_and_tags\n"
    assert stored(project, "SELECT title, tags FROM posts") == [("A", "x")]
    assert headless("migrate", "up").code == 0
    assert stored(project, "SELECT headline, tags FROM posts") == [("A", '["x"]')]


def test_the_plan_is_sql_and_changes_nothing(project: Path, headless: Headless) -> None:
    """As text and as JSON."""
    headless("migrate", "create", "headlines")
    done = headless("migrate", "plan")
    assert "-- 0002_headlines" in done.out
    assert "ALTER TABLE posts RENAME COLUMN title TO headline;" in done.out
    found = json.loads(headless("migrate", "plan", "--json").out)
    assert found["steps"][0] == "0002_headlines"
    assert "CREATE INDEX ix_posts_headline ON posts (headline)" in found["statements"]
    assert stored(project, "SELECT title, tags FROM posts") == [("A", "x")]
    assert json.loads(headless("migrate", "status", "--json").out)["pending"] == ["0002_headlines"]


def test_the_status_tells_what_was_applied(project: Path, headless: Headless) -> None:
    """It fails where the database is behind, so that scripts can ask."""
    done = headless("migrate", "status")
    assert done.code == 1
    assert done.out.startswith("applied  0001_initial  ")
    assert "in no migration yet: rename column posts.title to headline" in done.out
    headless("migrate", "create", "headlines")
    assert "pending  0002_headlines\n" in headless("migrate", "status").out
    headless("migrate", "up")
    done = headless("migrate", "status")
    assert (done.code, done.out.splitlines()[-1]) == (0, "The database is as declared.")


def test_what_is_in_no_migration_is_not_taken(project: Path, headless: Headless) -> None:
    """Where there are migrations, they say it all."""
    done = headless("migrate", "up")
    assert done.code == 1
    assert "in no migration yet: rename column posts.title to headline" in done.err
    assert "headless migrate create NAME" in done.err


def test_without_migrations_up_goes_straight_to_what_is_declared(folder: Path, headless: Headless) -> None:
    """A small project needs no files."""
    declare(folder, OLD)
    assert "took: create table posts" in headless("migrate", "up").out
    declare(folder, NEW)
    assert "took: rename column posts.title to headline" in headless("migrate", "up").out
    assert not (folder / "migrations").exists()


def test_steps_that_lose_values_have_to_be_allowed(project: Path, headless: Headless) -> None:
    """Dropped columns, and values that do not fit; nothing is taken of a migration that is refused."""
    declare(project, 'fields.Number("tags"), fields.Text("more")')
    done = headless("migrate", "create", "less")
    assert "column posts.title is no longer declared: drop it with its values  (needs --allow-destructive)" in done.out
    done = headless("migrate", "up")
    assert done.code == 1
    assert "0002_less: " in done.err
    assert "--allow-destructive" in done.err
    assert stored(project, "SELECT title, tags FROM posts") == [("A", "x")]
    assert headless("migrate", "up", "--allow-destructive").code == 0
    assert stored(project, "SELECT tags, more FROM posts") == [(None, None)]
    assert headless("migrate", "down").code == 1
    assert headless("migrate", "down", "--allow-destructive").code == 0
    assert stored(project, "SELECT title, tags FROM posts") == [(None, None)]


def test_values_can_be_mapped_in_the_file(folder: Path, headless: Headless) -> None:
    """An option that goes leaves its place to another."""
    declare(folder, 'fields.Select("state", options=["new", "old"])')
    headless("migrate", "create", "initial")
    headless("migrate", "up")
    stored(folder, "INSERT INTO posts (state) VALUES ('old'), ('new')")
    declare(folder, 'fields.Select("state", options=["new", "done"])')
    headless("migrate", "create", "states")
    path = folder / "migrations" / "0002_states.yaml"
    assert '1: "old" is none of the options' in headless("migrate", "up").err
    path.write_text(path.read_text() + "    values: {old: done}\n")
    assert headless("migrate", "up").code == 0
    assert stored(folder, "SELECT state FROM posts ORDER BY id") == [("done",), ("new",)]
    assert headless("migrate", "down").code == 0
    assert stored(folder, "SELECT state FROM posts ORDER BY id") == [("old",), ("new",)]


def test_a_migration_may_be_python(project: Path, headless: Headless) -> None:
    """With the steps as data, and whatever else there is to do, in the same transaction."""
    headless("migrate", "create", "headlines", "--python")
    path = project / "migrations" / "0002_headlines.py"
    more = "\n    migration.op.execute(\"UPDATE posts SET headline = headline || '!'\")\n    raise_if_asked()\n"
    text = path.read_text().replace("    migration.take(STEPS)\n", f"    migration.take(STEPS){more}")
    path.write_text(f"def raise_if_asked():\n    raise RuntimeError('not yet')\n\n{text}")
    assert "not yet" in headless("migrate", "up").err
    assert stored(project, "SELECT title, tags FROM posts") == [("A", "x")]
    path.write_text(f"def raise_if_asked():\n    pass\n\n{text}")
    assert headless("migrate", "up").code == 0
    assert stored(project, "SELECT headline, tags FROM posts") == [("A!", '["x"]')]
    assert headless("migrate", "down").code == 0
    assert stored(project, "SELECT title FROM posts") == [("A!",)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("steps: [", "while parsing"),
        ("more: []", "the key 'steps'"),
        ("steps: [{add: {}}]", "there is no step 'add'"),
        ("steps: [{rename_table: {table: posts}}]", "says table, to"),
        ("steps: [{add_column: {table: posts, column: a, kind: text}}]", "says column, table, type"),
        ("steps: [{create_table: {table: a, columns: [id]}}]", "a mapping of names to columns"),
        ("steps: [{create_table: {table: a, columns: {id: integer}}}]", "a column says its type"),
        ("steps: [{rename_table: {table: nowhere, to: posts}}]", "there is no table 'nowhere'"),
    ],
)
def test_mistakes_in_a_file_are_named(project: Path, headless: Headless, content: str, said: str) -> None:
    """With the file, before anything is done."""
    (project / "migrations" / "0002_wrong.yaml").write_text(content)
    done = headless("migrate", "up")
    assert done.code == 1
    assert "0002_wrong.yaml" in done.err.replace("\n", "")
    assert said in done.err


def test_an_applied_file_must_not_change(project: Path, headless: Headless) -> None:
    """Other databases would have had something else."""
    path = project / "migrations" / "0001_initial.yaml"
    path.write_text(path.read_text() + "# changed\n")
    headless("migrate", "create", "headlines")
    assert "0001_initial was changed since it was applied" in headless("migrate", "up").err
    assert "(changed since)" in headless("migrate", "status").out


def test_a_database_goes_to_a_migration_by_name(project: Path, headless: Headless) -> None:
    """Forward and back."""
    headless("migrate", "create", "headlines")
    assert headless("migrate", "up", "--to", "0001_initial").out == "Nothing to do.\n"
    assert "there is no migration '0002' here" in headless("migrate", "up", "--to", "0002").err
    headless("migrate", "up")
    assert headless("migrate", "down", "--to", "0001_initial").out == "took back: 0002_headlines\n"


def test_start_refuses_a_database_that_is_behind(project: Path, headless: Headless) -> None:
    """With the commands that bring it forward; after them it serves."""
    with running(project, "start", "--port", "0", **START) as server:
        said = server.rest()
    assert "the database is behind what is declared: rename column posts.title to headline" in said
    assert "headless migrate create NAME, then: headless migrate up" in said
    headless("migrate", "create", "headlines")
    with running(project, "start", "--port", "0", **START) as server:
        assert "run: headless migrate up" in server.rest()
    headless("migrate", "up")
    with running(project, "start", "--port", "0", **START) as server:
        server.until("Serving on")
        assert server.get("/api/posts").json()["docs"][0]["headline"] == "A"


def test_two_nodes_that_start_on_a_new_database_migrate_once(folder: Path, headless: Headless) -> None:
    """One makes the tables, the other finds them."""
    declare(folder, OLD)
    headless("migrate", "create", "initial")
    options = ("start", "--port", "0")
    with running(folder, *options, **START) as one, running(folder, *options, **START) as other:
        for server in (one, other):
            server.until("Serving on")
            assert server.get("/api/posts").json()["totalDocs"] == 0
    assert len(stored(folder, "SELECT name FROM _migrations")) == 1


def test_dev_takes_what_loses_nothing(project: Path, headless: Headless) -> None:
    """Without a migration, which finds it done when it is written and taken afterwards."""
    with running(project, "dev", "--port", "0") as server:
        server.until("schema: rename column posts.title to headline")
        server.until("Serving on")
        assert server.get("/api/posts").json()["docs"][0]["tags"] == ["x"]
    headless("migrate", "create", "headlines")
    assert headless("migrate", "up").code == 0
    assert stored(project, "SELECT headline, tags FROM posts") == [("A", '["x"]')]
    assert headless("migrate", "status").code == 0
