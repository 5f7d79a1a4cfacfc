"""The chat as an application of its own, for tests that need a server process: `GET` streams, `POST` says its body."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack

from starlette.types import Receive, Scope, Send

from headless.streams.shutdown import watch_server_exit
from tests.streams.chat import Chat, chatting


class Application:
    """Starts with the server's lifespan; the database is the file that CHAT_DATABASE names."""

    def __init__(self) -> None:
        self._chat: Chat | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._chat is not None and scope["method"] == "POST":
            await self._chat.say((await receive())["body"].decode())
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        elif self._chat is not None:
            await self._chat(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            self._chat = await stack.enter_async_context(chatting(os.environ["CHAT_DATABASE"], wake=True))
            assert watch_server_exit(self._chat.hub)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


app = Application()
