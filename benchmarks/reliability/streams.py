"""Clients on the event loop that go from node to node when theirs dies: subscribers to a stream, and writers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.servers import HOST

PAUSE = 0.05
"""Seconds before another node is tried."""
BROKEN = (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass
class Subscriber:
    """One stream of all messages: `received` are their ids in the order of the events, `cursors` the events' own."""

    ports: Sequence[int]
    first: int
    received: list[int] = field(default_factory=list)
    cursors: list[int] = field(default_factory=list)
    resets: int = 0
    connected: int = 0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, messages: int) -> None:
        """Waits until so many different messages were received."""
        while len(set(self.received)) < messages:
            self._grown.clear()
            await self._grown.wait()

    async def follow(self) -> None:
        """Follows until it is cancelled, and resumes after the last event whenever the stream ends."""
        while True:
            port = self.ports[(self.first + self.connected) % len(self.ports)]
            self.connected += 1
            try:
                await self._stream(port)
            except BROKEN:
                await asyncio.sleep(PAUSE)

    async def _stream(self, port: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            resume = f"Last-Event-ID: {self.cursors[-1]}\r\n" if self.cursors else ""
            writer.write(f"GET /api/messages/sse HTTP/1.1\r\nHost: {HOST}\r\n{resume}\r\n".encode())
            status = await reader.readline()
            if b" 200 " not in status:
                raise EOFError
            self.is_open.set()
            await self._events(reader)
        finally:
            writer.close()

    async def _events(self, reader: asyncio.StreamReader) -> None:
        event: dict[str, str] = {}
        while line := await reader.readline():
            name, _, value = line.decode().strip().partition(": ")
            if name in ("id", "event", "data"):
                event[name] = value
            elif not name and event:
                self._take(event)
                event = {}

    def _take(self, event: dict[str, str]) -> None:
        if event.get("event") == "reset":
            self.resets += 1
        elif event.get("event") == "create":
            self.cursors.append(int(event["id"]))
            self.received.append(json.loads(event["data"])["doc"]["id"])
            self._grown.set()


@dataclass
class Writer:
    """Creates a message whenever it is told; `acknowledged` are the ids that were answered."""

    ports: Sequence[int]
    first: int
    acknowledged: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _turn: int = 0

    async def write(self, text: str) -> None:
        """One message, to a node that answers. What a dying one was asked may be stored without being told."""
        while True:
            port = self.ports[(self.first + self._turn) % len(self.ports)]
            try:
                status, body = await self._post(port, text)
            except BROKEN:
                self._turn += 1
                await asyncio.sleep(PAUSE)
                continue
            if status == 201:
                self.acknowledged.append(json.loads(body)["doc"]["id"])
            else:
                self.refused.append(f"{status} {body[:200]!r}")
            return

    async def _post(self, port: int, text: str) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            content = json.dumps({"text": text, "room": "main"})
            head = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close"
            writer.write(f"POST /api/messages HTTP/1.1\r\nHost: {HOST}\r\n{head}\r\n\r\n{content}".encode())
            answer = await reader.read()
            top, separator, body = answer.partition(b"\r\n\r\n")
            if not separator:
                raise EOFError
            return int(top.split(b" ", 2)[1]), body
        finally:
            writer.close()
