"""The server process of `headless dev`: declares the project, serves it, and tells its supervisor so."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from headless.app import Headless
from headless.cli.explanation import advice
from headless.cli.generation import update
from headless.cli.loading import load_app
from headless.cli.output import fail, say
from headless.cli.schema import change_schema
from headless.cli.server import AnnouncedServer
from headless.cli.supervisor import PATIENCE, READY
from headless.environment import load_environment
from headless.operations.explanation import proposals
from headless.project import Project


def serve(settings: Mapping[str, Any]) -> None:
    """Serves the project that the settings describe, until it is told to stop or its supervisor is gone."""
    project = Project(settings["target"], Path(settings["root"]), tuple(settings["imports"]))
    load_environment(project.root)
    listener = socket.socket(fileno=settings["listener"])
    lifeline = socket.socket(fileno=settings["lifeline"])  # closed by the end of the process, and by nothing else

    def announce() -> None:
        lifeline.sendall(READY + admin_path(server.app).encode())
        asyncio.get_running_loop().add_reader(lifeline, leave)

    def leave() -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        server.should_exit = True

    os.environ.setdefault("HEADLESS_MAIL", "console:")
    app = load_app(project)
    for told in update(project, app):
        say(f"[dim]{escape(told)}[/]")
    for slug, names in asyncio.run(proposals(app.core)):
        say(f"[dim]{escape(advice(slug, names))}[/]")
    prepare = functools.partial(change_schema, root=project.root)
    server = AnnouncedServer(app, prepare, announce, grace=int(PATIENCE) - 1)
    server.run(sockets=[listener])


def admin_path(app: Headless) -> str:
    """Where the admin is, empty when there is none."""
    return app.config.admin.path if app.config.admin.enabled else ""


def main() -> int:
    """Runs the process. Returns 1 when the project cannot be served, after printing why."""
    try:
        serve(json.loads(sys.argv[1]))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        fail(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
