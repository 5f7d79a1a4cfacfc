"""Changes that are made only if nobody else was faster: a document's ETag, and `If-Match`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headless import Collection, Config, HookContext, fields
from headless.testing import TestClient
from tests.operations.watching import statements
from tests.rest.watching import watched

POSTS = Collection("posts", access="anyone", fields=[fields.Text("title")])
HIDDEN = Collection("hidden", access={"read": {"title": {"equals": "shown"}}}, fields=[fields.Text("title")])
CONFIG = Config(collections=[POSTS, HIDDEN], cors=["https://shop.example"])
READ = "/api/posts/1?revision=true"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(CONFIG) as client:
        client.create("posts", {"title": "a"})
        yield client


def tag(client: TestClient) -> str:
    return client.get(READ).headers["etag"]


def test_a_document_tells_its_revision_when_asked(client: TestClient) -> None:
    """As a strong tag that each change makes another; pages of other origins may read it."""
    answer = client.get(READ, headers={"origin": "https://shop.example"})
    assert (answer.json()["title"], answer.headers["etag"]) == ("a", '"1"')
    assert answer.headers["access-control-expose-headers"] == "ETag"
    client.update_document("posts", 1, {"title": "b"})
    assert tag(client) == '"2"'


@pytest.mark.parametrize("query", ["", "?depth=0", "?revision=false", "?revision="])
def test_nobody_else_pays_for_it(client: TestClient, query: str) -> None:
    """A read that does not ask is one statement, without a tag."""
    with statements(client) as seen:
        assert "etag" not in client.get(f"/api/posts/1{query}").headers
    assert len(seen.reads) == 1


@pytest.mark.parametrize("path", ["/api/hidden/1", "/api/hidden/9", "/api/hidden/x"])
def test_a_revision_is_for_readers(client: TestClient, path: str) -> None:
    """Of a document that may not be read nothing is told."""
    client.create("hidden", {"title": "secret"})
    answer = client.get(f"{path}?revision=true")
    assert (answer.status_code, "etag" in answer.headers) == (404, False)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_change_is_refused(client: TestClient, method: str) -> None:
    """412, and what somebody else wrote meanwhile stays; with the tag of what is there now it succeeds."""
    stale = tag(client)
    client.patch("/api/posts/1", json={"title": "theirs"})
    answer = client.request(method, "/api/posts/1", json={"title": "mine"}, headers={"if-match": stale})
    assert answer.status_code == 412
    assert answer.json() == {"errors": [{"message": "The document was changed by someone else."}]}
    assert client.get_document("posts", 1)["title"] == "theirs"
    answer = client.request(method, "/api/posts/1", json={"title": "mine"}, headers={"if-match": tag(client)})
    assert answer.status_code == 200


@pytest.mark.parametrize("given", ["*", 'W/"1"', ' "1" '])
def test_a_tag_counts_however_it_came_back(client: TestClient, given: str) -> None:
    """Any revision, or one whose tag a proxy made weak."""
    assert client.patch("/api/posts/1", json={"title": "b"}, headers={"if-match": given}).status_code == 200


@pytest.mark.parametrize("given", ["", "1", '"x"', '"1", "2"', '"1"x', '"-1"', '"' + "9" * 400 + '"'])
def test_what_is_no_tag_of_ours_changes_nothing(client: TestClient, given: str) -> None:
    """A change that was to depend on something is not made without."""
    answer = client.patch("/api/posts/1", json={"title": "b"}, headers={"if-match": given})
    assert answer.status_code == 400
    assert "revision=true" in answer.text
    assert client.get_document("posts", 1)["title"] == "a"


def test_what_is_missing_or_forbidden_is_told_as_ever(client: TestClient) -> None:
    """The tag is looked at last."""
    for path, status in (("/api/posts/9", 404), ("/api/hidden/1", 403)):
        assert client.patch(path, json={}, headers={"if-match": '"1"'}).status_code == status


def test_a_conflict_without_a_tag_stays_one() -> None:
    """A hook that changes its own document is no stale tag."""

    async def meddle(context: HookContext) -> None:
        await context.system.update("posts", context.doc["id"], {"title": "meddled"})

    hooked = Collection("posts", access="anyone", fields=[fields.Text("title")], hooks={"before_delete": meddle})
    with TestClient(Config(collections=[hooked])) as client:
        client.create("posts", {"title": "a"})
        assert client.delete("/api/posts/1").status_code == 409
