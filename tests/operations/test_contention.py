"""Many writers of one document: none is refused for contention alone, and no acknowledged write is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headless import Collection, Config, Conflict, HookContext, NotFound, fields
from headless.testing import TestClient

WRITERS = 20
NAMES = [f"f{number}" for number in range(WRITERS)]


def wide(**hooks: Any) -> Config:
    return Config(collections=[Collection("wide", fields=[fields.Text(name) for name in NAMES], hooks=hooks)])


async def all_at_once(client: TestClient) -> list[dict[str, Any]]:
    api = client.app.as_system()
    return await asyncio.gather(*(api.update("wide", 1, {name: name}) for name in NAMES))


def test_twenty_writers_of_one_document_all_succeed() -> None:
    """Each changes a field of its own; every field is there in the end, and every change in the log."""
    with TestClient(wide()) as client:
        client.create("wide", {})
        answers = client.run(all_at_once(client))
        stored = client.get_document("wide", 1)
        assert [stored[name] for name in NAMES] == NAMES
        assert [answer[name] for answer, name in zip(answers, NAMES, strict=True)] == NAMES
        assert client.run(client.app.hub.log.highest()) == 1 + WRITERS


def test_twenty_writers_with_hooks_that_wait_all_succeed() -> None:
    """A hook runs once for each, and sees the document as the writer before left it."""
    seen: list[int] = []

    async def count(context: HookContext) -> None:
        await asyncio.sleep(0)
        seen.append(sum(context.doc[name] is not None for name in NAMES))

    with TestClient(wide(after_change=count)) as client:
        client.create("wide", {})
        client.run(all_at_once(client))
        stored = client.get_document("wide", 1)
    assert [stored[name] for name in NAMES] == NAMES
    assert sorted(seen) == list(range(WRITERS + 1))


def test_a_writer_with_an_old_revision_is_told() -> None:
    """`revision=` is for editors: who saw an older document than the stored one changes nothing, and is told."""
    with TestClient(wide()) as client:
        client.create("wide", {})
        client.update_document("wide", 1, {"f0": "a"}, revision=1)
        with pytest.raises(Conflict):
            client.update_document("wide", 1, {"f0": "b"}, revision=1)
        assert client.update_document("wide", 1, {"f1": "c"}, revision=2)["f0"] == "a"
        with pytest.raises(Conflict):
            client.delete_document("wide", 1, revision=2)
        assert client.delete_document("wide", 1, revision=3)["f1"] == "c"


def test_of_twenty_writers_with_the_same_revision_one_succeeds() -> None:
    """The others are told of the conflict."""

    async def race(client: TestClient) -> list[Any]:
        api = client.app.as_system()
        calls = (api.update("wide", 1, {name: name}, revision=1) for name in NAMES)
        return await asyncio.gather(*calls, return_exceptions=True)

    with TestClient(wide()) as client:
        client.create("wide", {})
        answers = client.run(race(client))
        stored = client.get_document("wide", 1)
    assert sum(isinstance(answer, Conflict) for answer in answers) == WRITERS - 1
    assert sum(stored[name] is not None for name in NAMES) == 1


def test_one_of_many_deletes_succeeds() -> None:
    """The others find nothing, and the log holds one delete."""

    async def race(client: TestClient) -> list[Any]:
        api = client.app.as_system()
        return await asyncio.gather(*(api.delete("wide", 1) for _ in range(5)), return_exceptions=True)

    with TestClient(wide()) as client:
        client.create("wide", {})
        answers = client.run(race(client))
        assert sum(isinstance(answer, dict) for answer in answers) == 1
        assert sum(isinstance(answer, NotFound) for answer in answers) == 4
        assert client.run(client.app.hub.log.highest()) == 2


def test_creates_at_once_are_one_commit_each_with_an_id_of_its_own() -> None:
    """Grouped or not, each is acknowledged with its own document."""

    async def many(client: TestClient) -> list[dict[str, Any]]:
        api = client.app.as_system()
        return await asyncio.gather(*(api.create("wide", {"f0": str(number)}) for number in range(100)))

    with TestClient(wide()) as client:
        made = client.run(many(client))
        stored = {doc["id"]: doc["f0"] for doc in client.find("wide", limit=0).docs}
    assert stored == {doc["id"]: doc["f0"] for doc in made}
    assert len(stored) == 100


def test_a_refused_create_takes_no_other_with_it() -> None:
    """Of creates that are committed together, each fails alone."""

    async def many(client: TestClient) -> list[Any]:
        api = client.app.as_system()
        return await asyncio.gather(
            *(api.create("keys", {"key": str(n // 2)}) for n in range(20)), return_exceptions=True
        )

    with TestClient(Config(collections=[Collection("keys", fields=[fields.Text("key", unique=True)])])) as client:
        answers = client.run(many(client))
        assert sum(isinstance(answer, dict) for answer in answers) == 10
        assert client.system.count("keys") == 10
        assert client.run(client.app.hub.log.highest()) == 10


@pytest.mark.parametrize("kind", ["before_validate", "before_change"])
def test_a_hook_that_changes_its_own_document_is_told(kind: str) -> None:
    """It ran once; nothing of either change is kept, and the message says how it is done."""
    ran: list[str] = []

    async def meddle(context: HookContext) -> None:
        if context.operation == "update" and context.data["f0"] != "inner":
            ran.append(context.data["f0"])
            await context.system.update("wide", context.doc["id"], {"f0": "inner"})

    with TestClient(wide(**{kind: meddle})) as client:
        client.create("wide", {"f0": "stored"})
        with pytest.raises(Conflict, match="by a hook of this very change"):
            client.update_document("wide", 1, {"f0": "outer"})
        assert client.get_document("wide", 1)["f0"] == "stored"
    assert ran == ["outer"]


def test_an_after_change_hook_may_change_its_own_document() -> None:
    """The operation has stored it by then."""

    async def follow(context: HookContext) -> None:
        if context.doc["f1"] is None:
            await context.system.update("wide", context.doc["id"], {"f1": context.doc["f0"]})

    with TestClient(wide(after_change=follow)) as client:
        client.create("wide", {"f0": "a"})
        assert client.get_document("wide", 1)["f1"] == "a"
