"""A chat that can be watched: messages between people, each of whom sees only their own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from headless.changes import Change
from headless.changes.log import ChangeLog
from headless.events import Event, EventStream, Watch
from headless.streams.hub import Hub
from headless.streams.places import StreamLimits
from tests.changes.journal import Document, Journal, opened, until

SECONDS = 30
"""How long a test waits for what must come before it gives up."""


@dataclass(frozen=True)
class Reader:
    """The rule of the chat: a message is for its sender and its receiver."""

    user: int

    @property
    def key(self) -> Hashable:
        return ("reader", self.user)

    async def test(self, image: Document) -> bool:
        return self.user in (image["sender"], image["receiver"])


class Everyone:
    """A rule that is always kept."""

    key = "everyone"

    async def test(self, image: Document) -> bool:
        return True


@dataclass(frozen=True)
class Without:
    """Reads documents without these fields."""

    hidden: tuple[str, ...] = ()

    @property
    def key(self) -> Hashable:
        return ("without", *self.hidden)

    async def project(self, image: Document) -> Document | None:
        return {name: value for name, value in image.items() if name not in self.hidden}


class Chat:
    """A journal with a hub: what an application is to its streams."""

    def __init__(self, journal: Journal, limits: StreamLimits | None = None) -> None:
        self.journal = journal
        self.now = 0.0
        self.hub = Hub(journal.feed, journal.log, clock=lambda: self.now, limits=limits)

    async def say(self, content: str, sender: int = 1, receiver: int = 2) -> int:
        """Send a message and give its id."""
        return await self.journal.create(content=content, sender=sender, receiver=receiver)

    def watch(self, user: int | None = None, *, snapshot: bool = False, **options: Any) -> Watch:
        """The messages of one user, or all."""
        return Watch(
            hub=self.hub,
            collection="messages",
            constraint=options.pop("constraint", None) or (Everyone() if user is None else Reader(user)),
            projection=options.pop("projection", None) or Without(),
            snapshot=self.journal.newest if snapshot else None,
            **options,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/?user=1&snapshot=1` streams over HTTP."""
        query = parse_qs(scope["query_string"].decode())
        watch = self.watch(int(query["user"][0]) if "user" in query else None, snapshot="snapshot" in query)
        await EventStream(watch)(scope, receive, send)


@asynccontextmanager
async def chatting(
    path: Path | str = ":memory:", *, wake: bool = False, limits: StreamLimits | None = None
) -> AsyncIterator[Chat]:
    """A chat on the database at `path`. Whatever a test does, its streams leave nothing behind."""
    async with opened(path, wake=wake) as journal:
        chat = Chat(journal, limits)
        yield chat
        await chat.hub.close()
        await until(lambda: not chat.hub.members)
        assert chat.hub.groups == {}
        assert (chat.hub.places._open, chat.hub.places._held) == (0, {})
        assert chat.hub.time._timer is None
        assert not chat.hub.time._beats
        assert not chat.hub.time._checked
        assert not chat.journal.feed._listeners


async def pruned_while_replayed(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten messages; when they are replayed two more are sent, and then the log is pruned."""
    for _ in range(10):
        await chat.say("hello")
    between, is_first = ChangeLog.between, True

    async def between_prunings(self: ChangeLog, collection: str, after: int, through: int) -> list[Change]:
        nonlocal is_first
        if is_first:
            is_first = False
            await chat.say("meanwhile")
            await chat.say("meanwhile")
            await self.prune(older_than="9999")
        return await between(self, collection, after, through)

    monkeypatch.setattr(ChangeLog, "between", between_prunings)


class Following:
    """Somebody who iterates over a watch and remembers the events."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.events: list[Event] = []
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for event in self.watch:
            self.events.append(event)

    @property
    def ids(self) -> list[int | None]:
        return [event.id for event in self.events]

    @property
    def told(self) -> list[tuple[str, Any]]:
        """The names of the events, with what they are about."""
        return [(event.name, event.document_id) for event in self.events]

    async def is_live(self) -> None:
        """Return once live events reach it."""
        groups = self.watch.hub.groups
        await until(lambda: any(self._has(group) for group in groups.get(self.watch.collection, {}).values()))

    async def stop(self) -> None:
        await self.watch.aclose()
        await self._task

    def _has(self, group: Any) -> bool:
        return any(member in group.members for member in self.watch._inboxes)


@asynccontextmanager
async def following(watch: Watch) -> AsyncIterator[Following]:
    """Follows the watch while the block runs."""
    follower = Following(watch)
    await follower.is_live()
    try:
        yield follower
    finally:
        await follower.stop()


class Server:
    """An application on a port of its own, served by uvicorn in this event loop."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        quiet: dict[str, Any] = {"log_level": "critical", "access_log": False}
        config = uvicorn.Config(app, lifespan="off", ws="none", **{**quiet, **options})
        self.server = uvicorn.Server(config)

    async def __aenter__(self) -> Server:
        self._task = asyncio.create_task(self.server.serve(sockets=[self.socket]))
        await until(lambda: self.server.started)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.server.should_exit = True
        self.server.force_exit = True
        await self._task
        self.socket.close()


@dataclass
class Block:
    """One block of a stream: its fields as they were sent, its comments apart."""

    fields: dict[str, str]
    comments: list[str]

    @property
    def name(self) -> str:
        return self.fields.get("event", "message")


class Browser:
    """What an EventSource does: reads a chunked response as lines, and remembers the last id."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._text = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.last_id: str | None = None
        self.ended_properly = False

    async def read_head(self) -> None:
        """Read the status and the headers."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)

    async def block(self) -> Block | None:
        """The next block; None at the end of the stream."""
        async with asyncio.timeout(SECONDS):
            while b"\n\n" not in self._text:
                chunk = await self._chunk()
                if not chunk:
                    return None
                self._text += chunk
        text, _, self._text = self._text.partition(b"\n\n")
        block = Block({}, [])
        for line in text.decode().split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not name:
                block.comments.append(value)
            elif name == "data" and "data" in block.fields:
                block.fields["data"] += "\n" + value
            else:
                block.fields[name] = value
        self.last_id = block.fields.get("id", self.last_id)
        return block

    async def event(self) -> Block | None:
        """The next block that an EventSource would dispatch."""
        while (block := await self.block()) is not None:
            if "data" in block.fields:
                return block
        return None

    def close(self) -> None:
        self._writer.close()

    async def _chunk(self) -> bytes:
        try:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            chunk = (await self._reader.readexactly(size + 2))[:-2]
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        self.ended_properly = size == 0
        return chunk


@asynccontextmanager
async def browsing(port: int, path: str = "/", **headers: str) -> AsyncIterator[Browser]:
    """A connection to a stream, its head read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    lines = [f"GET {path} HTTP/1.1", "host: test", *[f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]]
    writer.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
    browser = Browser(reader, writer)
    try:
        async with asyncio.timeout(SECONDS):
            await browser.read_head()
        yield browser
    finally:
        browser.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
