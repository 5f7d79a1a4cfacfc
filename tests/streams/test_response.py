"""A watch over HTTP: what stands on the wire, and that a reconnecting browser misses and repeats nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from headless.changes import Change
from headless.changes.log import ChangeLog
from headless.errors import Forbidden
from headless.events import Event, EventStream
from headless.streams import watch as watch_module
from tests.changes.journal import Document, until
from tests.streams.chat import Block, Browser, Chat, Server, browsing, chatting


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    async with chatting() as chat:
        yield chat


def as_messages(event: Event) -> tuple[str, Any] | None:
    """Messages as arrays: a snapshot whole, a new or edited message alone."""
    if event.docs is not None:
        return "message", event.docs
    return ("message", [event.doc]) if event.doc is not None else None


class ChatRoom:
    """The endpoint of a chat in a few lines."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = self.chat.watch(snapshot=True)
        stream = EventStream(watch, encode=as_messages, heartbeat=30, ping=("ping", "keep-alive"))
        await stream(scope, receive, send)


async def is_live(chat: Chat, count: int = 1) -> None:
    """Return once that many clients are written to by deliveries."""
    await until(lambda: sum(bool(getattr(member, "live", False)) for member in chat.hub.members) == count)


@pytest.mark.parametrize("http", ["httptools", "h11"])
async def test_a_stream_says_what_it_is_and_tells_each_write(chat: Chat, http: str) -> None:
    """Status, headers, and each event with its id, name and data."""
    async with Server(chat, http=http) as server, browsing(server.port) as browser:
        assert browser.status == 200
        assert browser.headers["content-type"] == "text/event-stream"
        assert browser.headers["cache-control"] == "no-store"
        assert browser.headers["x-accel-buffering"] == "no"
        await is_live(chat)
        id = await chat.say("hello")
        event = await browser.event()
        assert event is not None
        assert (event.name, event.fields["id"]) == ("create", "1")
        assert orjson.loads(event.fields["data"]) == {
            "collection": "messages",
            "id": id,
            "operation": "create",
            "doc": {"id": id, "content": "hello", "sender": 1, "receiver": 2},
        }


async def test_a_chat_is_a_few_lines(chat: Chat) -> None:
    """First the newest ten, newest first, in one message; then each message by itself; a ping each 30 seconds."""
    for number in range(12):
        await chat.say(f"old {number}")
    async with Server(ChatRoom(chat)) as server, browsing(server.port) as browser:
        assert [message["content"] for message in await _messages(browser)] == [f"old {n}" for n in range(11, 1, -1)]
        await is_live(chat)
        id = await chat.say("new")
        assert [message["content"] for message in await _messages(browser)] == ["new"]
        await chat.journal.edit(id, content="newer")
        assert [message["content"] for message in await _messages(browser)] == ["newer"]
        await chat.journal.delete(id)
        chat.now += 29
        chat.hub.time.tick()
        chat.now += 1
        chat.hub.time.tick()
        ping = await browser.event()
        assert ping is not None
        assert ping.fields == {"event": "ping", "data": "keep-alive"}
        await chat.say("last")
        assert [message["content"] for message in await _messages(browser)] == ["last"]


async def test_a_browser_that_reconnects_receives_exactly_what_it_missed(chat: Chat) -> None:
    """`Last-Event-ID` goes on where the connection broke, from the very first block of a stream."""
    async with Server(ChatRoom(chat)) as server:
        async with browsing(server.port) as browser:
            assert await _messages(browser) == []
            last = browser.last_id
        for number in range(3):
            await chat.say(f"missed {number}")
        assert last == "0"
        async with browsing(server.port, last_event_id=last) as browser:
            for number in range(3):
                assert [message["content"] for message in await _messages(browser)] == [f"missed {number}"]
            await is_live(chat)
            await chat.say("new")
            assert [message["content"] for message in await _messages(browser)] == ["new"]


