"""`headless explain`: what an operation would do for somebody, printed step by step. It writes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from headless.app import Headless
from headless.cli.loading import load_app
from headless.cli.output import results, shown
from headless.compile.collection import CompiledCollection
from headless.environment import load_environment
from headless.errors import BadRequest, ConfigError
from headless.operations.core import Asker
from headless.operations.explanation import Answer, Explained, Run, Sql, all_lacking, explain
from headless.operations.find import Query, stored
from headless.project import Project

MEMORY = "sqlite:///:memory:"


def print_explanation(
    project: Project,
    slug: str,
    operation: str,
    *,
    who: str | None,
    id: str | None,
    where: str | None,
    sort: str | None,
    field: str | None,
    as_json: bool,
) -> None:
    """Explains one operation. Raises HeadlessError for a name, a user or a document that there is not."""
    load_environment(project.root)
    app = load_app(project)
    declared(app, slug)
    query = Query(as_where(where), sort)
    asker, steps = asyncio.run(explained(app, slug, operation, query, who, id, field))
    head = {declared(app, slug).kind: slug, "operation": operation, "as": name_of(asker.user)}
    if as_json:
        found = {**head, "steps": [as_data(step) for step in steps], "indexes": all_lacking(steps)}
        results.print(json.dumps(found, ensure_ascii=False, indent=2, default=str), markup=False)
        return
    for line in (
        f"{slug} {operation}, as {head['as']}",
        *lines(steps),
        *(advice(slug, names) for names in all_lacking(steps)),
    ):
        results.print(line, markup=False)


async def explained(
    app: Headless, slug: str, operation: str, query: Query, who: str | None, id: str | None, field: str | None
) -> tuple[Asker, list[Explained]]:
    """Who asks, and the steps. Everything is read in one snapshot, in which nothing can be written."""
    async with opened(app) as app, app.database.snapshot():
        asker = Asker(app.core, await user_of(app, who))
        steps = await explain(asker, declared(app, slug), operation, query, id, field)
        for sql in (sql for step in steps for sql in step.statements):
            sql.plan = await plan_of(app, sql)
    return asker, steps


def declared(app: Headless, slug: str) -> CompiledCollection:
    """The collection or the global of that slug. Raises ConfigError."""
    return app.core.compiled.by_slug.get(slug) or app.core.collection(slug)


@contextlib.asynccontextmanager
async def opened(app: Headless) -> AsyncIterator[Headless]:
    """The application with its database open; with one in memory when there is no file yet, for none is made."""
    if app.database.is_private or not app.database.path.exists():
        app = Headless(app.declared, database=MEMORY)
    try:
        steps = await app.schema_plan()
        if app.database.is_private:
            await app.apply_schema(steps)
        elif lacking := [step.description for step in steps if not step.destructive]:
            raise ConfigError(
                [f"the database is behind what is declared: {text}. headless dev adds it" for text in lacking]
            )
        yield app
    finally:
        await app.aclose()


async def plan_of(app: Headless, sql: Sql) -> list[str]:
    """How SQLite goes about a statement. It is explained with nulls for its values, which decide nothing."""

    def ask(connection: sa.Connection) -> list[str]:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql.text}", (None,) * sql.parameters).fetchall()
        return [str(row[-1]) for row in rows]

    found: list[str] = await app.database.inspect(ask)
    return found


async def user_of(app: Headless, who: str | None) -> Mapping[str, Any] | None:
    """The user that `--as` names: an address, an id of the admin's users, or COLLECTION/ID. Raises BadRequest."""
    if who is None or who == "anonymous":
        return None
    users = [collection for collection in app.collections.values() if collection.declaration.auth is not None]
    slug, slash, id = who.rpartition("/")
    if slash:
        users = [collection for collection in users if collection.slug == slug]
    elif "@" not in who:
        users = [collection for collection in users if collection.slug == app.config.admin.user]
    for collection in users:
        found = await found_user(app, collection, id)
        if found is not None:
            return found
    raise BadRequest(f"There is no user {who!r}: give an address, an id, COLLECTION/ID or anonymous.")


