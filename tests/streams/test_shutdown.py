"""A server that is asked to stop stops, however many streams are open and whether or not anybody reads them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from headless.streams.shutdown import watch_server_exit
from tests.changes.journal import until
from tests.streams.chat import Browser, browsing, chatting

STREAMS = 200


class Process:
    """uvicorn, as from a command line, on a port that was free."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    async def say(self, text: str) -> None:
        """Send a message; returns when it is acknowledged."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode())
        assert b" 204 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def serving(database: Path, *options: str, narrow: bool = False) -> AsyncIterator[Process]:
    """The chat in a process of its own; what is left of it at the end is killed."""
    listening = socket.create_server(("127.0.0.1", 0))
    if narrow:
        # Connections inherit it: little is enough that a client does not read, and it waits in the server's own buffer.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "tests.streams.served:app", "--log-level", "error", *options),
        *("--fd", str(listening.fileno())),
        env={**os.environ, "CHAT_DATABASE": str(database)},
        pass_fds=[listening.fileno()],
    )
    try:
        # The socket listens already, so connections wait until the server is there.
        yield Process(process, listening.getsockname()[1])
    finally:
        listening.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("http", ["httptools", "h11"])
async def test_sigterm_ends_two_hundred_streams(tmp_path: Path, http: str) -> None:
    """Every stream gets a complete response and the process ends by itself."""
    async with serving(tmp_path / "a.db", "--http", http) as server, AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browsing(server.port)) for _ in range(STREAMS)]
        await server.say("hello")
        for browser in browsers:
            assert await browser.event()
        server.process.terminate()
        async with asyncio.timeout(60):
            for browser in browsers:
                assert await browser.event() is None
                assert browser.ended_properly
            await server.process.wait()


async def test_sigterm_does_not_wait_for_what_a_client_leaves_in_the_buffer(tmp_path: Path) -> None:
    """The end of a stream fits in behind a few unread bytes: that the server could write it does not end anything."""
    async with serving(tmp_path / "a.db", narrow=True) as server, AsyncExitStack() as stack:
        stack.enter_context(_stalled(server.port))
        reading = await stack.enter_async_context(browsing(server.port))
        for _ in range(8):
            await server.say("x" * 5_000)
            assert await reading.event()
        server.process.terminate()
        async with asyncio.timeout(30):
            assert await reading.event() is None
            assert reading.ended_properly
            await server.process.wait()


async def test_sigterm_does_not_wait_for_clients_that_do_not_read(tmp_path: Path) -> None:
    """Stalled connections are dropped, whatever still waits to be sent to them."""
    async with serving(tmp_path / "a.db") as server, AsyncExitStack() as stack:
        reading = await stack.enter_async_context(browsing(server.port))
        # Each began a little later, so that at the end some are over the limits and some are not.
        for number in range(80):
            if number % 8 == 0:
                stack.enter_context(_stalled(server.port))
            await server.say("x" * 100_000)
            assert await reading.event()
        server.process.terminate()
        async with asyncio.timeout(60):
            assert await reading.event() is None
            assert reading.ended_properly
            await server.process.wait()


async def test_a_server_killed_in_between_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Acknowledged messages reach a subscriber that resumes at the next process, once each and in order."""
    seen: list[str | None] = []
    total = 0
    for _ in range(3):
        async with serving(tmp_path / "a.db") as server:
            writing = [asyncio.create_task(server.say(f"{number}")) for number in range(20)]
            headers = {} if not seen else {"last_event_id": str(seen[-1])}
            total += 20
            async with browsing(server.port, "/", **headers) as browser:
                first = 0 if seen else int(await _position(browser))
                seen += [str(number) for number in range(1, first + 1)]
                await asyncio.gather(*writing)
                # The last few are left for the next process to tell.
                while len(seen) < total - 5:
                    event = await browser.event()
                    assert event is not None
                    seen.append(event.fields["id"])
                server.process.send_signal(signal.SIGKILL)
                await server.process.wait()
    assert seen == [str(number) for number in range(1, len(seen) + 1)]
    assert len(seen) >= total - 5


@pytest.fixture
def sigterm() -> Iterator[None]:
    """Puts the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


async def test_without_a_server_that_says_when_it_exits_nothing_is_watched(sigterm: None) -> None:
    """Mounted elsewhere, the application closes the hub itself."""
    async with chatting() as chat:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert not watch_server_exit(chat.hub)
        signal.signal(signal.SIGTERM, lambda *_: None)
        assert not watch_server_exit(chat.hub)


async def test_the_exit_flag_is_looked_at_while_streams_are_open(sigterm: None) -> None:
    """The server's own flag closes the hub; nobody has to send a signal twice."""

    class Server:
        should_exit = False

        def handle_exit(self, *_: object) -> None:
            """As uvicorn has it."""

    server = Server()
    async with chatting() as chat:
        signal.signal(signal.SIGTERM, server.handle_exit)
        assert watch_server_exit(chat.hub)
        chat.hub.time.tick()
        assert not chat.hub.closed
        server.should_exit = True
        chat.hub.time.tick()
        await until(lambda: chat.hub.closed)


@contextmanager
def _stalled(port: int) -> Iterator[None]:
    """A connection that asks for the stream and never reads, with as little room for it as the system allows."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        yield


async def _position(browser: Browser) -> str:
    """The sequence a stream begins after."""
    block = None
    while block is None or "id" not in block.fields:
        block = await browser.block()
        assert block is not None
    return block.fields["id"]
