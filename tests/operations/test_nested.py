"""Calls inside hooks: one transaction for the whole operation, whose parts can fail alone and whose end is final."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

from headless import ApiError, Collection, Config, HeadlessError, HookContext, ValidationError, fields
from headless.errors import TransactionClosed, TransactionTimeout
from headless.testing import TestClient
from tests.operations.watching import logged

Found = dict[str, Any]


def shop(**hooks: Any) -> Config:
    """Orders with these hooks, and a ledger that they write to."""
    orders = Collection("orders", access="anyone", fields=[fields.Text("item")], hooks=hooks)
    ledger = Collection(
        "ledger", access="anyone", fields=[fields.Text("line", required=True), fields.Text("key", unique=True)]
    )
    return Config(collections=[orders, ledger])


def counts(client: TestClient) -> tuple[int, int]:
    return client.system.count("orders"), client.system.count("ledger")


@pytest.mark.parametrize(
    "kind", ["before_operation", "before_validate", "before_change", "after_change", "after_operation"]
)
def test_a_hook_creates_and_finds_what_it_created(kind: str) -> None:
    """A nested create is seen by every nested read after it: by id, in lists, counts and distinct values."""
    seen: Found = {}

    async def write(context: HookContext) -> None:
        if context.operation != "create":
            return
        made = await context.system.create("ledger", {"line": "one"})
        seen["get"] = (await context.api.get("ledger", made["id"]))["line"]
        seen["find"] = (await context.api.find("ledger", where={"line": {"equals": "one"}})).total_docs
        seen["count"] = await context.api.count("ledger")
        seen["distinct"] = await context.api.distinct("ledger", "line")
        await context.system.update("ledger", made["id"], {"line": "two"})
        seen["updated"] = (await context.api.get("ledger", made["id"]))["line"]

    with TestClient(shop(**{kind: write})) as client:
        assert client.post("/api/orders", json={"item": "tea"}).status_code == 201
        assert counts(client) == (1, 1)
    assert seen == {"get": "one", "find": 1, "count": 1, "distinct": ["one"], "updated": "two"}


def test_an_after_change_hook_finds_the_document_itself() -> None:
    """What the operation stored is there for the hooks after it, though nobody else sees it yet."""
    seen: Found = {}

    async def look(context: HookContext) -> None:
        seen["inside"] = (await context.system.get("orders", context.doc["id"]))["item"]

    with TestClient(shop(after_change=look)) as client:
        client.create("orders", {"item": "tea"})
    assert seen == {"inside": "tea"}


@pytest.mark.parametrize("kind", ["after_change", "after_operation"])
def test_a_failing_after_hook_undoes_everything(kind: str) -> None:
    """Neither the document, nor what hooks wrote, nor a line of the log remains."""

    async def fail(context: HookContext) -> None:
        if context.operation == "create":
            await context.system.create("ledger", {"line": "never"})
            raise ApiError("No.", status=409)

    with TestClient(shop(**{kind: fail})) as client:
        assert client.post("/api/orders", json={"item": "tea"}).status_code == 409
        assert counts(client) == (0, 0)
        assert logged(client) == []


def test_a_failing_hook_undoes_an_update_and_a_delete() -> None:
    """As of creates: the document is as it was."""

    async def fail(context: HookContext) -> None:
        await context.system.create("ledger", {"line": "never"})
        raise ApiError("No.")

    async def only_changes(context: HookContext) -> None:
        if context.operation == "update":
            await fail(context)

    with TestClient(shop(after_change=only_changes, after_delete=fail)) as client:
        client.create("orders", {"item": "tea"})
        assert client.patch("/api/orders/1", json={"item": "coffee"}).status_code == 400
        assert client.delete("/api/orders/1").status_code == 400
        assert client.get_document("orders", 1)["item"] == "tea"
        assert counts(client) == (1, 0)


def test_a_failed_nested_call_that_is_caught_undoes_only_itself() -> None:
    """The operation goes on, and keeps what it wrote before and after the failure."""

    async def three(context: HookContext) -> None:
        await context.system.create("ledger", {"line": "first", "key": "k"})
        with pytest.raises(ValidationError):
            await context.system.create("ledger", {"line": "twin", "key": "k"})
        with pytest.raises(ValidationError):
            await context.system.create("ledger", {})
        await context.system.create("ledger", {"line": "last"})

    with TestClient(shop(after_change=three)) as client:
        client.create("orders", {"item": "tea"})
        assert [doc["line"] for doc in client.find("ledger", sort="id").docs] == ["first", "last"]
        assert [(change.collection, change.operation) for change in logged(client)] == [
            ("orders", "create"), ("ledger", "create"), ("ledger", "create")
        ]  # fmt: skip


def test_a_caught_failure_undoes_all_that_the_nested_call_had_written() -> None:
    """Also when the nested operation's own hook fails after it had stored its document and others."""

    async def deep(context: HookContext) -> None:
        await context.system.create("ledger", {"line": "deep"})
        if context.data["item"] == "bad":
            raise ApiError("Bad.")

    async def nest(context: HookContext) -> None:
        if context.data["item"] == "outer":
            with pytest.raises(ApiError):
                await context.system.create("orders", {"item": "bad"})
            await context.system.create("orders", {"item": "good"})

    with TestClient(shop(before_validate=nest, after_change=deep)) as client:
        client.create("orders", {"item": "outer"})
        assert sorted(doc["item"] for doc in client.find("orders").docs) == ["good", "outer"]
        assert counts(client) == (2, 2)


