"""`Idempotency-Key`: a request is done once, however often it is sent, and only who sent it is told its answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from headless import ApiError, Collection, Config, ConfigError, Endpoint, HookContext, Request, anyone, fields
from headless.errors import Conflict
from headless.operations.idempotency import Answer, Answers, asked
from headless.testing import StillClock, TestClient
from tests.operations.watching import logged, rows
from tests.rest.watching import watched

POSTS = Collection(
    "posts",
    access=anyone,
    fields=[fields.Text("title", max_length=10), fields.Text("slug", unique=True)],
)
calls: list[int] = []


@Endpoint.post("/orders")
async def order(request: Request) -> Any:
    """Writes a document and counts its calls."""

    async def place() -> Any:
        calls.append(1)
        await request.system.create("posts", {"title": "order"})
        return {"call": len(calls)}

    return await request.once(place)


@Endpoint.post("/nothing")
async def nothing(request: Request) -> Any:
    """Answers nothing, once."""
    return await request.once(lambda: asyncio.sleep(0))


CONFIG = Config(collections=[POSTS], endpoints=[order, nothing])


@pytest.fixture
def client() -> Iterator[TestClient]:
    calls.clear()
    with watched(CONFIG) as client:
        yield client


def post(client: TestClient, key: str | None, data: Any = None, *, path: str = "/api/posts", as_: Any = None) -> Any:
    headers = {"idempotency-key": key} if key is not None else {}
    return client.post(path, json={"title": "x"} if data is None else data, headers=headers, as_=as_)


def test_a_create_that_is_sent_again_is_done_once(client: TestClient) -> None:
    """The first answer comes again, to the byte, and says that it does; one change is in the log."""
    ada = client.user("ada@example.com")
    before = len(logged(client))
    first = post(client, "one", as_=ada)
    assert "idempotency-replayed" not in first.headers
    for _ in range(3):
        again = post(client, "one", as_=ada)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["content-type"] == "application/json"
        assert again.headers["idempotency-replayed"] == "true"
    assert client.find("posts").total_docs == 1
    assert len(logged(client)) == before + 1


def test_without_a_key_every_request_is_one(client: TestClient) -> None:
    """Nothing is kept then."""
    post(client, None)
    post(client, None)
    assert client.find("posts").total_docs == 2
    assert rows(client, "SELECT * FROM _kept_answers") == []


def test_each_key_is_a_request_of_its_own(client: TestClient) -> None:
    """Also with the same body."""
    assert [post(client, key).json()["doc"]["id"] for key in ("a", "b", "a", "b")] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    "changed",
    [{"data": {"title": "y"}}, {"path": "/api/posts?depth=0"}, {"path": "/api/posts/1/duplicate"}],
    ids=["body", "query", "path"],
)
def test_another_request_with_the_key_is_refused(client: TestClient, changed: Any) -> None:
    """It is a mistake of the client's, which would else be told something that is not so."""
    ada = client.user("ada@example.com")
    post(client, "one", as_=ada)
    answer = post(client, "one", as_=ada, **changed)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["errors"][0]["message"]
    assert client.find("posts").total_docs == 1


def test_keys_belong_to_their_users(client: TestClient) -> None:
    """The same key of another user, or of nobody, is another key: nobody is told what somebody else did."""
    ada, bob = client.users("ada@example.com", "bob@example.com")
    ids = [post(client, "one", as_=who).json()["doc"]["id"] for who in (ada, bob, None, ada, bob, None)]
    assert ids == [1, 2, 3, 1, 2, 3]


def test_nobodys_key_counts_with_the_whole_request_only(client: TestClient) -> None:
    """Who is not logged in and guesses a key learns nothing by it, not even that it was used."""
    post(client, "one", {"title": "secret"})
    answer = post(client, "one", {"title": "guess"})
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers
    assert "secret" not in answer.text


def test_what_was_refused_may_be_tried_again(client: TestClient) -> None:
    """Nothing was stored, so there is nothing to repeat."""
    answer = post(client, "one", {"title": "much too long a title"})
    assert answer.status_code == 400
    post(client, "other", {"slug": "taken"})
    assert post(client, "one", {"slug": "taken"}).status_code == 400
    client.delete_document("posts", 1)
    assert post(client, "one", {"slug": "taken"}).status_code == 201
    assert post(client, "one", {"slug": "taken"}).headers["idempotency-replayed"] == "true"


def test_a_duplicate_is_made_once(client: TestClient) -> None:
    """As a create."""
    client.create("posts", {"title": "x"})
    ids = [post(client, "one", {}, path="/api/posts/1/duplicate").json()["doc"]["id"] for _ in range(3)]
    assert ids == [2, 2, 2]


