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
    refused = [step for step in steps if step.destructive]
    if refused:
        await app.aclose()
        raise ConfigError([f"the database has to change: {step.description}. {step.remedy}" for step in refused])
    for step in steps:
        say(f"[cyan]schema:[/] {escape(step.description)}")
    await app.apply_schema(steps)