def test_hooks_of_nested_operations_run_inside_the_same_transaction() -> None:
    """A failure at the very end takes back three levels of operations."""

    async def chain(context: HookContext) -> None:
        item = context.data["item"]
        if item != "c":
            await context.system.create("orders", {"item": chr(ord(item) + 1)})
        elif await context.system.count("orders") == 3:
            raise ApiError("Too deep.")

    with TestClient(shop(after_change=chain)) as client:
        assert client.post("/api/orders", json={"item": "a"}).status_code == 400
        assert counts(client) == (0, 0)


def test_a_task_that_outlives_the_transaction_is_told_so() -> None:
    """Work started in a hook and left alone writes nothing, and its error says what to use instead."""
    tasks: list[asyncio.Task[Any]] = []

    async def start(context: HookContext) -> None:
        tasks.append(asyncio.create_task(context.system.create("ledger", {"line": "late"})))

    async def outcome() -> Any:
        return (await asyncio.gather(*tasks, return_exceptions=True))[0]

    with TestClient(shop(after_change=start)) as client:
        client.create("orders", {"item": "tea"})
        error = client.run(outcome())
        assert isinstance(error, TransactionClosed)
        assert "asyncio.timeout" in str(error)
        assert counts(client) == (1, 0)


def test_a_task_inside_the_transaction_is_told_so_too() -> None:
    """`gather` runs its calls in tasks of their own: refused at once, without a deadlock."""

    async def gather(context: HookContext) -> None:
        await asyncio.gather(*(context.system.create("ledger", {"line": str(n)}) for n in range(3)))

    with TestClient(shop(after_change=gather)) as client:
        with pytest.raises(TransactionClosed):
            client.create("orders", {"item": "tea"})
        assert counts(client) == (0, 0)
        assert client.post("/api/ledger", json={"line": "afterwards"}).status_code == 201


def test_asyncio_timeout_works_in_a_hook() -> None:
    """What the error of the tests above recommends."""

    async def careful(context: HookContext) -> None:
        async with asyncio.timeout(60):
            await context.system.create("ledger", {"line": "in time"})

    with TestClient(shop(after_change=careful)) as client:
        client.create("orders", {"item": "tea"})
        assert counts(client) == (1, 1)


def test_after_commit_runs_outside_when_all_is_durable() -> None:
    """It sees what was committed, writes in transactions of its own, and may start tasks."""
    seen: Found = {}

    async def later(context: HookContext) -> None:
        seen["log"] = len(logged_inside)
        seen["doc"] = context.doc["item"]
        await asyncio.gather(*(context.system.create("ledger", {"line": str(n)}) for n in range(3)))

    logged_inside: list[Any] = []
    with TestClient(shop(after_commit=later, after_change=lambda context: None)) as client:
        client.app.database.commit_listeners.append(logged_inside.extend)
        client.create("orders", {"item": "tea"})
        assert counts(client) == (1, 3)
    assert seen == {"log": 1, "doc": "tea"}


