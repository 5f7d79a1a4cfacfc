"""One request to an ASGI application and its answer, piece by piece as it is sent: nothing is buffered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

try:
    import httpx2
except ImportError as error:  # pragma: no cover - the tests have it
    raise ImportError("headless.testing needs httpx2: pip install 'headless-content[testing]'") from error

BASE = "http://testserver"
CLIENT = ("127.0.0.1", 50_000)
LEAVE_WITHIN = 5.0


class Exchange:
    """The client's side of an ASGI call. Used on the event loop only."""

    def __init__(self, app: ASGIApp, request: httpx2.Request) -> None:
        self.request = request
        self.status = 0
        self.headers = httpx2.Headers()
        self._app = app
        self._asked = False
        self._left = asyncio.Event()
        self._begun = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_stream(self) -> bool:
        """Whether the answer is one that does not end by itself."""
        return self.headers.get("content-type", "").startswith("text/event-stream")

    async def begin(self) -> None:
        """Asks, and waits for status and headers. Raises what the application raises instead of answering."""
        self._task = asyncio.create_task(self._call())
        await self._begun.wait()
        if not self.status:
            await self._task
            raise RuntimeError(f"{describe(self.request)}: the application ended without an answer")

    async def piece(self) -> bytes | None:
        """The next piece of the body, None at its end."""
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
        return piece

    async def response(self) -> httpx2.Response:
        """The whole answer. Raises TypeError for a stream, which has no end, after leaving it."""
        if self.is_stream:
            await self.leave()
            raise TypeError(
                f"{describe(self.request)} answers with a stream: use client.stream({self.request.url.path!r})"
            )
        body = b""
        while (piece := await self.piece()) is not None:
            body += piece
        assert self._task is not None
        await self._task
        # The bytes are as they were sent; what a server does for HEAD is left to it.
        content = b"" if self.request.method == "HEAD" else body
        return httpx2.Response(self.status, headers=self.headers, content=content, request=self.request)

    async def leave(self) -> None:
        """Hangs up, and waits until the application has noticed. Raises what it failed with."""
        self._left.set()
        if self._task is not None:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._task

    async def _call(self) -> None:
        try:
            await self._app(scope_of(self.request), self._receive, self._send)
        finally:
            self._begun.set()
            self._pieces.put_nowait(None)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.request.read(), "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = httpx2.Headers(list(message.get("headers", ())))
            self.status = message["status"]
            self._begun.set()
        elif message["type"] == "http.response.body":
            if message.get("body"):
                self._pieces.put_nowait(message["body"])
            if not message.get("more_body"):
                self._pieces.put_nowait(None)


def ask(method: str, path: str, headers: Mapping[str, str], **body: Any) -> httpx2.Request:
    """A request. Raises ValueError for a path without its slash."""
    if not path.startswith("/"):
        raise ValueError(f"a path begins with a slash: {path!r}")
    given = {name: value for name, value in body.items() if value is not None}
    return httpx2.Request(method, BASE + path, headers=headers, **given)


def scope_of(request: httpx2.Request) -> dict[str, Any]:
    """The request as servers describe it to applications."""
    url = request.url
    path = url.raw_path.partition(b"?")[0]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": CLIENT,
        "server": (url.host, url.port or 80),
    }


def describe(request: httpx2.Request) -> str:
    """The request in a few words, for messages."""
    return f"{request.method} {request.url.raw_path.decode('ascii')}"
