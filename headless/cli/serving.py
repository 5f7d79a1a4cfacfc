"""`headless start`: serves a project for real, in one process or several."""

from __future__ import annotations

import asyncio
import functools
import os
import socket

from rich.markup import escape
from uvicorn.supervisors import Multiprocess

from headless.app import Headless
from headless.cli.listening import address, open_listener
from headless.cli.loading import load_app
from headless.cli.output import say
from headless.cli.schema import check_schema
from headless.cli.server import AnnouncedServer, configure
from headless.environment import load_environment
from headless.errors import ConfigError
from headless.project import Project, refuse_shadowing

GRACE = 10
"""Seconds that requests have to finish after SIGTERM; streams are closed at once."""


def serve(project: Project, host: str, port: int, *, workers: int, access_log: bool) -> None:
    """Serves until SIGINT or SIGTERM. Raises ConfigError for what must be mended first, like a busy port."""
    refuse_shadowing(project.root)
    load_environment(project.root)
    app = load_app(project)
    require_secret(app)
    with open_listener(host, port) as listener:
        announce = functools.partial(say, f"Serving on {escape(address(listener))}", "bold")
        if workers == 1:
            check = functools.partial(check_schema, root=project.root)
            AnnouncedServer(app, check, announce, grace=GRACE, access_log=access_log).run(sockets=[listener])
        else:
            asyncio.run(prepare(app, project))
            announce()
            serve_in_processes(project, listener, workers, access_log)


def require_secret(app: Headless) -> None:
    """Raises ConfigError when no secret is declared or in the environment: development's is not enough."""
    name = app.config.secret_env
    if not (app.config.secret or os.environ.get(name)):
        raise ConfigError(
            f"{name} is not set: log-ins are signed with it. Make one with "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' "
            "and keep it in the environment or in .env; every process needs the same."
        )


async def prepare(app: Headless, project: Project) -> None:
    """Looks at the database once, before several processes open it."""
    await check_schema(app, project.root)
    await app.aclose()


def serve_in_processes(project: Project, listener: socket.socket, workers: int, access_log: bool) -> None:
    """Runs uvicorn's own supervisor, which starts a process again when it dies, and all of them at SIGHUP."""
    config = configure(
        functools.partial(load_app, project), grace=GRACE, access_log=access_log, factory=True, workers=workers
    )
    Multiprocess(config, [listener]).run()
