"""Brings the database in line with the declarations, or refuses to serve one that is behind them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.markup import escape

from headless.app import Headless
from headless.cli.output import say
from headless.errors import ConfigError
from headless.migrations.course import Course
from headless.migrations.files import read_migrations


def course_of(app: Headless, root: Path) -> Course:
    """The migrations of a project, and what it declares."""
    return Course(read_migrations(root), list(app.metadata.tables.values()), app.core.clock)


async def change_schema(app: Headless, root: Path) -> None:
    """Takes what is pending, and what is declared without a migration; prints what it did.

    It opens the database and leaves it open: the application is started, or closed, afterwards. Raises ConfigError,
    with what to do, when something would be lost.
    """
    course = course_of(app, root)
    for told in await _called(app, lambda connection: course.up(connection, freely=True)):
        say(f"[cyan]schema:[/] {escape(told)}")


async def check_schema(app: Headless, root: Path) -> None:
    """Makes the tables of a new database; raises ConfigError for one that is behind what is declared."""
    course = course_of(app, root)
    await app.open_database()
    standing = await app.database.inspect(course.standing)
    if not standing.is_behind:
        return
    if await app.database.inspect(course.is_new):
        await _called(app, course.up)
        return
    await app.aclose()
    lacking = standing.pending or standing.left
    problems = [f"the database is behind what is declared: {text}" for text in lacking]
    remedy = "headless migrate create NAME, then: headless migrate up" if standing.undeclared else "headless migrate up"
    raise ConfigError([*problems, f"run: {remedy}"])


async def _called(app: Headless, call: Callable[[sa.Connection], list[str]]) -> Any:
    await app.open_database()
    try:
        return await app.database.call_writer(call)
    except BaseException:
        await app.aclose()
        raise
