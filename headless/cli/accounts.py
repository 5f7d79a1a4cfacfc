"""`headless users create`: someone who may log in, made on the machine itself."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from headless.app import Headless
from headless.cli.loading import load_app
from headless.cli.output import results
from headless.cli.schema import check_schema
from headless.environment import load_environment
from headless.errors import BadRequest, ConfigError
from headless.project import Project


def create_account(project: Project, *, email: str | None, collection: str | None, values: Sequence[str]) -> None:
    """Asks for what is missing, creates the user and prints its id. Raises HeadlessError, saying why."""
    load_environment(project.root)
    app = load_app(project)
    slug = collection or app.config.admin.user
    if app.config.collection(slug).auth is None:
        raise ConfigError(f"the documents of {slug!r} are not users: the collection has no auth")
    data = {
        **dict(read_value(item) for item in values),
        "email": email or ask_email(),
        "password": ask_password(),
    }
    created = asyncio.run(create(app, project.root, slug, data))
    results.print(f"Created {escape(slug)} {created['id']}: {escape(created['email'])}")


async def create(app: Headless, root: Path, slug: str, data: dict[str, Any]) -> dict[str, Any]:
    await check_schema(app, root)
    await app.startup()
    try:
        # Made on the machine itself: nobody has to prove anything.
        verified = {"_verified": True} if app.config.collection(slug).auth.verify is not None else {}
        return await app.as_system().create(slug, {**verified, **data})
    finally:
        await app.aclose()


def read_value(text: str) -> tuple[str, Any]:
    """`roles=["admin"]`, `name=Ada`: JSON where it is JSON, else text. Raises BadRequest for neither."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadRequest(f"--set {text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def ask_email() -> str:
    if not sys.stdin.isatty():
        raise BadRequest("--email is missing")
    return str(typer.prompt("E-mail"))


def ask_password() -> str:
    """The password: typed twice at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadRequest("the password is read from standard input, which is empty")
    return password
