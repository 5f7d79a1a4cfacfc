"""Tickets: each opens one stream, once, as the session that asked for it, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headless import (
    AuthenticationError,
    Collection,
    Config,
    Endpoint,
    Forbidden,
    Headless,
    Request,
    authenticated,
    fields,
)
from headless.changes import Change
from headless.events import EventStream
from headless.security.passwords import LIGHT, Passwords
from headless.testing import StillClock, TestClient, User
from tests.operations.watching import logged, rows
from tests.rest.watching import watched
from tests.streams.chat import Server, browsing

STREAM = "/api/notes/stream"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"
SECRET = "for this test only, and long enough"


@Endpoint.get("/mine", access=authenticated)
async def mine(request: Request) -> EventStream:
    """A stream of somebody's own, of what the asker wrote."""
    assert request.user is not None
    return EventStream(request.system.watch("notes", where={"owner": {"equals": request.user["id"]}}, snapshot=True))


@Endpoint.get("/echo")
async def echo(request: Request) -> Any:
    """What the query says, and who asks."""
    return {"query": request.query, "user": request.user and request.user["id"]}


own_notes = {"owner": {"equals": "$user.id"}}
notes = Collection(
    "notes",
    access={"read": own_notes, "create": authenticated},
    fields=[fields.Relationship("owner", relation_to="users"), fields.Text("text")],
)
CONFIG = Config(collections=[notes], endpoints=[mine, echo], cors=["https://shop.example"])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(CONFIG) as client:
        yield client


@pytest.fixture
def ada(client: TestClient) -> User:
    return client.user(EMAIL)


def ticket_of(client: TestClient, user: User) -> str:
    answer = client.post("/api/stream-ticket", as_=user)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["errors"][0]["message"])


def test_a_ticket_opens_a_stream_as_its_user(client: TestClient, ada: User) -> None:
    """A collection's and one of somebody's own; nobody else's documents are in it."""
    eve = client.user("eve@example.com")
    for path in (f"{STREAM}?snapshot=true&ticket=", "/api/mine?ticket="):
        with client.stream(path + ticket_of(client, ada)) as stream:
            assert stream.next().name == "snapshot"
            client.create("notes", {"owner": eve.id, "text": "hers"})
            client.create("notes", {"owner": ada.id, "text": "his"})
            assert stream.next().json()["doc"]["text"] == "his"


def test_a_ticket_says_until_when() -> None:
    """It is good for 30 seconds, and no cache keeps it."""
    clock = StillClock()
    with watched(CONFIG, clock=clock) as client:
        ada = client.user(EMAIL)
        answer = client.post("/api/stream-ticket", as_=ada)
        assert answer.json()["expiresAt"] == "2026-01-01T00:00:30.000Z"
        assert answer.headers["cache-control"] == "no-store"
        late = ticket_of(client, ada)
        clock.move(29)
        with client.stream(f"{STREAM}?ticket={answer.json()['ticket']}"):
            pass
        clock.move(1)
        status, message = refusal(client.get(f"{STREAM}?ticket={late}"))
        assert (status, "too old" in message) == (401, True)


def test_a_ticket_is_good_once(client: TestClient, ada: User) -> None:
    """Also when it is used twice at once, and whether or not its stream is still open."""
    ticket = ticket_of(client, ada)

    async def use() -> list[bool]:
        answers = await asyncio.gather(*(client.app.tickets.redeem(ticket) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, dict | AuthenticationError) for answer in answers)
        return [isinstance(answer, dict) for answer in answers]

    assert client.run(use()).count(True) == 1
    other = ticket_of(client, ada)
    with client.stream(f"{STREAM}?ticket={other}"):
        assert client.get(f"{STREAM}?ticket={other}").status_code == 401
    assert client.get(f"{STREAM}?ticket={other}").status_code == 401


def test_the_ticket_of_a_session_that_ended_is_worthless(client: TestClient, ada: User) -> None:
    """It is that session's: another of the same user does not make it good."""
    ticket = ticket_of(client, ada)
    client.post("/api/users/logout", as_=ada)
    client.login(ada)
    assert client.get(f"{STREAM}?ticket={ticket}").status_code == 401


def test_a_stream_opened_by_a_ticket_ends_with_the_session(client: TestClient, ada: User) -> None:
    """As any stream does."""

    async def look() -> None:
        client.app.hub.time._next_check = 0.0
        client.app.hub.time.tick()

    with client.stream(f"{STREAM}?ticket={ticket_of(client, ada)}") as stream:
        client.run(look())
        client.create("notes", {"owner": ada.id, "text": "still here"})
        assert stream.next().name == "create"
        client.post("/api/users/logout", as_=ada)
        client.run(look())
        assert list(stream) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/notes"), ("GET", "/api/users/me"), ("GET", "/api/echo"), ("POST", "/api/notes"),
     ("DELETE", "/api/users/1"), ("HEAD", STREAM), ("POST", "/api/stream-ticket")],
)  # fmt: skip
def test_a_ticket_opens_nothing_else(client: TestClient, ada: User, method: str, path: str) -> None:
    """Nothing is read or changed by it, and no further ticket is had for it."""
    answer = client.request(method, f"{path}?ticket={ticket_of(client, ada)}", json={"text": "x"})
    assert answer.status_code == 403
    if method != "HEAD":
        assert refusal(answer)[1] == "A ticket opens a stream and nothing else."
    assert (client.system.count("notes"), client.system.count("users")) == (0, 1)


