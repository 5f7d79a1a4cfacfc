"""A real server in a thread, for the requests of the checker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
import yaml

from headless import Headless
from headless.loader import load_project
from headless.testing.client import fresh_database
from tests.conformance.reduce import Declaration

FUNCTIONS = Path(__file__).parent / "functions.py"
SECRET = "a secret for the conformance tests, forty characters or so"


@contextmanager
def serving(config: Declaration, folder: Path) -> Iterator[tuple[str, httpx2.Client]]:
    """The address of a server with an empty database, and a client for it. Writes the YAML into `folder`."""
    path = folder / "headless.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    app = Headless(load_project(path, imports=[FUNCTIONS]), database=fresh_database(), secret=SECRET)
    with listening(app) as base, httpx2.Client(timeout=60, follow_redirects=False) as client:
        yield base, client


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """The socket listens before the server starts, so that the first request waits in its queue."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            listener.close()

    thread = threading.Thread(target=run, name="conformance server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
