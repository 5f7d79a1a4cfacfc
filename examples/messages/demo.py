"""The demo: the chat, the admin and the API on one port, with two people and a dozen messages."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import errno
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headless import Headless, Request
from headless.examples.messages import messages
from headless.examples.messages.pages import inner_path, page, plain

PORT: Final = 3000
ORIGINS: Final = ("*", "http://localhost:3000", "http://localhost:5173")
PEOPLE: Final = {"Ada": "ada@example.com", "Grace": "grace@example.com"}
PASSWORD: Final = "ink-and-ledger"  # noqa: S105 - printed at every start
CONVERSATION: Final = (
    ("Ada", "Good morning. Is the ledger open?"),
    ("Grace", "Since six. The first page is ruled and dry."),
    ("Ada", "Then let us begin with what we know: one collection, four fields."),
    ("Grace", "Sender, receiver, content, timestamp. Anything else is decoration."),
    ("Ada", "And the stream?"),
    ("Grace", "It is the same list, told as it grows. Nobody asks twice."),
    ("Ada", "What if somebody's line drops?"),
    ("Grace", "They say the last number they heard, and go on from there."),
    ("Ada", "I changed a word in the admin a moment ago. Did you see?"),
    ("Grace", "Before you had let go of the key."),
    ("Ada", "Open a second window as Grace, then, and answer me."),
    ("Grace", "I am here."),
)


class Home:
    """The page at `/`: where everything is."""

    def __init__(self, app: Headless) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if inner_path(request.scope) != "/":
            return plain("Not Found", 404)
        root = request.scope["root_path"]
        people = (await request.system.find("users", sort="id", limit=2, depth=0, select={"email": True})).docs
        origin = str(request.base_url).rstrip("/")
        places = {"base": f"{root}/chat", "api": f"{root}/api", "admin": root + self._app.config.admin.path}
        login = {"email": PEOPLE["Ada"], "password": PASSWORD}
        return page("home.html", **places, people=people, origin=origin, login=login)


def application() -> Headless:
    """The demo as an application. Its database lies in the data folder, its people are made once."""
    return Headless(
        plugins=[messages(public=True)],
        cors=ORIGINS,
        database="sqlite:///demo.db",
        mounts={"/": Home},
        admin={"name": "Headless demo"},
        on_init=seed,
        streams={"max_per_address": 10_000},  # everybody who can reach it is on this machine
    )


async def seed(app: Headless) -> None:
    """Makes the people and their conversation, unless there are people already."""
    api = app.as_system()
    if await api.count("users"):
        return
    ids = {}
    for name, email in PEOPLE.items():
        ids[name] = (await api.create("users", {"name": name, "email": email, "password": PASSWORD}))["id"]
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=len(CONVERSATION))
    for minutes, (sender, content) in enumerate(CONVERSATION):
        receiver = next(name for name in PEOPLE if name != sender)
        at = (start + dt.timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = {"sender": ids[sender], "receiver": ids[receiver], "content": content, "timestamp": at}
        await api.create("messages", message)


def listen(port: int) -> socket.socket:
    """A socket that listens on this machine only. Exits, saying the way out, when the port cannot be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        sys.exit(f"Port {port} {why}. Stop that program, or use another port: --port {free_port()}")
    return listener


def free_port() -> int:
    """A port that is free now: the first after the usual one, else any."""
    for port in [*range(PORT + 1, PORT + 10), 0]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    return PORT + 1


def own_project() -> str:
    """The command that starts a project of one's own, as it can be typed here, in any folder."""
    installed = Path(sys.executable).with_name("headless")
    on_path = shutil.which("headless")
    headless = "headless" if on_path and Path(on_path) == installed else shlex.quote(str(installed))
    return f"{headless} new shop && cd shop && {headless} dev"


def welcome(address: str, data: Path) -> str:
    """What is printed at the start; the last line is a command."""
    return f"""
Headless demo, its data in {data} (remove that folder to begin again)

  Start here  {address}
  Chat        {address}/chat?as=1  as Ada
              {address}/chat?as=2  as Grace, in a second window
  Admin       {address}/admin  log in as {PEOPLE["Ada"]} with the password {PASSWORD}
  API         curl '{address}/api/messages?limit=3'
  Stream      curl -N {address}/api/messages/sse

Ctrl-C ends it. A project of your own, in a folder of your own:

{own_project()}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the demo until it is interrupted."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description="Serves the demo on this machine.")
    parser.add_argument("--port", type=int, default=PORT, help=f"the port, {PORT} unless given; 0 is any free one")
    port = parser.parse_args(argv).port
    os.environ.setdefault("HEADLESS_DATA_DIR", "demo-data")
    with listen(port) as listener:
        app = application()
        address = f"http://localhost:{listener.getsockname()[1]}"
        server = Announced(app, welcome(address, app.data_dir.resolve()))
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return 0 if server.started else 1


class Announced(uvicorn.Server):
    """A server that says so when it answers."""

    def __init__(self, app: Headless, text: str) -> None:
        config = uvicorn.Config(
            app, lifespan="on", log_level="warning", server_header=False, timeout_graceful_shutdown=5
        )
        super().__init__(config)
        self._text = text

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