def test_tickets_and_tokens_do_not_stand_in_for_each_other(client: TestClient, ada: User) -> None:
    """A ticket logs nobody in, and the token of a log-in is no ticket: it would be in an address."""
    ticket = ticket_of(client, ada)
    for text in (ticket, ticket.removeprefix("st.")):
        headers = {"authorization": f"JWT {text}", "cookie": f"payload-token={text}"}
        assert client.get("/api/users/me", headers=headers).json()["user"] is None
    token = client.login(ada)
    for text in (token, f"st.{token}"):
        assert client.get(f"{STREAM}?ticket={text}").status_code == 401


@pytest.mark.parametrize("ticket", ["", "x", "st.", "st.x.y.z", "st.%00%ff", "st." + "x" * 9000])
def test_what_is_no_ticket_opens_no_stream(client: TestClient, ada: User, ticket: str) -> None:
    """Also not for somebody who is logged in: whoever sends one means to be asked for it."""
    assert client.get(f"{STREAM}?ticket={ticket}", as_=ada).status_code == 401


def test_a_ticket_goes_before_who_else_asks(client: TestClient, ada: User) -> None:
    """Neither a header nor a cookie changes whose stream it is."""
    eve = client.user("eve@example.com")
    client.create("notes", {"owner": ada.id, "text": "his"})
    with client.stream(f"{STREAM}?snapshot=true&ticket={ticket_of(client, ada)}", as_=eve) as stream:
        assert [doc["text"] for doc in stream.next().json()["docs"]] == ["his"]


def test_a_ticket_is_for_those_who_are_logged_in(client: TestClient, ada: User) -> None:
    """Neither anonymous visitors nor a user without a session have anything to pass on."""
    assert client.post("/api/stream-ticket").status_code == 403
    assert client.post("/api/stream-ticket", headers={"authorization": "JWT x.y.z"}).status_code == 403
    with pytest.raises(Forbidden):
        client.app.tickets.issue({"id": ada.id, "collection": "users"})


def test_a_parameter_of_that_name_may_mean_something_else(client: TestClient, ada: User) -> None:
    """An endpoint that calls something a ticket is given what was sent."""
    answer = client.get("/api/echo?ticket=123&ticket=4&x=1", as_=ada)
    assert answer.json() == {"query": {"ticket": ["123", "4"], "x": "1"}, "user": ada.id}


def test_other_parameters_of_the_stream_count(client: TestClient, ada: User) -> None:
    """Wherever among them the ticket stands."""
    for text in ("one", "two"):
        client.create("notes", {"owner": ada.id, "text": text})
    for query in ("ticket={}&snapshot=1&sort=text", "snapshot=1&ticket={}&sort=text", "snapshot=1&sort=text&ticket={}"):
        with client.stream(f"{STREAM}?{query.format(ticket_of(client, ada))}") as stream:
            assert [doc["text"] for doc in stream.next().json()["docs"]] == ["one"]


def test_a_page_of_another_origin_may_read_the_stream(client: TestClient, ada: User) -> None:
    """Of one that is listed; its cookie is not needed."""
    origin = {"origin": "https://shop.example"}
    with client.stream(f"{STREAM}?ticket={ticket_of(client, ada)}", headers=origin) as stream:
        assert stream.headers["access-control-allow-origin"] == "https://shop.example"


def test_tickets_are_not_stored_and_not_logged(client: TestClient, ada: User) -> None:
    """Only that one was used is remembered, for as long as it could be tried again; the change log knows of none."""
    used = "SELECT id FROM _used_tickets"
    before: list[Change] = logged(client)
    ticket = ticket_of(client, ada)
    assert rows(client, used) == []
    client.run(client.app.tickets.redeem(ticket))
    (known,) = rows(client, used)[0]
    assert known not in ticket
    assert logged(client) == before


def test_used_tickets_are_forgotten() -> None:
    """Once they are worth nothing anyway."""
    clock = StillClock()
    with watched(CONFIG, clock=clock) as client:
        ada = client.user(EMAIL)
        for _ in range(3):
            client.run(client.app.tickets.redeem(ticket_of(client, ada)))
            clock.move(61)
            assert len(rows(client, "SELECT id FROM _used_tickets")) == 1


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Headless]:
    """An application on the database in this folder."""
    app = Headless(CONFIG, database=f"sqlite:///{folder}/test.db", secret=SECRET, passwords=Passwords(LIGHT))
    await app.startup()
    try:
        yield app
    finally:
        await app.aclose()


async def issued(app: Headless) -> str:
    """A ticket for the session of a new user."""
    await app.as_system().create("users", {"email": EMAIL, "password": PASSWORD})
    login = await app.sessions.login("users", {"email": EMAIL, "password": PASSWORD})
    user = await app.sessions.find_user(login.token)
    assert user is not None
    return app.tickets.issue(user).text


async def test_a_ticket_is_good_once_in_all_processes(tmp_path: Path) -> None:
    """Applications that share a database share what was used."""
    async with running(tmp_path) as one, running(tmp_path) as other:
        ticket = await issued(one)
        answers = await asyncio.gather(
            *(app.tickets.redeem(ticket) for app in (one, other) * 5), return_exceptions=True
        )
        assert sum(isinstance(answer, dict) for answer in answers) == 1
        assert sum(isinstance(answer, AuthenticationError) for answer in answers) == 9


async def test_the_server_writes_no_ticket_into_its_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """uvicorn logs addresses; the ticket is no longer in this one, whether it was good or not."""
    caplog.set_level(logging.INFO, "uvicorn.access")
    async with running(tmp_path) as app:
        ticket = await issued(app)
        async with Server(app, access_log=True, log_level="info", log_config=None) as server:
            for status in (200, 401):
                async with browsing(server.port, f"{STREAM}?events=create&ticket={ticket}") as browser:
                    assert browser.status == status
    assert caplog.text.count(f"GET {STREAM}?events=create HTTP") == 2
    assert ticket not in caplog.text
