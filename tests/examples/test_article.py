"""The article's client, as it is, works against the plugin: over a real server and from another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from headless.testing import StillClock, TestClient
from tests.examples.chat_app import app, chat
from tests.examples.serving import served, subscribed

ORIGIN = "http://localhost:5173"
SSE = "/api/messages/sse"


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with served(chat("sqlite:///:memory:")) as client:
        yield client


async def post(client: httpx2.AsyncClient, content: str) -> dict[str, Any]:
    """Posts as the article's client does: as JSON, from its own origin, without credentials."""
    message = {"content": content, "sender": 1, "receiver": 1}
    answer = await client.post("/api/messages", json=message, headers={"origin": ORIGIN})
    assert answer.status_code == 201, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    document: dict[str, Any] = answer.json()["doc"]
    return document


async def test_the_browsers_preflight_is_granted(client: httpx2.AsyncClient) -> None:
    """A page on port 5173 may post JSON."""
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    answer = await client.options("/api/messages", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()


async def test_any_other_origin_may_read_without_credentials(client: httpx2.AsyncClient) -> None:
    """The star in the list opens the API to every origin, but never together with cookies."""
    answer = await client.get("/api/messages", headers={"origin": "http://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_stream_begins_with_the_newest_ten_as_one_array(client: httpx2.AsyncClient) -> None:
    """On connect there is one `message` whose data is an array of the newest ten, newest first."""
    for number in range(12):
        await post(client, f"number {number}")
    async with subscribed(client, SSE, origin=ORIGIN) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["access-control-allow-origin"] == ORIGIN
        event = await stream.next()
    assert event.name == "message"
    assert [message["content"] for message in event.json()] == [f"number {number}" for number in range(11, 1, -1)]


async def test_messages_show_their_people_by_id_and_email_only(client: httpx2.AsyncClient) -> None:
    """`sender.email` and `receiver.email` are there for anyone; nothing else of a user is."""
    await post(client, "hello")
    async with subscribed(client, SSE) as stream:
        (message,) = (await stream.next()).json()
    ada = {"id": 1, "email": "ada@example.com", "collection": "users"}
    assert message["sender"] == ada
    assert message["receiver"] == ada
    assert (await client.get("/api/users")).status_code == 403


async def test_every_stream_is_told_of_new_and_edited_messages(client: httpx2.AsyncClient) -> None:
    """Each message reaches both windows as an array of one, and so does its edit."""
    async with subscribed(client, SSE) as first, subscribed(client, SSE) as second:
        written = await post(client, "helo")
        await client.patch(f"/api/messages/{written['id']}", json={"content": "hello"})
        for stream in (first, second):
            told = [(await stream.next()).json() for _ in range(2)]
            assert [[message["content"] for message in array] for array in told] == [["helo"], ["hello"]]
            assert told[1][0]["sender"]["email"] == "ada@example.com"


async def test_a_deleted_message_is_told_by_an_event_of_its_own(client: httpx2.AsyncClient) -> None:
    """The article's client, which hears `message` only, is not disturbed by it."""
    written = await post(client, "gone soon")
    async with subscribed(client, SSE) as stream:
        await stream.next()
        await client.delete(f"/api/messages/{written['id']}")
        event = await stream.next()
    assert (event.name, event.json()) == ("delete", written["id"])


async def test_an_empty_collection_is_not_told(client: httpx2.AsyncClient) -> None:
    """Without messages the first event is the first message, not an empty array."""
    async with subscribed(client, SSE) as stream:
        await post(client, "the first")
        assert [message["content"] for message in (await stream.next()).json()] == ["the first"]


def test_a_ping_keeps_the_stream_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """After thirty quiet seconds there is `event: ping` with `keep-alive`, and again after thirty more."""
    clock = StillClock()
    with TestClient(app) as client:
        monkeypatch.setattr(client.app.hub.time, "_clock", clock)
        with client.stream(SSE) as stream:
            for _ in range(2):
                clock.move(30)
                event = stream.next()
                assert (event.name, event.data) == ("ping", "keep-alive")


async def test_the_timestamp_is_the_present_unless_it_is_given(client: httpx2.AsyncClient) -> None:
    """The article's `defaultValue` of `timestamp`."""
    assert (await post(client, "now"))["timestamp"] == "2026-01-01T00:00:00.000Z"