def test_endpoints_of_ones_own_can_do_so_too(client: TestClient) -> None:
    """What they write and their answer are stored together; data and nothing at all are answers as well."""
    answers = [post(client, "one", {}, path="/api/orders").json() for _ in range(2)]
    assert answers == [{"call": 1}, {"call": 1}]
    assert [post(client, None, {}, path="/api/orders").json() for _ in range(2)] == [{"call": 2}, {"call": 3}]
    assert client.find("posts").total_docs == 3
    assert [post(client, "one", {}, path="/api/nothing").status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\there", "né", "\x7f"])
def test_a_key_of_no_use_is_refused(client: TestClient, key: str) -> None:
    """Too long, empty, or what is no visible character: 400, and nothing is done."""
    answer = client.post("/api/posts", json={}, headers=[(b"idempotency-key", key.encode())])
    assert answer.status_code == 400, answer.text
    assert client.find("posts").total_docs == 0
    assert post(client, "x" * 255).status_code == 201


def test_answers_are_forgotten_after_a_day() -> None:
    """The key is then as good as new; what is too old is deleted, whether it is asked for again or not."""
    clock = StillClock()
    with TestClient(CONFIG, clock=clock) as client:
        assert post(client, "one").json()["doc"]["id"] == 1
        clock.move(24 * 3600 - 1)
        assert post(client, "one").json()["doc"]["id"] == 1
        clock.move(1)
        assert post(client, "one").json()["doc"]["id"] == 2
        assert post(client, "one").json()["doc"]["id"] == 2
        post(client, "two")
        assert len(rows(client, "SELECT id FROM _kept_answers")) == 2
        clock.move(24 * 3600)
        client.run(client.app._retention.prune())
        assert rows(client, "SELECT id FROM _kept_answers") == []


@pytest.mark.parametrize(("hours", "ids"), [(0, [1, 2]), (1, [1, 1])])
def test_how_long_is_a_setting(hours: int, ids: list[int]) -> None:
    """With none of them the header means nothing."""
    with TestClient(CONFIG, idempotency_hours=hours) as client:
        assert [post(client, "one").json()["doc"]["id"] for _ in range(2)] == ids
    with pytest.raises(ConfigError):
        CONFIG.replace(idempotency_hours=-1)


def test_while_the_first_is_running_the_second_is_refused() -> None:
    """A conflict, so that it is not done twice; a while later it is told the answer."""
    entered, release = threading.Event(), threading.Event()

    async def hold(context: HookContext) -> None:
        entered.set()
        await asyncio.to_thread(release.wait, 4)

    slow = Collection("posts", access=anyone, fields=POSTS.fields, hooks={"before_change": hold})
    with TestClient(Config(collections=[slow])) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client, "one")
        assert entered.wait(4)
        second = post(client, "one")
        release.set()
        assert (first.result().status_code, second.status_code) == (201, 409)
        assert post(client, "one").content == first.result().content


def test_a_failure_on_the_way_leaves_nothing() -> None:
    """Neither the document without the answer nor the answer without the document, wherever it fails."""
    after: list[int] = []

    def fail(context: HookContext) -> None:
        if not after:
            after.append(1)
            raise ApiError("Not yet.", status=503)

    for kind in ("before_change", "after_change", "after_operation"):
        after.clear()
        with TestClient(Config(collections=[Collection("posts", access=anyone, fields=POSTS.fields,
                                                       hooks={kind: fail})])) as client:  # fmt: skip
            assert post(client, "one").status_code == 503
            assert client.find("posts").total_docs == 0
            assert post(client, "one").status_code == 201
            assert client.find("posts").total_docs == 1


def test_an_answer_that_cannot_be_kept_undoes_what_was_done(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a crash between the two is as if nothing had been asked."""

    def fail(*_: Any) -> Any:
        raise ApiError("The disk is full.", status=503)

    monkeypatch.setattr(client.app.answers, "_stored", fail)
    assert post(client, "one").status_code == 503
    monkeypatch.undo()
    assert client.find("posts").total_docs == 0
    assert post(client, "one").status_code == 201


def test_another_process_waits_for_the_first(client: TestClient) -> None:
    """It cannot know what runs elsewhere: when it is its turn it finds the answer, and does nothing itself."""
    core = client.app.core
    here, there = Answers(core, 24), Answers(core, 24)
    request = asked(None, b"one", b"POST /api/posts")
    made: list[str] = []

    async def make(name: str) -> Answer:
        made.append(name)
        await asyncio.sleep(0)
        return Answer(201, "text/plain", name.encode())

    async def both() -> list[Answer]:
        tasks = [
            asyncio.create_task(answers.once(request, lambda name=name: make(name)))  # type: ignore[misc]
            for name, answers in (("here", here), ("there", there))
        ]
        return [await task for task in tasks]

    first, second = client.run(both())
    assert made == ["here"]
    assert (first.body, first.replayed, second.body, second.replayed) == (b"here", False, b"here", True)


def test_the_same_process_does_not_wait(client: TestClient) -> None:
    """Two of one key at once: one of them is refused."""
    request = asked(None, b"one", b"POST")

    async def make() -> Answer:
        with pytest.raises(Conflict):
            await client.app.answers.once(request, make)
        return Answer(200, "text/plain", b"once")

    assert client.run(client.app.answers.once(request, make)).body == b"once"


def test_no_other_division_is_the_same_request() -> None:
    """What a request is made of cannot be shifted between its parts."""
    requests = [asked(None, b"k", b"ab", b"c"), asked(None, b"k", b"a", b"bc"), asked(None, b"k", b"abc")]
    assert len({request.id for request in requests}) == len({request.fingerprint for request in requests}) == 3
    users = [{"collection": "users", "id": "1:2"}, {"collection": "users:1", "id": "2"}, None]
    assert len({asked(user, b"k", b"x").id for user in users}) == 3
