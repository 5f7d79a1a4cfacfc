"""Runs an ASGI application under plain uvicorn on a socket its parent listens on: `serve MODULE:APP FD`."""

from __future__ import annotations

import socket
import sys

import uvicorn


def main() -> None:
    """Serve until SIGTERM."""
    application, descriptor = sys.argv[1:]
    config = uvicorn.Config(application, access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main()