async def test_browsers_that_drop_and_resume_while_writers_write_miss_and_repeat_nothing(chat: Chat) -> None:
    """Twenty browsers come back again and again with their last id; each is told every message once, in order."""
    total, chance = 300, random.Random(11)

    async def browse(port: int, seen: list[int]) -> None:
        while len(seen) < total:
            # A browser that never received an event knows the id of the opening; a first connection begins at zero.
            async with browsing(port, last_event_id=str(seen[-1] if seen else 0)) as browser:
                for _ in range(min(chance.randrange(1, 60), total - len(seen))):
                    seen.append(int((await _event(browser)).fields["id"]))

    async def write() -> None:
        for _ in range(total // 10):
            await chat.say("hello")

    heard: list[list[int]] = [[] for _ in range(20)]
    async with Server(chat) as server, asyncio.timeout(100):
        await asyncio.gather(*[browse(server.port, seen) for seen in heard], *[write() for _ in range(10)])
    assert all(seen == list(range(1, total + 1)) for seen in heard)


async def test_the_header_goes_before_since(chat: Chat) -> None:
    """A browser that reconnects repeats the address with the `since` it began with."""
    for number in range(4):
        await chat.say(f"{number}")

    async def since_one(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(chat.watch(since=1))(scope, receive, send)

    async with Server(since_one) as server:
        async with browsing(server.port) as browser:
            assert [(await _event(browser)).fields["id"] for _ in range(3)] == ["2", "3", "4"]
        async with browsing(server.port, last_event_id="3") as browser:
            assert (await _event(browser)).fields["id"] == "4"


async def test_a_stream_without_events_tells_where_it_is(chat: Chat) -> None:
    """A connection that breaks before the first event resumes as well."""
    await chat.say("before")
    async with Server(chat) as server, browsing(server.port) as browser:
        assert (await _block(browser)).comments == [""]
        assert (await _block(browser)).fields == {"id": "1"}


async def test_signs_of_life_move_the_cursor_past_what_others_wrote(chat: Chat) -> None:
    """A quiet stream does not fall behind the log."""
    async with Server(chat) as server, browsing(server.port, "/?user=9") as browser:
        assert (await _block(browser)).comments == [""]
        assert (await _block(browser)).fields == {"id": "0"}
        await is_live(chat)
        for _ in range(5):
            await chat.say("not for nine")
        await until(lambda: not chat.hub._pumping)
        chat.now += 15
        chat.hub.time.tick()
        assert (await _block(browser)).comments == [""]
        assert (await _block(browser)).fields == {"id": "5"}


@pytest.mark.parametrize(
    "cursor", ["abc", "-1", "99999999999", "9" * 5_000, "1e3", "\u0663", "0x10", "1, 2", "\udcff", "' OR 1=1 --"]
)
async def test_a_hostile_last_event_id_is_reset(chat: Chat, cursor: str) -> None:
    """Whatever the header says, the answer is a stream that tells the client to read again."""
    await chat.say("hello")
    async with Server(chat) as server, browsing(server.port, last_event_id=cursor) as browser:
        reset = await _event(browser)
        assert (browser.status, reset.name, reset.fields["id"]) == (200, "reset", "1")
        await is_live(chat)
        await chat.say("next")
        assert (await _event(browser)).fields["id"] == "2"


async def test_content_cannot_forge_an_event(chat: Chat) -> None:
    """Line breaks in what users write stay inside the data, however an event is encoded."""
    evil = "hello\n\nevent: forged\rid: 99\r\n\r\ndata: x\0"

    def as_text(event: Event) -> tuple[str, Any]:
        return f"said\n{event.name}", (event.doc or {}).get("content", "")

    async def room(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(chat.watch(), encode=as_text)(scope, receive, send)

    async with Server(room) as server, browsing(server.port) as browser:
        await is_live(chat)
        await chat.say(evil)
        event = await _event(browser)
        assert event.name == "saidcreate"
        assert event.fields["id"] == "1"
        assert event.fields["data"].split("\n") == ["hello", "", "event: forged", "id: 99", "", "data: x"]


async def test_each_browser_receives_its_own(chat: Chat) -> None:
    """A hundred connections of many users: each is told its messages, all of them, once, in order."""
    async with Server(chat) as server:
        stack = [browsing(server.port, f"/?user={number % 5}") for number in range(100)]
        browsers = [await context.__aenter__() for context in stack]
        await is_live(chat, 100)
        assert len(chat.hub.groups["messages"]) == 5
        expected: dict[int, list[str]] = {user: [] for user in range(5)}
        for number in range(40):
            sender, receiver = number % 5, (number * 3 + 1) % 5
            await chat.say(str(number), sender, receiver)
            for user in {sender, receiver}:
                expected[user].append(str(number + 1))
        for number, browser in enumerate(browsers):
            wanted = expected[number % 5]
            assert [(await _event(browser)).fields["id"] for _ in wanted] == wanted
        for context in stack:
            await context.__aexit__(None, None, None)


async def test_a_client_that_goes_leaves_nothing_behind(chat: Chat) -> None:
    """With the last connection its group, the timer and the following of the log are gone."""
    async with Server(chat) as server:
        for _ in range(3):
            async with browsing(server.port), browsing(server.port, "/?user=1"):
                await is_live(chat, 2)
            await until(lambda: not chat.hub.members)
            assert chat.hub.groups == {}
            assert chat.hub.time._timer is None
            assert chat.journal.feed._timer is None


async def test_a_client_that_goes_during_a_long_replay_is_not_told_the_rest(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads the log for somebody who has left."""
    monkeypatch.setattr(watch_module, "WINDOW", 1)
    for _ in range(50):
        await chat.say("hello")
    between, windows = ChangeLog.between, []
    gone = asyncio.Event()

    async def counted(self: ChangeLog, collection: str, after: int, through: int) -> list[Change]:
        windows.append(after)
        if after == 10:
            await gone.wait()
        return await between(self, collection, after, through)

    monkeypatch.setattr(ChangeLog, "between", counted)
    async with Server(chat) as server:
        async with browsing(server.port, last_event_id="0"):
            await until(lambda: len(windows) == 11)
        await until(lambda: not server.server.server_state.connections)
        gone.set()
        await until(lambda: not chat.hub.members)
    assert len(windows) < 15


async def test_a_stream_that_ends_during_a_long_replay_leaves_no_task(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub closes whether a client is live or still reading what it missed."""
    monkeypatch.setattr(watch_module, "WINDOW", 1)
    for _ in range(50):
        await chat.say("hello")
    between, stuck = ChangeLog.between, asyncio.Event()

    async def halting(self: ChangeLog, collection: str, after: int, through: int) -> list[Change]:
        if after == 10:
            stuck.set()
            await asyncio.Event().wait()
        return await between(self, collection, after, through)

    monkeypatch.setattr(ChangeLog, "between", halting)
    async with Server(chat) as server, browsing(server.port, last_event_id="0") as browser:
        await stuck.wait()
        await chat.hub.close()
        ids = []
        while (event := await browser.event()) is not None:
            ids.append(int(event.fields["id"]))
        assert ids == list(range(1, 11))
        assert browser.ended_properly
        await until(lambda: not any("_left" in repr(task) for task in asyncio.all_tasks()))


async def test_the_head_alone_can_be_asked_for(chat: Chat) -> None:
    """`HEAD` answers with the headers and opens no stream."""
    async with Server(chat) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"HEAD / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        async with asyncio.timeout(30):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"text/event-stream" in answer


async def test_what_is_refused_before_the_stream_begins_is_an_error_of_the_request(chat: Chat) -> None:
    """A snapshot that may not be read raises, so that the application can answer with a status."""

    async def forbidden() -> tuple[list[Document], int]:
        raise Forbidden

    watch = chat.watch()
    watch.snapshot = forbidden
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(Forbidden):
        await EventStream(watch)({"type": "http", "headers": []}, receive, send)
    assert sent == []
    assert not chat.hub.members


async def test_a_stream_may_be_answered_from_any_application(chat: Chat) -> None:
    """It is a Starlette response: headers may be added, and middleware of every kind may stand around it."""

    async def endpoint(request: Request) -> Response:
        stream = EventStream(chat.watch(snapshot=True), headers={"x-mine": "yes"})
        stream.headers["x-more"] = "too"
        return stream

    class Slow(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            response = await call_next(request)
            response.headers["x-passed"] = "through"
            return response

    cors = Middleware(CORSMiddleware, allow_origins=["*"])
    app = Starlette(routes=[Route("/", endpoint)], middleware=[cors, Middleware(Slow)])
    async with Server(app) as server, browsing(server.port, origin="http://elsewhere") as browser:
        assert browser.headers["x-mine"] == "yes"
        assert browser.headers["x-more"] == "too"
        assert browser.headers["x-passed"] == "through"
        assert browser.headers["access-control-allow-origin"] == "*"
        assert (await _event(browser)).name == "snapshot"
        await is_live(chat)
        await asyncio.gather(*[chat.say("hello") for _ in range(50)])
        assert [(await _event(browser)).fields["id"] for _ in range(50)] == [str(n) for n in range(1, 51)]
        chat.now += 15
        chat.hub.time.tick()
        assert (await _block(browser)).comments == [""]


async def test_a_session_that_was_revoked_ends_its_stream_and_no_other(chat: Chat) -> None:
    """Sessions are asked every few seconds; one that cannot be asked counts as ended."""
    valid = {"/a": True, "/b": True}

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def is_valid() -> bool:
            return valid[scope["path"]]

        await EventStream(chat.watch(session_check=is_valid))(scope, receive, send)

    async with (
        Server(guarded) as server,
        browsing(server.port, "/a") as revoked,
        browsing(server.port, "/b") as kept,
    ):
        await is_live(chat, 2)
        chat.now += 5
        chat.hub.time.tick()
        valid["/a"] = False
        chat.now += 5
        await until(lambda: len(chat.hub.members) == 1)
        assert await revoked.event() is None
        assert revoked.ended_properly
        await chat.say("still here")
        assert (await _event(kept)).fields["id"] == "1"


async def test_a_session_that_cannot_be_asked_counts_as_ended(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    """When in doubt a stream ends; its client asks for a new one and is checked like anybody."""
    caplog.set_level("CRITICAL", "headless.streams")

    async def fails() -> bool:
        raise RuntimeError("no sessions today")

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(chat.watch(session_check=fails))(scope, receive, send)

    async with Server(guarded) as server, browsing(server.port) as browser:
        assert await browser.event() is None
        assert browser.ended_properly


async def test_closing_the_hub_ends_every_stream_and_those_that_come_too_late(chat: Chat) -> None:
    """Streams end with a complete response, so that browsers reconnect, here or elsewhere."""
    async with Server(chat) as server:
        async with browsing(server.port) as one, browsing(server.port, "/?user=1") as two:
            await is_live(chat, 2)
            await chat.hub.close()
            for browser in (one, two):
                assert await browser.event() is None
                assert browser.ended_properly
        async with browsing(server.port) as late:
            assert late.status == 200
            assert await late.event() is None
            assert late.ended_properly


async def _event(browser: Browser) -> Block:
    event = await browser.event()
    assert event is not None, "the stream ended"
    return event


async def _block(browser: Browser) -> Block:
    block = await browser.block()
    assert block is not None, "the stream ended"
    return block


async def _messages(browser: Browser) -> list[Document]:
    event = await _event(browser)
    assert event.name == "message"
    messages: list[Document] = orjson.loads(event.fields["data"])
    return messages
