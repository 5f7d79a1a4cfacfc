"""The server is killed in the middle of a burst and started again: nobody misses a message, nobody hears one twice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.examples.running import environment
from tests.examples.serving import subscribed
from tests.services import free_port

SSE = "/api/messages/sse"
WRITERS, EACH, READERS = 10, 5, 20
ROOT = Path(__file__).parents[2]
LOST = (httpx2.TransportError, StopAsyncIteration)


class Server:
    """The chat in a process of its own, which can be killed and started again on the same port and data."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.up = asyncio.Event()
        self._environment = environment(HEADLESS_DATA_DIR=str(folder))
        self._process: asyncio.subprocess.Process

    async def start(self) -> None:
        """Returns when it answers."""
        line = [sys.executable, "-m", "uvicorn", "tests.examples.chat_app:app", "--port", str(self.port)]
        self._process = await asyncio.create_subprocess_exec(
            *line, cwd=ROOT, env=self._environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        assert self._process.stderr is not None
        while line_read := await self._process.stderr.readline():
            if b"Uvicorn running" in line_read:
                self.up.set()
                return
        raise AssertionError("the server did not start")

    async def kill(self) -> None:
        """The process is gone at once, with whatever it was doing."""
        self.up.clear()
        self._process.kill()
        await self._process.communicate()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.kill()


class Written:
    """What was written, and what the server acknowledged of it."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.tried = 0
        self.some = asyncio.Event()

    async def write(self, client: httpx2.AsyncClient, server: Server) -> None:
        """One client's messages; one that is not acknowledged is written again as another one."""
        done = 0
        while done < EACH:
            await server.up.wait()
            self.tried += 1
            content = f"attempt {self.tried}"
            message = {"sender": 1, "receiver": 1, "content": content}
            try:
                answer = await client.post("/api/messages", json=message)
            except httpx2.TransportError:
                continue
            assert answer.status_code == 201, answer.text
            done += 1
            self.acknowledged.append(content)
            if len(self.acknowledged) >= WRITERS:
                self.some.set()


async def read(client: httpx2.AsyncClient, server: Server, listening: asyncio.Semaphore) -> list[tuple[int, str]]:
    """Hears until the last message; a stream that breaks is resumed where it broke."""
    heard: list[tuple[int, str]] = []
    last_id: str | None = None
    while not heard or heard[-1][1] != "the last":
        await server.up.wait()
        resumed = {} if last_id is None else {"last-event-id": last_id}
        try:
            async with subscribed(client, SSE, **resumed) as stream:
                listening.release()
                # Until something is heard, a comment's `id:` line is where a resume begins.
                while not heard or heard[-1][1] != "the last":
                    event = await stream.next()
                    last_id = event.id
                    heard += [(message["id"], message["content"]) for message in event.json()]
        except LOST:
            last_id = stream.reader.last_id or last_id
    return heard


async def test_a_burst_outlives_the_server(server: Server) -> None:
    """Every acknowledged message reaches all twenty subscribers once and in order, though the server is killed."""
    written, listening = Written(), asyncio.Semaphore(0)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
        async with asyncio.TaskGroup() as group:
            readers = [group.create_task(read(client, server, listening)) for _ in range(READERS)]
            for _ in readers:
                await listening.acquire()
            writers = [group.create_task(written.write(client, server)) for _ in range(WRITERS)]
            await written.some.wait()
            await server.kill()
            await server.start()
            await asyncio.gather(*writers)
            await client.post("/api/messages", json={"sender": 1, "receiver": 1, "content": "the last"})
        stored = (await client.get("/api/messages?limit=0&depth=0&sort=id")).json()["docs"]
    everything = [(message["id"], message["content"]) for message in stored]
    assert {content for _, content in everything} >= set(written.acknowledged)
    assert len(written.acknowledged) == WRITERS * EACH
    for reader in readers:
        assert reader.result() == everything
