"""`headless explain`: what an operation would do for somebody, which rule says so, and which index is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Headless
from tests.cli.running import running, write

APP = """
from headless import Collection, Global, Headless, Index, anyone, fields, staff

def is_author(context):
    return context.user is not None and {"author": {"equals": context.user["id"]}}

def is_boss(context):
    return context.user is not None and context.user["email"] == "boss@example.org"

def broken(context):
    raise LookupError("hunter2")

def stamp(context):
    raise AssertionError("a hook was run")

def same_key(context):
    return {"code": {"equals": "hunter2"}}

posts = Collection(
    "posts",
    fields=[
        fields.Text("title", hooks={"before_validate": stamp}),
        fields.Text("status"),
        fields.Text("code", hidden=True),
        fields.Number("salary", access={"read": is_boss, "update": staff}),
        fields.Relationship("author", relation_to="users"),
    ],
    access={"create": [staff, is_boss], "read": [staff, {"status": {"equals": "published"}}], "update": is_author,
            "delete": broken},
    hooks={"before_change": stamp, "after_commit": stamp},
)
def same_tenant(context):
    return {"title": {"equals": "$user.tenant"}}

people = Collection("people", auth=True, fields=[fields.Text("tenant", hidden=True)])
owned = Collection("owned", fields=[fields.Text("title")], access={"read": same_tenant})
shut = Collection("shut", fields=[fields.Text("code", hidden=True)], access={"read": same_key})
served = Collection(
    "served",
    fields=[fields.Text("status")],
    access={"read": {"status": {"equals": "published"}}},
    indexes=[Index(fields=["status", "createdAt"])],
)
header = Global("header", fields=[fields.Text("title")], access={"read": anyone, "update": is_boss})
app = Headless(
    collections=[posts, shut, served, people, owned], globals=[header],
    secret="a secret that is long enough to sign with",
)
"""


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, {"app.py": APP})


def explained(headless: Headless, *arguments: str) -> dict[str, Any]:
    done = headless("explain", *arguments, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def step(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in found["steps"] if step["name"] == name)


def test_steps_are_printed_in_order_with_what_runs_in_them(project: Path, headless: Headless) -> None:
    """Each function with its file and line; those of a field with the field. None of them is run."""
    done = headless("explain", "posts", "create")
    assert done.code == 0, done.err
    line = APP.splitlines().index("def stamp(context):") + 1
    assert f"title: stamp (app.py:{line})" in done.out
    names = ["the create rule", "before the change", "validate", "store", "after the commit"]
    assert [done.out.index(f". {name}") for name in names] == sorted(done.out.index(f". {name}") for name in names)


def test_a_denial_names_every_rule_that_refused(project: Path, headless: Headless) -> None:
    """Of a list all of them, with their places; what would have come after is not reached."""
    done = headless("explain", "posts", "create")
    line = APP.splitlines().index("def is_boss(context):") + 1
    assert f"is_boss() (app.py:{line}) → no" in done.out
    assert "REFUSED: denied by rule staff, is_boss()\n" in done.out
    assert "store  (not reached)" in done.out
    assert "INSERT" not in done.out


def test_the_user_is_the_one_that_is_named(project: Path, headless: Headless) -> None:
    """By address, id or COLLECTION/ID; of a list of rules, the one that let in is told."""
    assert headless("users", "create", "--email", "boss@example.org", given="correct horse\n").code == 0
    for name in ("boss@example.org", "1", "users/1"):
        found = explained(headless, "posts", "create", "--as", name)
        rule = step(found, "the create rule")["rule"]
        assert (found["as"], rule["answer"]) == ("users/1", "yes")
        assert [(item["rule"], item["answer"]) for item in rule["items"]] == [("staff", "yes")]
        assert "INSERT INTO posts" in step(found, "store")["statements"][0]["sql"]
    assert explained(headless, "posts", "create", "--as", "anonymous")["as"] == "nobody"
    missing = headless("explain", "posts", "create", "--as", "nobody@example.org")
    assert missing.code == 1
    assert "no user" in missing.err


def test_fields_that_may_not_be_seen_or_written_are_told(project: Path, headless: Headless) -> None:
    """Each with the rule that says so."""
    read = step(explained(headless, "posts", "find"), "take away what may not be read")["fields"]
    assert {name: answer["rule"] for name, answer in read.items()} == {"code": "hidden", "salary": "is_boss()"}
    written = step(explained(headless, "posts", "update"), "leave out what may not be written")["fields"]
    assert {name: answer["rule"] for name, answer in written.items()} == {"salary": "staff"}


def test_the_where_is_the_requests_and_the_rules(project: Path, headless: Headless) -> None:
    """Both are told, and the one statement that they become, without its values."""
    found = step(explained(headless, "posts", "find", "--where", '{"title": {"equals": "A"}}'), "select a page")
    assert found["where"] == {"request": {"title": {"equals": "A"}}, "rule": {"status": {"equals": "published"}}}
    sql = found["statements"][0]
    assert "published" not in sql["sql"]
    assert sql["parameters"] == 4
    assert sql["plan"]


def test_the_values_of_a_field_are_one_statement(project: Path, headless: Headless) -> None:
    """The field is named; one that the asker may not read is refused, as one that there is not."""
    found = step(explained(headless, "posts", "distinct", "--field", "status"), "select the values")
    assert "SELECT DISTINCT posts.status" in found["statements"][0]["sql"]
    assert found["where"]["rule"] == {"status": {"equals": "published"}}
    for field in ("code", "salary", "nothing"):
        refused = step(explained(headless, "posts", "distinct", "--field", field), "select the values")["refused"]
        assert refused == f"400: The following path cannot be queried: {field}"
    assert "--field" in headless("explain", "posts", "distinct").out


def test_a_log_in_is_told_as_the_user_sees_it(project: Path, headless: Headless) -> None:
    """The steps in their order; what is the user's own needs a user, and a collection that logs in."""
    assert headless("users", "create", "--email", "boss@example.org", given="correct horse\n").code == 0
    found = explained(headless, "users", "login", "--as", "boss@example.org")
    names = [step["name"] for step in found["steps"]]
    order = [names.index(name) for name in ("before the log-in", "open or prolong the session", "after the log-in")]
    assert order == sorted(order)
    assert found["as"] == "users/1"
    for operation in ("me", "refresh", "logout"):
        assert "REFUSED: nobody is logged in" in headless("explain", "users", operation).out
        assert "REFUSED" not in headless("explain", "users", operation, "--as", "1").out
    assert "cannot be explained" in headless("explain", "posts", "login").err


