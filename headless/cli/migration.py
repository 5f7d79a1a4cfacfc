"""`headless migrate`: writes migrations, shows what they would do, and takes databases through them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from headless.app import Headless
from headless.cli.loading import load_app
from headless.cli.output import results, shown
from headless.cli.schema import course_of
from headless.database import system
from headless.environment import load_environment
from headless.migrations.course import Course, Standing
from headless.migrations.files import write_migration
from headless.project import Project

T = TypeVar("T")

OWN = (system.migrations.name, system.schema_state.name)
"""The tables in which a database notes what it has had."""


class Undone(Exception):
    """Ends a transaction whose changes are only to be seen."""


def create(project: Project, title: str, *, python: bool, as_json: bool) -> None:
    """Writes a migration from what the others lead to, to what is declared; in Python also when that is the same."""
    course = loaded(project)[1]
    steps = course.to_write()
    path = write_migration(project.root, title, steps, python=python) if steps or python else None
    told = [{"step": step.description, "destructive": step.destructive, "remedy": step.remedy} for step in steps]
    if as_json:
        print_json({"file": path and shown(path), "steps": told})
        return
    results.print(
        "Nothing to write: the migrations lead to what is declared." if path is None else shown(path), markup=False
    )
    for step in steps:
        allowed = "  (needs --allow-destructive)" if step.destructive and not step.impossible else ""
        wrong = f"  (cannot be taken: {step.remedy})" if step.impossible else ""
        results.print(f"  {step.description}{allowed}{wrong}", markup=False)


def plan(project: Project, *, to: str | None, allow_destructive: bool, as_json: bool) -> None:
    """Shows what `up` would do: takes the steps in a transaction that is rolled back, and prints what was run."""
    app, course = loaded(project)
    statements: list[str] = []

    def try_out(connection: sa.Connection) -> None:
        with recorded(connection, statements):
            told.extend(course.up(connection, to=to, may_lose=allow_destructive))
        raise Undone

    told: list[str] = []

    async def work() -> None:
        try:
            await app.database.call_writer(try_out)
        except Undone:
            return

    run(app, work)
    if as_json:
        print_json({"steps": told, "statements": statements})
        return
    for text in told:
        results.print(f"-- {text}", markup=False)
    for text in statements:
        results.print(f"{text};", markup=False)
    if not told and not statements:
        results.print("Nothing to do.")


def up(project: Project, *, to: str | None, allow_destructive: bool) -> None:
    """Takes what is pending."""
    app, course = loaded(project)
    told = changed(app, lambda connection: course.up(connection, to=to, may_lose=allow_destructive))
    print_lines("took", told)


def down(project: Project, *, to: str | None, allow_destructive: bool) -> None:
    """Takes back the last migration, or all after `to`."""
    app, course = loaded(project)
    told = changed(app, lambda connection: course.down(connection, to=to, may_lose=allow_destructive))
    print_lines("took back", told)


def status(project: Project, *, as_json: bool) -> bool:
    """Prints where the database is. Answers whether it is as declared."""
    app, course = loaded(project)

    async def work() -> Standing:
        found: Standing = await app.database.inspect(course.standing)
        return found

    found = run(app, work)
    if as_json:
        print_json({**found.__dict__, "behind": found.is_behind})
    else:
        for line in lines(found):
            results.print(line, markup=False)
    return not found.is_behind


def loaded(project: Project) -> tuple[Headless, Course]:
    """The application, and its course."""
    load_environment(project.root)
    app = load_app(project)
    return app, course_of(app, project.root)


def changed(app: Headless, call: Callable[[sa.Connection], list[str]]) -> list[str]:
    """What `call` answers, inside a transaction of the database's."""

    async def work() -> list[str]:
        told: list[str] = await app.database.call_writer(call)
        return told

    return run(app, work)


def run(app: Headless, work: Callable[[], Awaitable[T]]) -> T:
    """Works with the application's database open, and nothing else of it."""

    async def opened() -> T:
        await app.open_database()
        try:
            return await work()
        finally:
            await app.aclose()

    return asyncio.run(opened())


@contextmanager
def recorded(connection: sa.Connection, statements: list[str]) -> Iterator[None]:
    """Notes every statement that changes something, without its values; of equal ones in a row only the first."""

    def note(*arguments: Any) -> None:
        text = " ".join(arguments[2].split())
        changes = not text.upper().startswith(("SELECT", "PRAGMA")) and not any(name in text for name in OWN)
        if changes and statements[-1:] != [text]:
            statements.append(text)

    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)


def lines(found: Standing) -> Iterator[str]:
    """What is printed of where a database is."""
    for name, at in found.applied.items():
        notes = ["changed since"] * (name in found.changed) + ["its file is not there"] * (name in found.missing)
        yield f"applied  {name}  {at}" + (f"  ({', '.join(notes)})" if notes else "")
    yield from (f"pending  {name}" for name in found.pending)
    yield from (f"in no migration yet: {text}" for text in found.undeclared)
    if not found.pending:
        yield from (f"lacking: {text}" for text in found.left if text not in found.undeclared)
    if not found.is_behind:
        yield "The database is as declared."


def print_lines(done: str, told: list[str]) -> None:
    for text in told:
        results.print(f"{done}: {text}", markup=False)
    if not told:
        results.print("Nothing to do.")


def print_json(data: Any) -> None:
    results.print(json.dumps(data, ensure_ascii=False, indent=2), markup=False)
