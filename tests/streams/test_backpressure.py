"""A client that does not read costs a bounded amount, then its connection, and never a writer or another client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message

from headless.events import EventStream, Watch
from headless.streams import hub
from tests.changes.journal import Document, until
from tests.streams.chat import Chat, Everyone, Server, browsing, chatting, pruned_while_replayed


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    async with chatting() as chat:
        yield chat


class Connection:
    """A server's side of one request: its `send` waits while the gate is closed."""

    def __init__(self, watch: Watch, **options: Any) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.left = asyncio.Event()
        self.sent: list[Message] = []
        self.is_sluggish = False
        self.steps = 0
        self.error: Exception | None = None
        self.stream = EventStream(watch, **options)
        self.task = asyncio.create_task(self.stream({"type": "http", "headers": []}, self.receive, self.send))

    async def send(self, message: Message) -> None:
        self.steps += 1
        if self.error is not None:
            raise self.error
        await self.gate.wait()
        if self.is_sluggish:
            await asyncio.sleep(0)
        if not self.left.is_set():
            self.sent.append(message)

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def ids(self) -> list[int]:
        body = b"".join(message.get("body", b"") for message in self.sent)
        return [int(line[4:]) for line in body.split(b"\n") if line.startswith(b"id: ")][1:]

    @property
    def is_complete(self) -> bool:
        return self.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def connect(chat: Chat, watch: Watch | None = None, **options: Any) -> Connection:
    """A connection that deliveries write to."""
    connection = Connection(watch or chat.watch(), **options)
    await until(lambda: any(getattr(member, "live", False) for member in chat.hub.members))
    return connection


async def test_a_client_that_reads_is_written_to_without_a_task_of_its_own(chat: Chat) -> None:
    """Delivering to a ready client starts nothing: `send` is stepped by hand and has finished."""
    connection = await connect(chat)
    tasks = len(asyncio.all_tasks())
    for number in range(1, 21):
        await chat.say("hello")
        await until(lambda number=number: connection.ids[-1:] == [number])  # type: ignore[misc]
        assert len(asyncio.all_tasks()) <= tasks + 1
    assert connection.ids == list(range(1, 21))
    connection.left.set()
    await connection.task


async def test_a_slow_client_is_written_to_in_order_when_it_reads_again(chat: Chat) -> None:
    """What comes while it does not read waits, and nothing is lost, repeated or overtaken."""
    connection = await connect(chat)
    for _ in range(5):
        connection.gate.clear()
        for _ in range(50):
            await chat.say("hello")
        connection.gate.set()
        await chat.say("hello")
    await until(lambda: len(connection.ids) == 255)
    assert connection.ids == list(range(1, 256))
    connection.left.set()
    await connection.task


async def test_writers_never_wait_and_a_client_over_a_thousand_events_is_closed(chat: Chat) -> None:
    """The backlog is bounded by count; the client resumes with the last id it has."""
    connection = await connect(chat)
    connection.gate.clear()
    async with asyncio.timeout(60):
        for _ in range(12):
            await asyncio.gather(*[chat.say("hello") for _ in range(100)])
    await until(lambda: connection.task.done() and not chat.hub.members)
    assert connection.ids == []
    await connection.task


async def test_a_client_over_a_mebibyte_is_closed(chat: Chat) -> None:
    """The backlog is bounded by size as well."""
    connection = await connect(chat)
    connection.gate.clear()
    for _ in range(10):
        await chat.say("x" * 130_000)
    await until(lambda: not chat.hub.members)
    await connection.task


async def test_what_waits_below_the_limits_is_kept(chat: Chat) -> None:
    """A thousand events are not too many."""
    connection = await connect(chat)
    connection.gate.clear()
    await chat.say("hello")
    await until(lambda: connection.steps == 3)
    for _ in range(10):
        await asyncio.gather(*[chat.say("hello") for _ in range(100)])
    connection.gate.set()
    await until(lambda: len(connection.ids) == 1_001)
    assert connection.ids == list(range(1, 1_002))
    connection.left.set()
    await connection.task


async def test_a_server_that_says_by_an_error_that_the_client_is_gone_is_understood(chat: Chat) -> None:
    """ASGI servers may raise OSError from `send`; the stream ends quietly."""
    connection = await connect(chat)
    connection.error = OSError("connection reset")
    await chat.say("hello")
    await until(lambda: not chat.hub.members)


async def test_who_joins_while_changes_wait_to_be_judged_is_told_them_once(chat: Chat) -> None:
    """A replay and a delivery that cover the same changes do not repeat them, however the client is written to."""
    gate = asyncio.Event()
    waiting = 0

    class Patient(Everyone):
        key = "patient"

        async def test(self, image: Document) -> bool:
            nonlocal waiting
            waiting += 1
            # The group that lives waits for the gate; a replay is judged at once.
            if asyncio.current_task() not in {connection.task for connection in late}:
                await gate.wait()
            return True

    late: list[Connection] = []
    stayed = await connect(chat, chat.watch(constraint=Patient()))
    for _ in range(3):
        await chat.say("hello")
    await until(lambda: waiting)
    late += [Connection(chat.watch(constraint=Patient(), since=since)) for since in range(3)]
    await until(lambda: sum(bool(getattr(member, "live", False)) for member in chat.hub.members) == 4)
    gate.set()
    await chat.say("hello")
    for since, connection in enumerate([0, *range(3)]):
        await until(lambda since=since, connection=connection: 4 in [stayed, *late][since].ids)  # type: ignore[misc]
    assert [connection.ids for connection in (stayed, *late)] == [[1, 2, 3, 4], [1, 2, 3, 4], [2, 3, 4], [3, 4]]