def test_a_change_of_several_and_a_stream_tell_what_matches(project: Path, headless: Headless) -> None:
    """With the rule's where in it; a stream is not filtered through a relation."""
    assert headless("users", "create", "--email", "boss@example.org", given="correct horse\n").code == 0
    asked = ("--as", "1", "--where", '{"status": {"equals": "draft"}}')
    many = explained(headless, "posts", "update_many", *asked)
    matching = step(many, "select those that match; then each by itself")
    assert matching["where"] == {"request": {"status": {"equals": "draft"}}, "rule": {"author": {"equals": 1}}}
    stream = step(explained(headless, "posts", "watch", *asked), "wait for changes of what matches")
    assert stream["where"]["request"] == {"status": {"equals": "draft"}}
    through = headless("explain", "posts", "watch", "--as", "1", "--where", '{"author.email": {"equals": "a"}}')
    assert "REFUSED: 400" in through.out


def test_a_where_that_may_not_be_asked_is_refused(project: Path, headless: Headless) -> None:
    """As the operation itself would: a hidden field is one that there is not."""
    done = headless("explain", "posts", "find", "--where", '{"code": {"equals": "A"}}')
    assert "REFUSED: 400" in done.out


def test_what_rules_compare_hidden_fields_with_is_not_printed(project: Path, headless: Headless) -> None:
    """Nor what a rule that raises says."""
    for arguments in (("shut", "find"), ("posts", "delete"), ("shut", "find", "--json")):
        done = headless("explain", *arguments)
        assert done.code == 0, done.err
        assert "hunter2" not in done.out
    assert "broken(), which raises LookupError" in headless("explain", "posts", "delete").out


