"""The recipes that `headless explain` prints are what the operations do, step by step and statement by statement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest

from headless import Collection, Global, Headless, fields
from headless.hooks import COLLECTION_HOOKS, FIELD_HOOKS, GLOBAL_HOOKS
from headless.operations.core import Asker
from headless.operations.explanation import Explained, explain
from headless.operations.find import Query
from headless.operations.recipes import OF_GLOBALS, OF_USERS, RECIPES
from headless.security.passwords import LIGHT, Passwords

EVERY = {"createdAt": {"exists": True}}
CHANGE = {"title": "B", "createdAt": "2026-01-01T00:00:00.000Z"}
CREDENTIALS = {"email": "ada@example.com", "password": "correct horse"}
ELSEWHERE = ("watch", *OF_USERS)
"""What a stream does tests/streams hold, as it has no end; what is of users has a test of its own here."""
OF_POSTS = [name for name in RECIPES if name not in ELSEWHERE]
OPERATIONS = [*(("posts", name) for name in OF_POSTS), *(("header", name) for name in OF_GLOBALS)]
Event = tuple[str, str]


class Trace:
    """What an operation did: what was called, in order, and the statements that it ran."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.statements: list[str] = []

    def note(self, kind: str, of: str) -> None:
        """Notes what happened; of several equal ones in a row, one."""
        if self.events[-1:] != [(kind, of)]:
            self.events.append((kind, of))

    def hook(self, kind: str, of: str) -> Callable[[Any], None]:
        return lambda context: self.note(kind, of)

    def rule(self, kind: str, of: str) -> Callable[[Any], Any]:
        def ask(context: Any) -> Any:
            self.note(kind, of)
            return {"title": {"not_equals": "Z"}} if kind == "rule" and of != "create" else True

        return ask

    def validate(self, value: Any, context: Any) -> bool:
        self.note("check", "validate")
        return True

    def application(self) -> Headless:
        """An application with something to trace at every step."""
        title = fields.Text(
            "title",
            hooks={kind: self.hook("field hooks", kind) for kind in FIELD_HOOKS},
            access={of: self.rule("field rules", of) for of in ("create", "read", "update")},
            validate=self.validate,
        )
        posts = Collection(
            "posts",
            fields=[title],
            access={of: self.rule("rule", of) for of in ("create", "read", "update", "delete")},
            hooks={kind: self.hook("hooks", kind) for kind in COLLECTION_HOOKS},
        )
        header = Global(
            "header",
            fields=[title],
            access={of: self.rule("rule", of) for of in ("read", "update")},
            hooks={kind: self.hook("hooks", kind) for kind in GLOBAL_HOOKS},
        )
        app = Headless(
            collections=[posts], globals=[header], database="sqlite:///:memory:", secret="a secret that is long enough"
        )  # fmt: skip
        self.watch(app.database)
        return app

    def watch(self, database: Any) -> None:
        read, read_inline, store = database.read, database.read_inline, database.store

        async def reading(statement: Any, values: Any = ()) -> Any:
            self.note("read", "")
            self.statements.append(" ".join(statement.sql.split()))
            return await read(statement, values)

        async def storing(make: Any) -> Any:
            self.note("store", "")
            return await store(lambda: self.stored(make()))

        def reading_inline(statement: Any, values: Any = ()) -> Any:
            found = read_inline(statement, values)
            if found is not None:
                self.note("read", "")
                self.statements.append(" ".join(statement.sql.split()))
            return found

        database.read, database.read_inline, database.store = reading, reading_inline, storing

    def stored(self, steps: Any) -> Generator[Any, Any, Any]:
        try:
            step = next(steps)
            while True:
                if isinstance(step, tuple):
                    self.statements.append(" ".join(step[0].sql.split()))
                step = steps.send((yield step))
        except StopIteration as end:
            return end.value


async def run(app: Headless, slug: str, operation: str, id: Any) -> None:
    """Runs an operation as nobody would."""
    api = app.as_user(None)
    asked: dict[str, Callable[[], Any]] = {
        "read": lambda: api.find_global("header"),
        "find": lambda: api.find("posts"),
        "distinct": lambda: api.find_distinct("posts", "createdAt", limit=10),
        "update_many": lambda: api.update("posts", where=EVERY, data=CHANGE),
        "delete_many": lambda: api.delete("posts", where=EVERY),
        "get": lambda: api.get("posts", id),
        "count": lambda: api.count("posts"),
        "create": lambda: api.create("posts", {"title": "B"}),
        "update": lambda: changed(api, slug, CHANGE, id),
        "delete": lambda: api.delete("posts", id),
        "duplicate": lambda: api.duplicate("posts", id),
    }
    await asked[operation]()


