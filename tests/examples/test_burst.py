"""Many writers, many readers, one moment: every message arrives once, and in the same order for everyone."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx2
import pytest

from headless import Headless
from tests.examples.chat_app import chat
from tests.examples.serving import served, subscribed

SSE = "/api/messages/sse"
WRITERS, EACH, READERS = 10, 5, 20
ALL = WRITERS * EACH


async def write(client: httpx2.AsyncClient, writer: int) -> None:
    """One client's messages, as fast as the server takes them."""
    for number in range(EACH):
        message = {"sender": 1, "receiver": 1, "content": f"{writer}.{number}"}
        answer = await client.post("/api/messages", json=message)
        assert answer.status_code == 201, answer.text


class Reader:
    """A subscriber that remembers what it heard, and where it stopped."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.heard: list[dict[str, object]] = []
        self.last_id: str | None = None

    async def read(self, count: int, listening: asyncio.Semaphore | None = None) -> None:
        """Hears until it knows `count` messages, then hangs up; from the second time on it resumes."""
        resumed = {} if self.last_id is None else {"last-event-id": self.last_id}
        async with subscribed(self.client, SSE, **resumed) as stream:
            if listening is not None:
                listening.release()
            while len(self.heard) < count:
                event = await stream.next()
                if event.name == "message":
                    self.heard += event.json()
                    self.last_id = event.id


async def burst(app: Headless, stops: list[list[int]]) -> list[Reader]:
    """Lets everyone write while the readers read, each hanging up and resuming after so many messages."""
    async with served(app) as client:
        readers = [Reader(client) for _ in stops]
        listening = asyncio.Semaphore(0)

        async def follow(reader: Reader, counts: list[int]) -> None:
            await reader.read(counts[0], listening)
            for count in counts[1:]:
                await reader.read(count)

        async with asyncio.TaskGroup() as group:
            for reader, counts in zip(readers, stops, strict=True):
                group.create_task(follow(reader, counts))
            for _ in readers:
                await listening.acquire()
            for writer in range(WRITERS):
                group.create_task(write(client, writer))
        assert await app.as_system().count("messages") == ALL
        return readers


RESUMING = {
    "nobody drops": [[ALL]] * READERS,
    "everyone drops and resumes": [[1 + reader, 25 + reader, ALL] for reader in range(READERS)],
}


@pytest.mark.parametrize("stops", RESUMING.values(), ids=RESUMING.keys())
async def test_a_burst_reaches_everyone_once_and_in_order(stops: list[list[int]]) -> None:
    """Fifty messages of one millisecond by ten clients reach twenty subscribers, each once, in the order of the log."""
    readers = await burst(chat("sqlite:///:memory:"), stops)
    moments = Counter(message["createdAt"] for message in readers[0].heard)
    assert max(moments.values()) >= 5
    orders = [[message["id"] for message in reader.heard] for reader in readers]
    assert orders == [list(range(1, ALL + 1))] * READERS
    for reader in readers:
        written = [str(message["content"]) for message in reader.heard]
        for writer in range(WRITERS):
            own = [content for content in written if content.startswith(f"{writer}.")]
            assert own == [f"{writer}.{number}" for number in range(EACH)]


async def test_who_comes_back_after_everything_hears_what_was_missed() -> None:
    """A subscriber that was away for the rest of the burst resumes without a gap."""
    app = chat("sqlite:///:memory:")
    async with served(app) as client:
        await write(client, 0)
        reader = Reader(client)
        await reader.read(EACH)
        known = [message["id"] for message in reader.heard]
        for writer in range(1, WRITERS):
            await write(client, writer)
        await reader.read(ALL)
    assert known == [5, 4, 3, 2, 1]
    assert [message["id"] for message in reader.heard[EACH:]] == list(range(EACH + 1, ALL + 1))