def test_what_the_asker_keeps_hidden_is_not_printed(project: Path, headless: Headless) -> None:
    """Though a rule compares an open field with it."""
    account = ["--collection", "people", "--email", "ada@example.org", "--set", "tenant=hunter2"]
    assert headless("users", "create", *account, given="correct horse\n").code == 0
    done = headless("explain", "owned", "find", "--as", "ada@example.org")
    assert "same_tenant() (app.py:" in done.out
    assert '→ where {"title": {"equals": "•••"}}' in done.out
    assert "hunter2" not in done.out


def test_a_missing_index_is_proposed_and_helps(project: Path, headless: Headless) -> None:
    """The rule's field and the sort's; with that very index declared, SQLite searches it and sorts nothing."""
    without = explained(headless, "posts", "find")
    assert without["indexes"] == [["status", "createdAt"]]
    assert "Index(fields=['status', 'createdAt'])" in headless("explain", "posts", "find").out
    found = explained(headless, "served", "find")
    statement = step(found, "select a page")["statements"][0]
    assert found["indexes"] == []
    assert not statement["scans"]
    assert len(statement["plan"]) == 1
    assert statement["plan"][0].startswith("SEARCH served USING INDEX")


def test_a_sort_without_an_index_is_told(project: Path, headless: Headless) -> None:
    """Every document would be sorted."""
    found = explained(headless, "served", "find", "--sort", "status", "--where", '{"createdAt": {"exists": true}}')
    assert found["indexes"] == []
    found = explained(headless, "posts", "find", "--sort", "title")
    assert found["indexes"] == [["status", "title"]]
    assert step(found, "select a page")["statements"][0]["scans"]


@pytest.mark.parametrize("operation", ["find", "get", "count", "create", "update", "delete", "duplicate"])
def test_nothing_is_written(project: Path, headless: Headless, operation: str) -> None:
    """Not even a database, where there is none."""
    assert headless("explain", "served", operation).code == 0
    assert not list(project.glob("data/*.db"))


def test_a_global_is_explained(project: Path, headless: Headless) -> None:
    """Its own two operations, also before it is saved."""
    read, update = explained(headless, "header", "read"), explained(headless, "header", "update")
    assert (read["global"], step(read, "the read rule")["rule"]["answer"]) == ("header", "yes")
    assert "WHERE header.id = " in step(read, "select the document")["statements"][0]["sql"]
    assert "denied by rule is_boss()" in step(update, "the update rule")["refused"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["postss", "find"], "did you mean 'posts'"),
        (["posts", "fnid"], "did you mean 'find'"),
        (["posts", "find", "--where", "title"], "not a JSON object"),
        (["posts", "get", "--id", "7"], "no document '7'"),
        (["header", "find"], "'find' cannot be explained: read, update"),
    ],
)
def test_mistakes_are_told(project: Path, headless: Headless, arguments: list[str], message: str) -> None:
    """In one line, with the exit code 1."""
    done = headless("explain", *arguments)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err


def test_dev_proposes_the_indexes_that_lists_lack(project: Path) -> None:
    """At its start, for the wheres of read rules and for default sorts."""
    with running(project, "dev", "--port", "0") as server:
        server.until("posts: an index would help: Index(fields=['status', 'createdAt'])")
        server.until("Serving on")
        assert not any("served: an index" in line for line in server.printed)
