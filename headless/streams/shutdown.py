"""Noticing that the server wants to stop: it waits for open streams, and streams do not end by themselves."""

from __future__ import annotations

import signal
from typing import Any

from headless.streams.hub import Hub


def watch_server_exit(hub: Hub) -> bool:
    """Close the hub as soon as the server running in this process begins to exit; whether a server was found.

    uvicorn handles SIGTERM by a method of its Server, which then sets `should_exit`, waits for every response
    to end, and only afterwards tells the application. Call this at startup; the flag is looked at only while
    streams are open.
    """
    server: Any = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not hasattr(server, "should_exit"):
        return False
    hub.time.server_exits = lambda: bool(server.should_exit)
    return True
