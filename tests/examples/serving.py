"""Serves an application on a real port within the test's own event loop, and reads its streams over the network."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import httpx2
import uvicorn

from headless import Headless
from headless.testing import StreamEvent
from headless.testing.sse import EventReader


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the tests and says when it is ready."""

    def __init__(self, app: Headless) -> None:
        super().__init__(uvicorn.Config(app, lifespan="on", log_level="warning", timeout_graceful_shutdown=10))
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


@contextlib.asynccontextmanager
async def served(app: Headless) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application, which is served on a free port while the block runs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        server = QuietServer(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx2.AsyncClient(base_url=base, timeout=60) as client:
                yield client
        finally:
            await app.hub.close()
            server.should_exit = True
            await serving


class Subscription:
    """An open stream: its events one by one."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.reader = EventReader()
        self._events = self._read()

    async def next(self) -> StreamEvent:
        """The next event."""
        return await anext(self._events)

    async def aclose(self) -> None:
        await self._events.aclose()

    async def _read(self) -> AsyncGenerator[StreamEvent, None]:
        async for piece in self.response.aiter_bytes():
            for event in self.reader.feed(piece):
                yield event


@contextlib.asynccontextmanager
async def subscribed(client: httpx2.AsyncClient, path: str, **headers: str) -> AsyncIterator[Subscription]:
    """Opens a stream and hangs up after the block."""
    async with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        subscription = Subscription(response)
        try:
            yield subscription
        finally:
            await subscription.aclose()
