"""The server of `headless dev` and `headless start`: uvicorn's, which brings the database in line first."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from headless.app import Headless


def configure(app: Any, *, grace: int, access_log: bool, **options: Any) -> uvicorn.Config:
    """uvicorn's settings: requests are logged when asked for, its own comings and goings are not."""
    config = uvicorn.Config(
        app,
        lifespan="on",
        access_log=access_log,
        timeout_graceful_shutdown=grace,
        server_header=False,
        **options,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return config


class AnnouncedServer(uvicorn.Server):
    """Starts the application before it accepts requests, so that its errors are raised here, not logged.

    `prepare` brings the database in line, or refuses it. `announce` is called when requests are accepted. `grace` is
    how many seconds they have to finish at the end.
    """

    def __init__(
        self,
        app: Headless,
        prepare: Callable[[Headless], Awaitable[None]],
        announce: Callable[[], None],
        *,
        grace: int,
        access_log: bool = True,
    ) -> None:
        super().__init__(configure(app, grace=grace, access_log=access_log))
        self.app = app
        self.prepare = prepare
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.prepare(self.app)
        await self.app.startup()
        await super().startup(sockets)
        self.announce()
