"""Changes of several documents: each by itself, or all together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import ApiError, Collection, Config, HookContext, anyone, fields
from headless.database import current_transaction
from headless.database.transaction import Transaction
from headless.errors import Unavailable
from headless.testing import TestClient
from tests.operations.watching import logged

EVERY = {"id": {"exists": True}}
committed: list[Any] = []


def refuse_two(context: HookContext) -> None:
    if context.doc["n"] == 2:
        raise ApiError("Not the second.", status=409)


PLAIN = Collection("plain", access=anyone, fields=[fields.Number("n", unique=True), fields.Text("word", max_length=5)])
HOOKED = Collection(
    "hooked",
    access=anyone,
    fields=[fields.Number("n"), fields.Text("word", max_length=5)],
    hooks={
        "before_change": lambda context: refuse_two(context) if context.operation == "update" else None,
        "before_delete": refuse_two,
        "after_commit": lambda context: committed.append(context.id),
    },
)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Config(collections=[PLAIN, HOOKED])) as client:
        for slug in ("plain", "hooked"):
            for n in (1, 2, 3):
                client.create(slug, {"n": n})
        committed.clear()
        yield client


def words(client: TestClient, slug: str) -> list[Any]:
    return [doc["word"] for doc in client.find(slug, sort="n").docs]


def test_each_by_itself(client: TestClient) -> None:
    """What is refused is told with its id; the others are changed, in the order that was asked for."""
    result = client.system.update("hooked", where=EVERY, sort="-n", data={"word": "x"})
    assert [doc["n"] for doc in result.docs] == [3, 1]
    assert result.errors == [{"id": 2, "isPublic": True, "message": "Not the second."}]
    assert words(client, "hooked") == ["x", None, "x"]
    assert committed == [3, 1]
    result = client.system.delete("hooked", where=EVERY)
    assert [doc["id"] for doc in result.docs] == [3, 1]


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_all_or_none(client: TestClient, operation: str) -> None:
    """One refusal takes the others back: nothing is stored, told to streams or done after the commit."""
    seen = len(logged(client))
    change = getattr(client.system, operation)
    more = {"data": {"word": "x"}} if operation == "update" else {}
    result = change("hooked", where=EVERY, atomic=True, **more)
    assert (result.docs, [error["id"] for error in result.errors], result.taken_back) == ([], [2], 2)
    assert words(client, "hooked") == [None] * 3
    assert len(logged(client)) == seen
    assert committed == []
    result = change("hooked", where={"n": {"not_equals": 2}}, atomic=True, **more)
    assert (len(result.docs), result.errors, result.taken_back) == (2, [], 0)
    assert committed == [3, 1]


def test_without_hooks_too(client: TestClient) -> None:
    """A value that must be unique is refused for the second document, and then for the first."""
    result = client.system.update("plain", where=EVERY, data={"n": 7}, atomic=True)
    assert (result.docs, len(result.errors), result.taken_back) == ([], 2, 1)
    assert [doc["n"] for doc in client.find("plain", sort="n").docs] == [1, 2, 3]


def test_over_http(client: TestClient) -> None:
    """The answer says how many were refused, and that nothing was changed."""
    url = "/api/hooked?where[id][exists]=true&atomic=true"
    answer = client.patch(url, json={"word": "x"})
    assert answer.status_code == 400
    assert answer.json() == {
        "docs": [], "errors": [{"id": 2, "isPublic": True, "message": "Not the second."}],
        "message": "Unable to update 1 out of 3 Hookeds. Nothing was changed.",
    }  # fmt: skip
    answer = client.patch(f"{url}&where[n][not_equals]=2", json={"word": "x"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Updated 2 Hookeds successfully.")
    assert client.delete(url).status_code == 400
    answer = client.delete("/api/hooked?where[id][exists]=true")
    assert answer.json()["message"] == "Unable to delete 1 out of 3 Hookeds."


def test_too_much_at_once_is_refused() -> None:
    """A change that keeps the writer for too long is none, and is told so."""
    slow = Collection("slow", fields=[fields.Text("word")], hooks={"before_change": _hold})
    with TestClient(Config(collections=[slow])) as client:
        client.system.create("slow", {})
        with pytest.raises(Unavailable, match="nothing was changed"):
            client.system.update("slow", where=EVERY, data={"word": "x"}, atomic=True)
        assert words_of(client) == [None]


def words_of(client: TestClient) -> list[Any]:
    return [doc["word"] for doc in client.find("slow").docs]


async def _hold(context: HookContext) -> None:
    """As if the time were over: what the timer would do, done now."""
    if context.operation == "update":
        transaction = current_transaction()
        assert isinstance(transaction, Transaction)
        transaction._expire()
