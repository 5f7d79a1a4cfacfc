"""Brings the database in line with the declarations: adds what is missing, refuses what could lose data."""

from __future__ import annotations

from rich.markup import escape

from headless.app import Headless
from headless.cli.output import say
from headless.errors import ConfigError


async def change_schema(app: Headless) -> None:
    """Prints and adds what is missing. Raises ConfigError, with what to do, when a change would destroy.

    It opens the database and leaves it open: the application is started, or closed, afterwards.
    """
    steps = await app.schema_plan()
    try:
        await app.apply_schema(steps)
    except ConfigError:
        await app.aclose()
        raise
    for step in steps:
        if not step.idle:
            say(f"[cyan]schema:[/] {escape(step.description)}")
