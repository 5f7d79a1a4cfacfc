"""Payload's own TypeScript client, pointed at this server: every method for what the server has."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dev
from headless import Collection, Endpoint, Global, Headless, Request, anyone, authenticated, fields
from tests.conformance.server import SECRET, listening

pytestmark = pytest.mark.sdk

Told = dict[str, Any]


@Endpoint.get("/loudest")
async def loudest(request: Request) -> dict[str, Any]:
    """A custom endpoint of the collection."""
    return {"loudest": "posts"}


def app() -> Headless:
    posts = Collection(
        "posts",
        fields=[
            fields.Text("title", required=True),
            fields.Number("rating", max=10),
            fields.Relationship("tag", relation_to="tags"),
            fields.Array("rows", fields=[fields.Text("label")]),
            fields.Group("seo", fields=[fields.Text("title")]),
        ],
        access={"read": anyone, "create": authenticated, "update": authenticated, "delete": authenticated},
        endpoints=[loudest],
    )
    tags = Collection("tags", fields=[fields.Text("name")], access=anyone)
    header = Global(
        "header",
        fields=[fields.Text("title", default_value="Welcome"), fields.Relationship("tag", relation_to="tags")],
        access={"read": anyone, "update": authenticated},
    )
    return Headless(collections=[posts, tags], globals=[header], database="sqlite:///:memory:", secret=SECRET)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """What the client was answered, by the name that `drive.mjs` gives each call."""
    node, client = shutil.which("node"), dev.find_sdk()
    assert node is not None
    assert client is not None
    application = app()
    with listening(application) as base:
        user = {"email": "ada@example.com", "password": "correct horse battery"}
        register = subprocess.run(
            [node, "-e", _REGISTER, base, json.dumps(user)], capture_output=True, text=True, timeout=60, check=False
        )
        assert register.returncode == 0, register.stderr
        script = Path(__file__).parent / "drive.mjs"
        ran = subprocess.run(
            [node, str(script), base, Path(client).as_uri()], capture_output=True, text=True, timeout=120, check=False
        )
        assert ran.returncode == 0, ran.stderr
        yield dict(json.loads(line) for line in ran.stdout.splitlines())


_REGISTER = """
const [base, user] = process.argv.slice(1)
const options = { method: 'POST', body: user, headers: { 'Content-Type': 'application/json' } }
const answer = await fetch(`${base}/api/users/first-register`, options)
if (!answer.ok) throw new Error(await answer.text())
"""


def titles(page: Told) -> list[str]:
    return [doc["title"] for doc in page["docs"]]


def test_it_logs_in_and_knows_who_it_is(told: Told) -> None:
    """login, me and refreshToken."""
    assert told["login"]["message"] == "Authentication Passed"
    assert told["login"]["user"]["email"] == "ada@example.com"
    assert told["login refused"]["status"] == 401
    assert told["me"]["user"]["id"] == told["login"]["user"]["id"]
    assert told["refresh"]["refreshedToken"]


def test_it_creates(told: Told) -> None:
    """With depth and select, and an error that it understands when something is wrong."""
    assert [set(post) for post in told["created"]] == [{"id", "title", "tag"}] * 3
    assert all(isinstance(post["tag"], int) for post in told["created"])
    invalid = told["invalid"]
    assert invalid["status"] == 400
    assert {problem["path"] for problem in invalid["errors"][0]["data"]["errors"]} == {"title", "rating"}
    assert told["anonymous"]["status"] == 403


def test_it_finds(told: Told) -> None:
    """Where, sort, limit, page, depth, select, populate and pagination as it writes them."""
    page = told["find"]
    assert (page["totalDocs"], page["page"], page["limit"], page["hasPrevPage"]) == (2, 2, 1, True)
    (doc,) = page["docs"]
    assert doc == {
        "id": doc["id"], "title": "first post", "seo": {"title": "FIRST POST"},
        "tag": {"id": doc["tag"]["id"], "name": "news"},
    }  # fmt: skip
    assert titles(told["found in"]) == ["first post", "second post", "a third one"]
    assert told["found none"]["docs"] == []
    assert len(told["through"]["docs"]) == 3
    assert told["count"] == {"totalDocs": 2}


def test_it_finds_by_id(told: Told) -> None:
    """One document, null where errors are not wanted, an error where they are."""
    assert told["by id"]["tag"]["name"] == "news"
    assert told["missing"] is None
    assert told["missing refused"]["status"] == 404


def test_it_changes_and_deletes(told: Told) -> None:
    """One by its id, many by a where."""
    assert told["updated"]["title"] == "changed"
    assert told["updated many"]["errors"] == []
    assert [doc["rating"] for doc in told["updated many"]["docs"]] == [5, 5]
    assert told["deleted"]["title"] == "changed"
    assert len(told["deleted many"]["docs"]) == 2
    assert told["left"] == {"totalDocs": 0}


def test_it_reads_and_changes_globals(told: Told) -> None:
    """findGlobal and updateGlobal, with depth and select, and the error for who may not."""
    assert told["global at first"] == {"title": "Welcome"}
    assert told["global changed"]["title"] == "Hello"
    assert told["global changed"]["globalType"] == "header"
    assert told["global"] == {"id": 1, "tag": {**told["global"]["tag"], "name": "news"}}
    assert told["global refused"]["status"] == 403


def test_it_calls_custom_endpoints(told: Told) -> None:
    """By `request`, which the other methods are made of."""
    assert told["endpoint"] == {"loudest": "posts"}