async def found_user(app: Headless, collection: CompiledCollection, name: str) -> Mapping[str, Any] | None:
    """A user by address or id, as rules see one."""
    if "@" in name:
        where = {"email": {"equals": name.strip().lower()}}
        page = await app.as_system().find(collection.slug, where=where, limit=1, depth=0, select={"id": True})
        if not page.docs:
            return None
        return await stored(app.core, collection, page.docs[0]["id"])
    return await stored(app.core, collection, name)


def as_where(text: str | None) -> Any:
    """The where of the command line. Raises BadRequest for what is no JSON object."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadRequest(f"--where {text!r} is not a JSON object such as " + '{"title": {"equals": "A"}}')
    return found


def name_of(user: Mapping[str, Any] | None) -> str:
    return "nobody" if user is None else f"{user.get('collection')}/{user['id']}"


def as_data(step: Explained) -> dict[str, Any]:
    """A step as JSON."""
    data = {item.name: getattr(step, item.name) for item in dataclasses.fields(step) if item.name != "statements"}
    statements = [
        {"sql": sql.text, "parameters": sql.parameters, "plan": sql.plan, "scans": sql.scans} for sql in step.statements
    ]
    step_data = dataclasses.asdict(data.pop("step"))
    runs = [dataclasses.asdict(run) for run in data.pop("runs")]
    rule, refused = data.pop("rule"), data.pop("fields")
    return {
        **step_data, **data, "runs": runs, "rule": None if rule is None else dataclasses.asdict(rule),
        "fields": {name: dataclasses.asdict(answer) for name, answer in refused.items()}, "statements": statements,
    }  # fmt: skip


def lines(steps: list[Explained]) -> Iterator[str]:
    """What is printed of the steps."""
    for number, step in enumerate(steps, start=1):
        yield f"{number:>3}. {step.step.name}" + ("" if step.reached else "  (not reached)")
        yield from (f"       {line}" for line in details(step))


def details(step: Explained) -> Iterator[str]:
    yield from (ran(run) for run in step.runs)
    if step.rule is not None:
        yield from answered(step.rule)
    for name, answer in step.fields.items():
        yield f"{name}: {'hidden' if answer.rule == 'hidden' else f'denied by rule {spelled(answer)}'}"
    if step.refused is not None:
        yield f"REFUSED: {step.refused}"
    if step.where is not None:
        yield f"where: {said(step.where['request'])} AND rule: {said(step.where['rule'])}"
    for sql in step.statements:
        yield f"SQL ({sql.parameters} values{', scans or sorts' if sql.scans else ''}): {sql.text}"
        yield from (f"  {line}" for line in sql.plan)


def ran(run: Run) -> str:
    field = f"{run.field}: " if run.field else ""
    return f"{field}{run.name}{placed(run.place)}"


def placed(place: str | None) -> str:
    if place is None:
        return ""
    file, _, line = place.rpartition(":")
    return f" ({shown(file)}:{line})"


def answered(answer: Answer, indent: str = "") -> Iterator[str]:
    where = f" {said(answer.where)}" if answer.answer == "where" and not answer.items else ""
    yield f"{indent}{answer.rule}{placed(answer.place)} → {answer.answer}{where}"
    for item in answer.items:
        yield from answered(item, f"{indent}  ")


def spelled(answer: Answer) -> str:
    rules = ", ".join(f"{rule.rule}{placed(rule.place)}" for rule in answer.deciding)
    return rules + (" (a field has no rows: a where answers no)" if answer.answer == "where" else "")


def said(where: Any) -> str:
    return "every document" if where is None else json.dumps(where, ensure_ascii=False, default=str)


def advice(slug: str, names: tuple[str, ...]) -> str:
    """An index that would help, as it is declared."""
    return f"{slug}: an index would help: Index(fields={list(names)!r})"