def changed(api: Any, slug: str, data: dict[str, Any], id: Any) -> Any:
    return api.update_global(slug, data) if slug == "header" else api.update(slug, id, data)


async def filled(app: Headless) -> Any:
    """The id of the only post, beside a header that is saved."""
    await app.as_system().update_global("header", {"title": "A"})
    return (await app.as_system().create("posts", {"title": "A"}))["id"]


async def traced(slug: str, operation: str) -> tuple[Trace, list[Explained]]:
    trace = Trace()
    app = trace.application()
    await app.startup()
    try:
        id = await filled(app)
        steps = await explained(app, slug, operation, id)
        trace.events, trace.statements = [], []
        await run(app, slug, operation, id)
    finally:
        await app.aclose()
    return trace, steps


@pytest.mark.parametrize(("slug", "operation"), OPERATIONS)
def test_a_recipe_is_what_the_operation_does(slug: str, operation: str) -> None:
    """Every hook, rule, read and store happens where the recipe says, and nothing else does."""
    trace, _ = asyncio.run(traced(slug, operation))
    told = [
        (step.kind, "" if step.kind in ("read", "store") else step.of)
        for step in (OF_GLOBALS if slug == "header" else RECIPES)[operation]
    ]
    assert trace.events == told


@pytest.mark.parametrize(("slug", "operation"), OPERATIONS)
def test_the_statements_are_those_that_run(slug: str, operation: str) -> None:
    """The SQL that is told is that of the operation, byte for byte; each step's first one always runs."""
    trace, steps = asyncio.run(traced(slug, operation))
    told = [[sql.text for sql in step.statements] for step in steps if step.statements]
    assert [texts[0] for texts in told] == list(dict.fromkeys(trace.statements))[: len(told)]
    assert set(trace.statements) <= {text for texts in told for text in texts}


@pytest.mark.parametrize(("slug", "operation"), OPERATIONS)
def test_explaining_runs_no_hook_and_stores_nothing(slug: str, operation: str) -> None:
    """Rules are asked; hooks, validation and stores are only told."""

    async def told() -> Trace:
        trace = Trace()
        app = trace.application()
        await app.startup()
        try:
            id = await filled(app)
            trace.events = []
            await explained(app, slug, operation, id)
        finally:
            await app.aclose()
        return trace

    kinds = {kind for kind, _ in asyncio.run(told()).events}
    assert kinds <= {"rule", "field rules", "read"}
    assert "rule" in kinds


async def explained(app: Headless, slug: str, operation: str, id: Any) -> list[Explained]:
    query = Query(EVERY if operation.endswith("_many") else None)
    return await explain(Asker(app.core), app.core.compiled.by_slug[slug], operation, query, id, "createdAt")


@pytest.mark.parametrize("operation", OF_USERS)
def test_a_users_own_operations_run_the_hooks_that_are_told(operation: str) -> None:
    """In their order, with the rules and hooks of what is shown."""

    async def ran() -> list[Event]:
        trace = Trace()
        hooks = {kind: trace.hook("hooks", kind) for kind in COLLECTION_HOOKS}
        title = fields.Text(
            "title",
            hooks={"after_read": trace.hook("field hooks", "after_read")},
            access={"read": trace.rule("field rules", "read")},
        )
        people = Collection("people", auth=True, fields=[title], access="anyone", hooks=hooks)
        app = Headless(
            collections=[people], database="sqlite:///:memory:", secret="a secret that is long enough",
            passwords=Passwords(LIGHT),
        )  # fmt: skip
        await app.startup()
        try:
            sessions = app.core.sessions
            await app.as_system().create("people", {"title": "A", **CREDENTIALS})
            user = await sessions.find_user((await sessions.login("people", CREDENTIALS)).token)
            assert user is not None
            trace.events = []
            calls: dict[str, Callable[[], Any]] = {
                "login": lambda: sessions.login("people", CREDENTIALS),
                "refresh": lambda: sessions.refresh("people", user),
                "me": lambda: sessions.me(user),
                "logout": lambda: sessions.logout("people", user),
            }
            await calls[operation]()
        finally:
            await app.aclose()
        return trace.events

    told = [(step.kind, step.of) for step in RECIPES[operation] if step.kind not in ("password", "session")]
    assert asyncio.run(ran()) == told
