"""Streams in tests: parsed events, bounded waits, and nothing left behind."""

from __future__ import annotations

import pytest

from headless import ApiError, Collection, Config, HookContext, anyone, fields
from headless.testing import StreamEvent, TestClient
from headless.testing.sse import EventReader
from tests.testing.shop import app

PATH = "/api/posts/stream"


def test_events_arrive_while_the_stream_is_open() -> None:
    """Nothing is buffered: an event is there before the response has ended."""
    with TestClient(app) as client, client.stream(PATH) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        for title in ("One", "Two"):
            client.create("posts", {"title": title})
            event = stream.next()
            assert (event.name, event.json()["doc"]["title"]) == ("create", title)
            assert event.id == stream.last_id


def test_several_events_are_taken_at_once() -> None:
    """`take` waits for so many."""
    with TestClient(app) as client, client.stream(f"{PATH}?snapshot=true") as stream:
        client.create("posts", {"title": "One"})
        assert [event.name for event in stream.take(2)] == ["snapshot", "create"]


def test_a_stream_resumes_where_it_was_left() -> None:
    """`last_event_id` is sent as a browser sends it."""
    with TestClient(app) as client:
        with client.stream(PATH) as stream:
            client.create("posts", {"title": "One"})
            stream.next()
        client.create("posts", {"title": "Two"})
        with client.stream(PATH, last_event_id=stream.last_id) as stream:
            assert stream.next().json()["doc"]["title"] == "Two"


def test_a_stream_is_opened_as_somebody() -> None:
    """`as_` logs in for streams too."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        with client.stream("/api/users/stream", as_=ada) as stream:
            client.user("grace@example.com")
            assert stream.next().json()["doc"]["email"] == "grace@example.com"


def test_waiting_for_what_does_not_come_ends_with_what_came() -> None:
    """The error names the request and the events before."""
    with TestClient(app) as client, client.stream(f"{PATH}?snapshot=true") as stream:
        stream.next()
        with pytest.raises(TimeoutError, match=r"GET /api/posts/stream.*nothing within 0\.05 s; received before: snap"):
            stream.next(timeout=0.05)
        client.create("posts", {"title": "Late, but not lost"})
        assert stream.next().name == "create"


def test_a_stream_that_the_application_ends_ends_iteration() -> None:
    """A loop over the stream is over; `next` says so."""
    with TestClient(app) as client, client.stream(PATH) as stream:
        client.create("posts", {"title": "The last"})
        client.run(client.app.hub.close())
        assert [event.name for event in stream] == ["create"]
        with pytest.raises(EOFError, match="has ended"):
            stream.next()


def test_what_is_no_stream_is_said_with_its_answer() -> None:
    """A refusal is not waited for: status and body are in the message."""
    with TestClient(app) as client:
        with pytest.raises(AssertionError, match=r"is no stream, it answered 403: .*not allowed"):
            client.stream("/api/users/stream").__enter__()
        with pytest.raises(AssertionError, match="is no stream, it answered 200"):
            client.stream("/api/posts").__enter__()


def test_a_stream_asked_for_as_a_document_is_said() -> None:
    """`client.get` of a stream would never end: it is refused, with what to call instead."""
    with TestClient(app) as client:
        with pytest.raises(TypeError, match=r"use client\.stream\('/api/posts/stream'\)"):
            client.get(PATH)
        assert not client.app.hub.members


def test_a_stream_leaves_nothing_behind() -> None:
    """After the block the application has noticed that the client is gone."""
    with TestClient(app) as client:
        with client.stream(PATH):
            assert len(client.app.hub.members) == 1
        assert not client.app.hub.members


SENT = (
    b": hello\n\nevent: message\r\ndata: one\r\ndata:two\r\n\r\nid: 7\ndata: caf\xc3\xa9\rid\rdata\r\r"
    b"event: nothing\nid: 9\n\ndata: last\n\nunknown: x\n\n"
)
MEANT = [
    StreamEvent("message", "one\ntwo"),
    StreamEvent("message", "café\n", ""),
    StreamEvent("message", "last", "9"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(SENT)])
def test_events_are_read_however_they_are_cut(size: int) -> None:
    """All three line ends, comments, empty fields and letters cut in two: as the standard has it."""
    reader = EventReader()
    events = [event for start in range(0, len(SENT), size) for event in reader.feed(SENT[start : start + size])]
    assert events == MEANT
    assert reader.last_id == "9"


def test_a_stream_that_cannot_begin_is_answered_with_an_error() -> None:
    """What is refused or fails before the first byte is the error document of any other request, with its status."""
    broken: list[int] = []

    def refuse(ctx: HookContext) -> None:
        if broken:
            raise ApiError("The snapshot cannot be read.", status=409)

    things = Collection("things", access=anyone, fields=[fields.Text("title")], hooks={"after_read": refuse})
    with TestClient(Config(collections=[things])) as client:
        client.create("things", {"title": "One"})
        broken.append(1)
        for query, status in (("snapshot=true", 409), ("where[nope][equals]=1", 400)):
            answer = client.get(f"/api/things/stream?{query}")
            assert answer.status_code == status
            assert answer.json()["errors"][0]["message"]
