"""How many streams may be open: the one too many is refused before it begins, and what ends frees its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from headless import Collection, Config, ConfigError, Endpoint, Headless, Request, anyone, fields
from headless.errors import TooManyRequests
from headless.events import EventStream
from headless.loader import load_project
from headless.streams.places import Places, StreamLimits, network
from headless.testing import TestClient
from tests.changes.journal import until
from tests.streams.chat import Chat, Server, browsing, chatting
from tests.streams.test_backpressure import Connection, connect

PATH = "/api/posts/stream"


@Endpoint.get("/own")
async def own(request: Request) -> EventStream:
    """A stream of somebody's own."""
    return EventStream(request.system.watch("posts"))


def mounted(app: Headless) -> Any:
    """A stream of an application beside the API."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(app.as_system().watch("posts"))(scope, receive, send)

    return answer


posts = Collection("posts", access=anyone, fields=[fields.Text("title")])
CONFIG = Config(collections=[posts], endpoints=[own], mounts={"/mounted": mounted})


def test_the_one_too_many_is_told_when_to_come_back() -> None:
    """429 with a message and `Retry-After`, wherever the stream is declared; another can begin when one has ended."""
    with TestClient(CONFIG, streams={"max_per_address": 3}) as client, ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        for context, path in ((first, PATH), (stack, "/api/own"), (stack, "/mounted")):
            context.enter_context(client.stream(path))
        for path in (PATH, "/api/posts/1/stream", "/api/own", "/mounted"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
            message = "Too many streams are open from your address, 3 at most: close one, or try again later."
            assert answer.json() == {"errors": [{"message": message}]}
        assert client.get("/api/posts").status_code == 200
        first.close()
        stack.enter_context(client.stream(PATH))
        assert client.get(PATH).status_code == 429


def test_users_count_for_themselves() -> None:
    """Neither for each other nor for the address that they share, also at a user's own endpoint."""
    with TestClient(CONFIG, streams={"max_per_address": 1, "max_per_user": 2}) as client, ExitStack() as stack:
        ada, grace = client.users("ada@example.com", "grace@example.com")
        for user, path in ((None, PATH), (ada, PATH), (ada, "/api/own"), (grace, PATH)):
            stack.enter_context(client.stream(path, as_=user))
        client.login(ada)  # a second session is the same user's
        for user, status in ((None, 429), (ada, 429)):
            assert client.get(PATH, as_=user).status_code == status
        assert "by you" in client.get("/api/own", as_=ada).text
        stack.enter_context(client.stream(PATH, as_=grace))


def test_there_are_so_many_in_all() -> None:
    """Whoever asks."""
    with TestClient(CONFIG, streams={"max_open": 1}) as client, client.stream(PATH):
        ada = client.user("ada@example.com")
        answer = client.get(PATH, as_=ada)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


async def test_the_address_is_the_one_that_the_server_tells() -> None:
    """A proxy that uvicorn trusts names the client; what the request itself says counts for nothing else."""
    async with chatting(limits=StreamLimits(max_per_address=1)) as chat, Server(chat) as server:
        async with browsing(server.port, x_forwarded_for="192.0.2.1") as one:
            assert one.status == 200
            async with browsing(server.port, x_forwarded_for="192.0.2.2") as other:
                assert other.status == 200
        await until(lambda: not chat.hub.members)
    async with (
        chatting(limits=StreamLimits(max_per_address=1)) as chat,
        Server(refusing(chat), proxy_headers=False) as server,
        browsing(server.port, x_forwarded_for="192.0.2.1"),
        browsing(server.port, x_forwarded_for="192.0.2.2") as second,
    ):
        assert second.status == 429


def refusing(chat: Chat) -> Any:
    """The chat, with an answer for those it refuses."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await chat(scope, receive, send)
        except TooManyRequests as error:
            await send({"type": "http.response.start", "status": error.status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return answer


@pytest.mark.parametrize(
    ("host", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("testclient", "another", False),
    ],
)
def test_one_client_is_not_many_addresses(host: str, other: str, same: bool) -> None:
    """Whoever has IPv6 has a /64 of addresses; IPv4 within IPv6 is IPv4."""
    assert (network(host) == network(other)) is same


def test_clients_without_an_address_count_in_all_only() -> None:
    """As over a unix socket, where the proxy is the one that knows them."""
    places = Places(StreamLimits(max_per_address=1, max_open=3))
    for _ in range(3):
        place = places.take({"client": None})
    with pytest.raises(TooManyRequests):
        places.take({"client": None})
    places.free(place)
    places.take({"client": None})


async def ends_by_itself(chat: Chat, connection: Connection) -> None:
    connection.left.set()


async def ends_with_its_server(chat: Chat, connection: Connection) -> None:
    connection.task.cancel()


async def ends_with_the_hub(chat: Chat, connection: Connection) -> None:
    await chat.hub.close()


async def ends_over_the_backlog(chat: Chat, connection: Connection) -> None:
    connection.gate.clear()
    for _ in range(10):
        await chat.say("x" * 130_000)


async def ends_by_an_error(chat: Chat, connection: Connection) -> None:
    connection.error = RuntimeError("the connection is gone")
    await chat.say("hello")
    connection.left.set()


async def ends_with_its_session(chat: Chat, connection: Connection) -> None:
    chat.now += 5
    chat.hub.time.tick()


@pytest.mark.parametrize(
    "end",
    [
        ends_by_itself, ends_with_its_server, ends_with_the_hub, ends_over_the_backlog, ends_by_an_error,
        ends_with_its_session,
    ],
)  # fmt: skip
async def test_a_stream_frees_its_place_however_it_ends(end: Callable[[Chat, Connection], Any]) -> None:
    """The client left, the server gave up, a limit was passed, a session ended: somebody else can have the place."""

    async def is_valid() -> bool:
        return end is not ends_with_its_session

    async with chatting(limits=StreamLimits(max_open=1)) as chat:
        connection = await connect(chat, chat.watch(session_check=is_valid))
        with pytest.raises(TooManyRequests):
            chat.hub.places.take({})
        await end(chat, connection)
        await asyncio.wait([connection.task])
        chat.hub.places.free(chat.hub.places.take({}))


def test_what_is_refused_takes_no_place() -> None:
    """A stream that may not be read, or cannot be, is answered as such however often it is asked for."""
    hidden = Collection("hidden", access="nobody", fields=[])
    config = CONFIG.replace(collections=[posts, hidden])
    with TestClient(config, streams={"max_open": 1}) as client:
        for path, status in (("/api/hidden/stream", 403), (f"{PATH}?where[nope][equals]=1", 400)) * 2:
            assert client.get(path).status_code == status
        with client.stream(PATH):
            assert client.get("/api/hidden/stream").status_code == 403


def test_limits_are_written_in_yaml_as_in_python(tmp_path: Path) -> None:
    """In either spelling."""
    file = tmp_path / "headless.yaml"
    file.write_text("streams: {maxOpen: 50, max_per_user: 5}\n", encoding="utf-8")
    assert load_project(file).streams == Config(streams={"max_open": 50, "max_per_user": 5}).streams


def test_a_limit_is_one_or_more() -> None:
    """No streams at all is nothing that anybody means."""
    with pytest.raises(ConfigError, match=r"max_open is 1 or more"):
        Config(streams={"max_open": 0})