async def test_what_waited_behind_a_replay_that_failed_is_not_told(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset and a snapshot take the place of everything before them, also of what was delivered already."""
    await pruned_while_replayed(chat, monkeypatch)
    connection = await connect(chat, chat.watch(since=0, snapshot=True))
    await chat.say("next")
    await until(lambda: 13 in connection.ids)
    assert connection.ids == [12, 12, 13]


async def test_a_view_too_slow_to_be_waited_for_ends_its_streams(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits to be judged is bounded as well; such streams resume from the log."""
    monkeypatch.setattr(hub, "PENDING_LIMIT", 20)

    class Stuck(Everyone):
        key = "stuck"

        async def test(self, image: Document) -> bool:
            await asyncio.Event().wait()
            return True

    connection = await connect(chat, chat.watch(constraint=Stuck()))
    for _ in range(25):
        await chat.say("hello")
    await connection.task
    assert connection.is_complete
    assert connection.ids == []


async def test_a_send_that_suspends_as_a_rule_is_called_from_one_task_at_a_time(chat: Chat) -> None:
    """Middleware that holds on to its task finds the same one before and after it waits."""
    tasks: list[bool] = []

    class Particular(Connection):
        async def send(self, message: Message) -> None:
            task = asyncio.current_task()
            await asyncio.sleep(0)
            tasks.append(task is asyncio.current_task())
            await super().send(message)

    connection = Particular(chat.watch(), heartbeat=15)
    await until(lambda: any(getattr(member, "live", False) for member in chat.hub.members))
    for _ in range(10):
        await chat.say("hello")
        chat.now += 15
        chat.hub.time.tick()
    await until(lambda: 10 in connection.ids)
    assert connection.ids == list(range(1, 11))
    assert all(tasks)
    connection.left.set()
    await connection.task


async def test_a_sign_of_life_does_not_run_ahead_of_what_was_told(chat: Chat) -> None:
    """While a change is still being judged no client is told that it has it."""
    gate = asyncio.Event()

    class Patient(Everyone):
        key = "patient"

        async def test(self, image: Document) -> bool:
            await gate.wait()
            return True

    connection = await connect(chat, chat.watch(constraint=Patient()))
    await chat.say("hello")
    chat.now += 15
    chat.hub.time.tick()
    assert connection.sent[-1]["body"] == b":\n\n"
    assert connection.ids == []
    gate.set()
    await until(lambda: connection.ids == [1])


async def test_a_sign_of_life_does_not_move_a_cursor_back(chat: Chat) -> None:
    """A snapshot may be ahead of what this process has heard; the client keeps the later cursor."""
    watch = chat.watch(user=9)

    async def ahead() -> tuple[list[Document], int]:
        return [], 5

    watch.snapshot = ahead
    connection = await connect(chat, watch)
    for number in range(1, 7):
        await chat.say("hello")
        chat.now += 15
        chat.hub.time.tick()
        assert connection.ids == ([6] if number == 6 else [])
    connection.left.set()
    await connection.task


async def test_a_heartbeat_does_not_pile_up_behind_a_client_that_does_not_read(chat: Chat) -> None:
    """Where something waits to be written there is no need for a sign of life."""
    connection = await connect(chat)
    connection.gate.clear()
    await chat.say("hello")
    await until(lambda: connection.steps == 3)
    for _ in range(100):
        chat.now += 15
        chat.hub.time.tick()
    connection.gate.set()
    await until(lambda: connection.ids == [1])
    assert connection.steps == 3
    connection.left.set()
    await connection.task


async def test_closing_writes_what_waits_and_ends_the_response(chat: Chat) -> None:
    """A client that reads again in time gets all of it, and a complete response."""
    connection = await connect(chat)
    connection.gate.clear()
    for _ in range(5):
        await chat.say("hello")
    await until(lambda: connection.steps == 3)
    connection.is_sluggish = True
    closing = asyncio.create_task(chat.hub.close())
    await until(lambda: chat.hub.closed)
    connection.gate.set()
    await closing
    await connection.task
    assert connection.ids == list(range(1, 6))
    assert connection.is_complete


async def test_a_stream_cancelled_by_its_server_is_cancelled(chat: Chat) -> None:
    """A cancellation that did not come from the hub is passed on, and leaves nothing behind."""
    connection = await connect(chat)
    connection.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection.task
    assert not chat.hub.members


async def test_a_browser_that_stops_reading_is_cut_off_while_others_are_told_everything(chat: Chat) -> None:
    """Over a real connection: the stalled one ends, the other has every event, and the stalled one resumes exactly."""
    total = 200
    async with Server(chat) as server, browsing(server.port) as reading:
        async with browsing(server.port) as stalled:
            await until(lambda: sum(bool(getattr(member, "live", False)) for member in chat.hub.members) == 2)
            seen: list[str | None] = []

            async def read() -> None:
                while len(seen) < total:
                    event = await reading.event()
                    assert event is not None
                    seen.append(event.fields["id"])

            reader = asyncio.create_task(read())
            for number in range(1, total + 1):
                await chat.say("x" * 100_000)
                await until(lambda number=number: len(seen) >= number - 3)  # type: ignore[misc]
            await reader
            assert seen == [str(number) for number in range(1, total + 1)]
            await until(lambda: len(chat.hub.members) == 1)
            had = []
            while (event := await stalled.event()) is not None:
                had.append(event.fields["id"])
            assert not stalled.ended_properly
        assert 0 < len(had) < total
        async with browsing(server.port, last_event_id=had[-1]) as resumed:
            while len(had) < total:
                event = await resumed.event()
                assert event is not None
                had.append(event.fields["id"])
        assert had == seen