def test_a_failing_after_commit_hook_undoes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The change stands, the asker is answered, the failure is logged, the other hooks run."""
    ran: list[str] = []

    def fail(context: HookContext) -> None:
        raise RuntimeError("the mail server is away")

    with TestClient(shop(after_commit=[fail, lambda context: ran.append("second")])) as client:
        assert client.post("/api/orders", json={"item": "tea"}).status_code == 201
        assert counts(client) == (1, 0)
    assert ran == ["second"]
    assert "the mail server is away" in caplog.text


def test_after_commit_of_a_nested_call_waits_for_the_outer_commit() -> None:
    """It runs once, after everything; and never for what was rolled back."""
    ran: list[str] = []
    fail = {"now": False}

    async def nest(context: HookContext) -> None:
        await context.system.create("ledger", {"line": "nested"})
        assert ran == []
        if fail["now"]:
            raise ApiError("No.")

    config = shop(after_change=nest)
    ledger = config.collection("ledger")
    told = Collection(
        "ledger", fields=ledger.fields, hooks={"after_commit": lambda context: ran.append(context.doc["line"])}
    )
    with TestClient(config.with_collections(told)) as client:
        client.create("orders", {"item": "tea"})
        assert ran == ["nested"]
        ran.clear()
        fail["now"] = True
        with pytest.raises(ApiError):
            client.create("orders", {"item": "tea"})
    assert ran == []


def test_after_commit_of_a_caught_failure_never_runs() -> None:
    """A nested operation that was undone is not told of, although the one around it is committed."""
    ran: list[str] = []

    async def nest(context: HookContext) -> None:
        if context.data["item"] == "outer":
            with pytest.raises(ApiError):
                await context.system.create("orders", {"item": "inner"})

    async def fail(context: HookContext) -> None:
        if context.doc["item"] == "inner":
            raise ApiError("No.")

    def tell(context: HookContext) -> None:
        ran.append(context.doc["item"])

    with TestClient(shop(before_change=nest, after_change=fail, after_commit=tell)) as client:
        client.create("orders", {"item": "outer"})
    assert ran == ["outer"]


def test_a_transaction_of_the_applications_own_joins_the_operations_inside() -> None:
    """Several calls, all or none."""

    async def pair(client: TestClient, fail: bool) -> None:
        system = client.app.as_system()
        async with client.app.database.transaction():
            await system.create("orders", {"item": "one"})
            await system.create("ledger", {"line": "one"})
            if fail:
                raise ApiError("No.")

    with TestClient(shop()) as client:
        with pytest.raises(ApiError):
            client.run(pair(client, fail=True))
        assert counts(client) == (0, 0)
        client.run(pair(client, fail=False))
        assert counts(client) == (1, 1)


def test_an_operation_that_holds_the_writer_too_long_is_undone() -> None:
    """Its hook is cancelled, the client gets a 500 that tells nothing, the error says what to do, others go on."""

    async def hang(context: HookContext) -> None:
        await asyncio.Event().wait()

    with TestClient(shop(after_change=hang)) as client:
        database = client.app.database
        database.transaction = functools.partial(database.transaction, timeout=0.01)
        with pytest.raises(TransactionTimeout, match="after_commit"):
            client.create("orders", {"item": "tea"})
        answer = client.post("/api/orders", json={"item": "tea"})
        assert (answer.status_code, answer.json()) == (500, {"errors": [{"message": "Something went wrong."}]})
        assert client.post("/api/ledger", json={"line": "goes on"}).status_code == 201
        assert counts(client) == (0, 1)


def test_a_cancelled_operation_is_undone() -> None:
    """A client that hangs up in the middle leaves nothing behind, and the writer free."""
    entered = asyncio.Event()

    async def wait(context: HookContext) -> None:
        entered.set()
        await asyncio.Event().wait()

    async def cancel(client: TestClient) -> None:
        task = asyncio.create_task(client.app.as_system().create("orders", {"item": "tea"}))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with TestClient(shop(after_change=wait)) as client:
        client.run(cancel(client))
        assert client.create("ledger", {"line": "goes on"})["id"] == 1
        assert counts(client) == (0, 1)


def test_operations_with_hooks_run_one_at_a_time_and_all_of_them() -> None:
    """20 at once, each of which reads a count and writes it down: no stale read, no deadlock."""

    async def number(context: HookContext) -> None:
        context.data["item"] = str(await context.system.count("orders"))
        await asyncio.sleep(0)

    async def many(client: TestClient) -> list[str]:
        made = await asyncio.gather(*(client.app.as_system().create("orders", {}) for _ in range(20)))
        return [doc["item"] for doc in made]

    with TestClient(shop(before_change=number)) as client:
        assert sorted(map(int, client.run(many(client)))) == list(range(20))


def test_sync_calls_work_in_threads_and_are_refused_on_the_loop() -> None:
    """On the event loop they would wait for themselves: the error says so instead."""
    seen: list[str] = []

    def sync_hook(context: HookContext) -> None:
        with pytest.raises(HeadlessError, match="await") as caught:
            context.api.sync.count("ledger")
        seen.append(caught.value.message)

    with TestClient(shop(before_change=sync_hook)) as client:
        client.create("orders", {"item": "tea"})
        assert client.system.count("orders") == 1
    assert len(seen) == 1
