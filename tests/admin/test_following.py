"""An open page follows what others do: one stream tells of rows, of counts and of who it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headless.testing import StreamEvent, TestClient, User
from tests.admin import ledger


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The magazine."""
    with TestClient(ledger.config()) as client:
        yield client


@pytest.fixture
def ada(client: TestClient) -> User:
    """An editor who looks on."""
    return client.user("ada@example.com", name="Ada")


@pytest.fixture
def grace(client: TestClient) -> User:
    """An editor who works."""
    return client.user("grace@example.com", name="Grace")


def data(event: StreamEvent) -> Any:
    return json.loads(event.data)


def following(stream: Any, name: str) -> Any:
    """The data of the next event of that name."""
    for event in stream:
        if event.name == name:
            return data(event)
    raise AssertionError(f"the stream ended without {name!r}")


def test_a_change_arrives_as_the_row_that_the_page_would_show(client: TestClient, ada: User, grace: User) -> None:
    """Drawn by the same template, with who did it."""
    client.create("posts", {"title": "Old", "author": ada["id"]})
    with client.stream("/admin/_live?list=posts", as_=ada) as stream:
        client.update_document("posts", 1, {"title": "<New>"}, as_=grace)
        told = following(stream, "row")
    assert (told["id"], told["kind"], told["by"]) == (1, "update", f"users/{grace['id']}")
    assert told["row"] in client.get("/admin/collections/posts", as_=ada).text
    assert client.get(f"/admin/_who/{told['by']}", as_=ada).text == "Grace"


def test_only_rows_of_the_list_are_told(client: TestClient, ada: User) -> None:
    """The filters of the address count; a row that leaves them is named by its number only."""
    client.create("posts", {"title": "One", "status": "draft"})
    with client.stream("/admin/_live?list=posts&where[status][equals]=published", as_=ada) as stream:
        client.update_document("posts", 1, {"title": "Still a draft"})
        client.update_document("posts", 1, {"status": "published"})
        assert following(stream, "row")["kind"] == "enter"
        client.update_document("posts", 1, {"status": "draft"})
        left = following(stream, "row")
    assert (left["kind"], left["row"]) == ("leave", None)


def test_counts_are_told_to_be_old(client: TestClient, ada: User) -> None:
    """On every page, for every collection that the asker may read; edits change no count."""
    with client.stream("/admin/_live", as_=ada) as stream:
        client.create("tags", {"name": "Ink"})
        assert following(stream, "count") == {"slug": "tags"}
        client.update_document("tags", 1, {"name": "Paper"})
        client.delete_document("tags", 1)
        assert following(stream, "count") == {"slug": "tags"}
    assert client.get("/admin/_counts", as_=ada).json()["tags"] == 0


def test_nothing_is_told_that_may_not_be_read(client: TestClient, ada: User, grace: User) -> None:
    """Neither the row nor that there is one."""
    with client.stream("/admin/_live?list=messages", as_=ada) as stream:
        client.create("messages", {"content": "for Grace", "sender": grace["id"]})
        client.create("messages", {"content": "for Ada", "sender": ada["id"]})
        told = following(stream, "row")
    assert "for Ada" in told["row"]


def test_a_field_that_may_not_be_read_is_not_in_the_row(client: TestClient, ada: User) -> None:
    """Even when the address asks for its column."""
    with client.stream("/admin/_live?list=posts&columns=title,internal", as_=ada) as stream:
        client.create("posts", {"title": "One", "internal": "secret words"})
        assert "secret" not in following(stream, "row")["row"]


def test_what_happened_before_the_stream_was_open_is_told(client: TestClient, ada: User) -> None:
    """The page says up to where it has read, a browser that was away says what it heard last."""
    page = client.get("/admin/collections/posts", as_=ada).text
    since = page.partition('data-since="')[2].partition('"')[0]
    client.create("posts", {"title": "Between"})
    with client.stream(f"/admin/_live?list=posts&since={since}", as_=ada) as stream:
        first = next(event for event in stream if event.name == "row")
        assert "Between" in data(first)["row"]
        client.create("posts", {"title": "Later"})
    with client.stream("/admin/_live?list=posts", as_=ada, last_event_id=first.id) as stream:
        assert "Later" in following(stream, "row")["row"]


def test_one_document_is_followed(client: TestClient, ada: User, grace: User) -> None:
    """An open form hears of its own document only."""
    client.create("posts", {"title": "One"})
    client.create("posts", {"title": "Two"})
    with client.stream("/admin/_live?list=posts&id=2", as_=ada) as stream:
        client.update_document("posts", 1, {"title": "Not this"})
        client.update_document("posts", 2, {"title": "This"}, as_=grace)
        assert following(stream, "row")["id"] == 2
        client.delete_document("posts", 2, as_=grace)
        assert following(stream, "row")["kind"] == "delete"


def test_a_filter_through_a_relationship_is_not_followed(client: TestClient, ada: User) -> None:
    """The page is told so once, and its counts go on."""
    with client.stream("/admin/_live?list=posts&where[author.name][equals]=Ada", as_=ada) as stream:
        assert following(stream, "off")["message"]
        client.create("tags", {"name": "Ink"})
        assert following(stream, "count") == {"slug": "tags"}


def test_a_stream_is_for_editors(client: TestClient) -> None:
    """Like every page."""
    assert client.get("/admin/_live?list=posts").status_code == 303
    assert client.get("/admin/_counts").status_code == 303
    reader = client.user("eve@example.com", collection="readers")
    assert client.get("/admin/_live?list=posts", as_=reader).status_code == 403


def test_a_stream_leaves_nothing_behind(client: TestClient, ada: User) -> None:
    """When the page is closed, nobody listens any more."""
    for _ in range(3):
        with client.stream("/admin/_live?list=posts", as_=ada) as stream:
            client.create("posts", {"title": "One"})
            following(stream, "row")
    assert not client.app.hub.members
