"""`headless transfer`: everything that is in one database put into another, and both compared."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from headless.app import Headless
from headless.cli.loading import load_app
from headless.cli.output import messages, results, say, warn
from headless.database import Database, SQLiteDatabase, open_database
from headless.database.transfer import (
    Compared,
    LeftBehind,
    Outcome,
    Transfer,
    compare_states,
    left_behind,
    refuse_undeclared,
    refuse_unfinished,
    survey,
)
from headless.database.transfer.copying import GO_ON
from headless.database.transfer.parts import parts_of
from headless.environment import load_environment
from headless.errors import BadRequest, ConfigError
from headless.project import Project

DIFFERENT: Final = 3
"""The exit code for databases that are not equal."""
EQUAL: Final = "equal"
HEADINGS: Final = ("Table", "Rows in FROM", "in TO", "Checksum", "in TO", "")
SHOWN: Final = 12
"""So many digits of a checksum tell two apart for the eye; `--json` has all."""


class Bar:
    """The progress of a transfer at a terminal; elsewhere a line for each thing that begins."""

    def __init__(self) -> None:
        self._shown = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"),
            TimeRemainingColumn(), console=messages, disable=not messages.is_terminal,
        )  # fmt: skip
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def begin(self, what: str, rows: int) -> None:
        self._task = self._shown.add_task(what, total=rows)
        if self._shown.disable:
            say(f"{what}: {rows} rows")

    def advance(self, rows: int) -> None:
        if self._task is not None:
            self._shown.advance(self._task, rows)


def transfer(project: Project, source: str, target: str | None, *, verify: bool, restart: bool, as_json: bool) -> int:
    """Transfers, or only compares, and prints what came of it. Returns the exit code. Raises HeadlessError."""
    if verify and restart:
        raise BadRequest("--verify copies nothing, --restart copies everything: one of them")
    load_environment(project.root)
    app = load_app(project)
    target = target or app.config.database or os.environ.get("DATABASE_URL")
    if target is None:
        raise BadRequest("TO is missing: name it, or set DATABASE_URL")
    try:
        outcome, left = asyncio.run(_transferred(app, source, target, verify, restart))
    except KeyboardInterrupt:
        if not verify:
            warn(f"Interrupted. {GO_ON}; no application starts on what is half copied.")
        raise
    if as_json:
        results.print(json.dumps(_as_data(outcome, left), indent=2), markup=False)
    else:
        _print(outcome, verify)
    return 0 if outcome.is_done else DIFFERENT


async def _transferred(
    app: Headless, source: str, target: str, verify: bool, restart: bool
) -> tuple[Outcome, list[LeftBehind]]:
    given, filled = (open_database(url, app.data_dir) for url in (source, target))
    addresses = [address(given, source), address(filled, target)]
    _refuse(given, filled, addresses)
    tables = list(app.metadata.tables.values())
    async with _open(given), _open(filled):
        for database in (given, filled) if verify else (given,):
            await refuse_unfinished(database)
        await refuse_undeclared("FROM", given, tables)
        left = await left_behind(given, tables)
        say(f"From {escape(addresses[0])} to {escape(addresses[1])}")
        for table in left:
            warn(f"Table {table.table} is not declared, so its {table.rows} rows are left behind")
        with Bar() as bar:
            if verify:
                await refuse_undeclared("TO", filled, tables)
                return await _verified(app, given, filled, bar), left
            return await Transfer(given, filled, app.metadata, addresses[0], bar).run(restart=restart), left


async def _verified(app: Headless, source: Database, target: Database, bar: Bar) -> Outcome:
    parts = parts_of(app.metadata)
    first = await survey(source, parts, bar, "Reading FROM")
    second = await survey(target, parts, bar, "Reading TO")
    return Outcome(compare_states(first, second), resumed=False, written_since=0)


def address(database: Database, url: str) -> str:
    """Where a database is, without who asks and by which password."""
    if isinstance(database, SQLiteDatabase):
        return "" if database.is_private else f"sqlite:///{database.path.resolve()}"
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = query.get("host") or parts.hostname or "localhost"
    schema = f"?schema={query['schema']}" if "schema" in query else ""
    return f"postgresql://{host}:{parts.port or 5432}{parts.path}{schema}"


def _refuse(source: Database, target: Database, addresses: Sequence[str]) -> None:
    if source.is_private or target.is_private:
        raise BadRequest("a private database is gone when it is closed: name a file or a server")
    if addresses[0] == addresses[1]:
        raise BadRequest("FROM and TO are the same database")
    if isinstance(source, SQLiteDatabase) and not Path(source.path).is_file():
        raise ConfigError(f"FROM: there is no file {source.path}")


@contextlib.asynccontextmanager
async def _open(database: Database) -> AsyncIterator[None]:
    await database.open()
    try:
        yield
    finally:
        await database.close()


def _print(outcome: Outcome, verify: bool) -> None:
    rows = [_cells(one) for one in outcome.tables]
    widths = [max(len(row[column]) for row in (HEADINGS, *rows)) for column in range(len(HEADINGS))]
    for row in (HEADINGS, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        style = "bold" if row is HEADINGS else None if row[-1] == EQUAL else "bold red"
        results.print(line.rstrip(), markup=False, style=style)
    different = [one.table for one in outcome.tables if not one.is_equal]
    if different:
        remedy = "" if verify else " No application starts on TO. Begin anew with --restart"
        warn(f"Not equal: {', '.join(different)}.{remedy}")
    elif outcome.written_since:
        warn(
            f"FROM was written to meanwhile: {outcome.written_since} changes are not in TO, on which no application "
            "starts yet. Stop the application that writes to FROM, and begin anew with --restart"
        )
    else:
        said = "Equal" if verify else "Transferred, and equal"
        number = sum(one.source.rows for one in outcome.tables)
        results.print(f"{said}: {len(outcome.tables)} tables, {number} rows.", style="bold green")


def _cells(one: Compared) -> tuple[str, ...]:
    source, target = one.source, one.target
    checksums = (source.checksum[:SHOWN], target.checksum[:SHOWN])
    return one.table, str(source.rows), str(target.rows), *checksums, _verdict(one)


def _verdict(one: Compared) -> str:
    if one.is_equal:
        return EQUAL
    if one.source.rows != one.target.rows:
        return "rows differ"
    return "values differ" if one.source.checksum != one.target.checksum else "ids would return"


def _as_data(outcome: Outcome, left: Sequence[LeftBehind]) -> dict[str, Any]:
    return {
        "equal": outcome.is_done,
        "resumed": outcome.resumed,
        "writtenSince": outcome.written_since,
        "leftBehind": [{"table": table.table, "rows": table.rows} for table in left],
        "tables": [
            {
                "table": one.table,
                "equal": one.is_equal,
                "from": {"rows": one.source.rows, "checksum": one.source.checksum, "lastId": one.source.last_key},
                "to": {"rows": one.target.rows, "checksum": one.target.checksum, "lastId": one.target.last_key},
            }
            for one in outcome.tables
        ],
    }
