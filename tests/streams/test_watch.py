"""A watch tells each subscriber what it may see, once and in order, wherever and however often it begins."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headless.changes import Change
from headless.changes.log import ChangeLog
from headless.errors import Forbidden
from headless.events import Event, Watch
from headless.streams import watch as watch_module
from tests.changes.journal import MOMENT, Document, until
from tests.streams.chat import Chat, Everyone, Following, Reader, Without, chatting, following, pruned_while_replayed


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    async with chatting() as chat:
        yield chat


async def test_each_write_is_told_with_its_document(chat: Chat) -> None:
    """Create and update carry the document as it is now, delete only its id."""
    async with following(chat.watch()) as follower:
        id = await chat.say("hello")
        await chat.journal.edit(id, content="hi")
        await chat.journal.delete(id)
        await until(lambda: len(follower.events) == 3)
    document = {"id": id, "content": "hello", "sender": 1, "receiver": 2}
    assert follower.events == [
        Event("create", "messages", 1, id, document),
        Event("update", "messages", 2, id, {**document, "content": "hi"}, None, ("content",)),
        Event("delete", "messages", 3, id),
    ]


async def test_an_edit_that_changes_who_may_read_enters_and_leaves(chat: Chat) -> None:
    """Who gains a document is told it whole; who loses it is told only that; who never saw it hears nothing."""
    async with (
        following(chat.watch(1)) as sender,
        following(chat.watch(2)) as old,
        following(chat.watch(3)) as new,
        following(chat.watch(4)) as stranger,
    ):
        id = await chat.say("secret", sender=1, receiver=2)
        await chat.journal.edit(id, receiver=3)
        await chat.journal.delete(id)
        await until(lambda: len(sender.events) == 3 and len(old.events) == 2 and len(new.events) == 2)
    assert sender.told == [("create", id), ("update", id), ("delete", id)]
    assert old.told == [("create", id), ("leave", id)]
    assert old.events[1] == Event("leave", "messages", 2, id)
    assert new.told == [("enter", id), ("delete", id)]
    assert (new.events[0].doc or {})["content"] == "secret"
    assert stranger.events == []


async def test_a_field_that_cannot_be_read_is_neither_sent_nor_named(chat: Chat) -> None:
    """The projection decides what the document holds, and `changed` tells no more than it."""
    async with following(chat.watch(projection=Without(("content",)))) as follower:
        id = await chat.say("secret")
        await chat.journal.edit(id, content="other", receiver=3)
        await until(lambda: len(follower.events) == 2)
    assert follower.events[1] == Event(
        "update", "messages", 2, id, {"id": id, "sender": 1, "receiver": 3}, None, ("receiver",)
    )


async def test_only_the_events_asked_for_are_told(chat: Chat) -> None:
    """A filter of events is part of the query."""
    async with following(chat.watch(events=frozenset({"delete"}))) as follower:
        id = await chat.say("hello")
        await chat.journal.delete(id)
        await until(lambda: follower.told == [("delete", id)])


async def test_other_collections_are_not_told(chat: Chat) -> None:
    """A watch is over one collection."""
    async with following(chat.watch()) as follower:
        await chat.journal.append(Change(None, "posts", 1, "create", None, MOMENT, None, {"id": 1}))
        id = await chat.say("hello")
        await until(lambda: follower.told == [("create", id)])


async def test_a_snapshot_and_what_follows_it_have_no_gap_and_no_overlap(chat: Chat) -> None:
    """While ten writers write, each subscriber's snapshot and events together are every message once."""
    followers: list[Following] = []

    async def write() -> None:
        for _ in range(30):
            await chat.say("hello")

    writing = asyncio.gather(*[write() for _ in range(10)])
    for _ in range(25):
        watch = chat.watch(snapshot=True)
        watch.snapshot = lambda: chat.journal.newest(1_000)
        followers.append(Following(watch))
        await asyncio.sleep(0)
    await writing
    for follower in followers:
        await until(lambda follower=follower: len(_documents(follower)) >= 300)  # type: ignore[misc]
        first, *others = follower.events
        assert first.name == "snapshot"
        assert sorted(_documents(follower)) == list(range(1, 301))
        assert follower.ids == sorted(set(follower.ids), key=lambda id: id or 0)
        assert {event.name for event in others} <= {"create"}


async def test_many_writers_in_one_millisecond_are_told_once_each_in_order(chat: Chat) -> None:
    """Order is the log's, not the clock's: here every message has the same moment."""
    followers = [Following(chat.watch()) for _ in range(20)]
    for follower in followers:
        await follower.is_live()

    async def write(writer: int) -> None:
        for number in range(50):
            await chat.say(f"{writer}.{number}")

    await asyncio.gather(*[write(writer) for writer in range(10)])
    for follower in followers:
        await until(lambda follower=follower: len(follower.events) >= 500)  # type: ignore[misc]
        assert follower.ids == list(range(1, 501))


async def test_subscribers_that_drop_and_resume_miss_and_repeat_nothing(chat: Chat) -> None:
    """Twenty subscribers come back again and again, each with the id it saw last, while ten writers write."""
    total = 400
    chance = random.Random(7)

    async def subscribe(seen: list[int]) -> None:
        since = 0
        while since < total:
            patience = chance.randrange(1, 40)
            async for event in chat.watch(since=since):
                assert event.id is not None
                seen.append(since := event.id)
                patience -= 1
                if patience == 0 or since == total:
                    break

    async def write() -> None:
        for _ in range(total // 10):
            await chat.say("hello")

    heard: list[list[int]] = [[] for _ in range(20)]
    async with asyncio.timeout(60):
        await asyncio.gather(*[subscribe(seen) for seen in heard], *[write() for _ in range(10)])
    assert all(seen == list(range(1, total + 1)) for seen in heard)


async def test_a_long_absence_is_replayed_in_windows(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much was missed, it is read in bounded pieces, and live events continue behind it."""
    monkeypatch.setattr(watch_module, "WINDOW", 7)
    for _ in range(50):
        await chat.say("early")
    writing = asyncio.gather(*[chat.say("late") for _ in range(50)])
    follower = Following(chat.watch(since=3))
    await writing
    await until(lambda: len(follower.events) == 97)
    assert follower.ids == list(range(4, 101))


async def test_a_replay_judges_as_live_delivery_does(chat: Chat) -> None:
    """Who resumes is told the same events as who stayed."""
    async with following(chat.watch(2)) as stayed:
        first = await chat.say("one", 1, 2)
        await chat.say("two", 1, 3)
        await chat.journal.edit(first, receiver=3)
        await chat.journal.edit(first, receiver=2)
        await chat.journal.delete(first)
        await until(lambda: len(stayed.events) == 4)
    async with following(chat.watch(2, since=0)) as resumed:
        await until(lambda: len(resumed.events) == 4)
    assert resumed.events == stayed.events
    assert [name for name, _ in stayed.told] == ["create", "leave", "enter", "delete"]


@pytest.mark.parametrize("since", [-1, 5, 99_999_999_999])
async def test_a_cursor_the_log_never_gave_is_reset(chat: Chat, since: int) -> None:
    """A database that was restored has forgotten; the client is told to read again, and hears what follows."""
    for _ in range(4):
        await chat.say("hello")
    async with following(chat.watch(since=since)) as follower:
        id = await chat.say("next")
        await until(lambda: len(follower.events) == 2)
    assert follower.events[0] == Event("reset", "messages", 4)
    assert follower.told[1] == ("create", id)


async def test_a_cursor_older_than_the_log_is_reset_and_given_a_new_snapshot(chat: Chat) -> None:
    """What was pruned cannot be replayed: a reset, then everything anew."""
    for _ in range(4):
        await chat.say("hello")
    await chat.journal.log.prune(older_than="9999")
    async with following(chat.watch(snapshot=True, since=1)) as follower:
        await chat.say("next")
        await until(lambda: len(follower.events) == 3)
    assert [event.name for event in follower.events] == ["reset", "snapshot", "create"]
    assert follower.ids == [4, 4, 5]


@pytest.mark.parametrize("told", [20, 30])
async def test_rows_that_are_pruned_during_a_replay_are_not_missed_silently(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """When the log is cut off under a replay it becomes a reset."""
    monkeypatch.setattr(watch_module, "WINDOW", 10)
    for _ in range(40):
        await chat.say("hello")
    between = ChangeLog.between

    async def pruned_meanwhile(self: ChangeLog, collection: str, after: int, through: int) -> list[Change]:
        if after == told:
            await self.prune(older_than="9999")
        return await between(self, collection, after, through)

    monkeypatch.setattr(ChangeLog, "between", pruned_meanwhile)
    async with following(chat.watch(since=0)) as follower:
        await until(lambda: ("reset", None) in follower.told)
        id = await chat.say("next")
        await until(lambda: ("create", id) in follower.told)
    assert follower.ids == [*range(1, told + 1), 40, 41]
    assert follower.events[told].name == "reset"


async def test_a_reset_at_the_end_of_a_replay_repeats_nothing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was delivered while the log was lost is in the new snapshot, and not told again."""
    await pruned_while_replayed(chat, monkeypatch)
    async with following(chat.watch(since=0, snapshot=True)) as follower:
        await until(lambda: len(follower.events) == 2)
        await chat.say("next")
        await until(lambda: len(follower.events) == 3)
    assert [event.name for event in follower.events] == ["reset", "snapshot", "create"]
    assert follower.ids == [12, 12, 13]


async def test_a_reader_that_falls_behind_goes_on_from_the_log(chat: Chat) -> None:
    """More than an inbox holds is not lost: the reader is slower, and still hears all of it once."""
    ids: list[int | None] = []
    resume = asyncio.Event()

    async def read_slowly() -> None:
        async for event in chat.watch():
            ids.append(event.id)
            await resume.wait()
            if event.id == 1_500:
                return

    reading = asyncio.create_task(read_slowly())
    await until(lambda: chat.hub.groups)
    for _ in range(15):
        await asyncio.gather(*[chat.say("hello") for _ in range(100)])
    resume.set()
    async with asyncio.timeout(60):
        await reading
    assert ids == list(range(1, 1_501))


async def test_an_iteration_that_is_left_early_leaves_nothing(chat: Chat) -> None:
    """`break` is enough: nobody has to close anything."""
    await chat.say("hello")
    async for _ in chat.watch(since=0):
        break
    await until(lambda: not chat.hub.members)
    assert chat.hub.groups == {}


async def test_a_watch_is_prepared_before_anything_is_read(chat: Chat) -> None:
    """Rules are asked before the first event, and what they refuse is never told."""

    class Refused(Watch):
        async def prepare(self) -> None:
            raise Forbidden

    await chat.say("hello")
    watch = Refused(hub=chat.hub, collection="messages", constraint=Everyone(), projection=Without(), since=0)
    with pytest.raises(Forbidden):
        await anext(aiter(watch))
    assert not chat.hub.members


async def test_closing_a_watch_ends_its_iterations(chat: Chat) -> None:
    """`aclose` ends them all, after what they were told already."""
    watch = chat.watch()
    followers = [Following(watch), Following(watch)]
    await until(lambda: len(watch._inboxes) == 2)
    await watch.aclose()
    for follower in followers:
        await follower._task


async def test_a_closed_watch_leaves_the_hub_though_nobody_asks_it_again(chat: Chat) -> None:
    """An iteration that stands at an event is no subscriber any more, and what it was told is still there to read."""
    watch = chat.watch()
    iteration = aiter(watch)
    first = asyncio.ensure_future(anext(iteration))
    await until(lambda: bool(chat.hub.groups))
    await chat.say("one")
    assert (await first).name == "create"
    await chat.say("two")
    await until(lambda: bool(next(iter(watch._inboxes))._items))
    await watch.aclose()
    assert not chat.hub.members
    assert chat.hub.groups == {}
    assert [event.doc["content"] async for event in iteration if event.doc] == ["two"]


async def test_equal_subscribers_share_one_judgement_and_one_projection(chat: Chat) -> None:
    """A hundred who may see the same cost as much thought as one; another projection is one more."""
    counts = {"tested": 0, "projected": 0}

    class CountedRule(Everyone):
        async def test(self, image: Document) -> bool:
            counts["tested"] += 1
            return True

    class CountedProjection(Without):
        async def project(self, image: Document) -> Document | None:
            counts["projected"] += 1
            return await super().project(image)

    rules = [CountedRule() for _ in range(100)]
    followers = [Following(chat.watch(constraint=rule, projection=CountedProjection())) for rule in rules]
    followers.append(Following(chat.watch(constraint=CountedRule(), projection=CountedProjection(("content",)))))
    for follower in followers:
        await follower.is_live()
    assert len(chat.hub.groups["messages"]) == 2
    await chat.say("hello")
    await until(lambda: all(len(follower.events) == 1 for follower in followers))
    assert counts == {"tested": 2, "projected": 2}


async def test_groups_that_read_alike_share_the_projection(chat: Chat) -> None:
    """Each has a rule of their own, yet the document is projected once."""
    projected: list[Any] = []

    class Counted(Without):
        async def project(self, image: Document) -> Document | None:
            projected.append(image["id"])
            return await super().project(image)

    followers = [Following(chat.watch(constraint=Reader(user), projection=Counted())) for user in (1, 2)]
    for follower in followers:
        await follower.is_live()
    assert len(chat.hub.groups["messages"]) == 2
    id = await chat.say("hello", 1, 2)
    await until(lambda: all(len(follower.events) == 1 for follower in followers))
    assert projected == [id]


async def test_a_rule_that_waits_holds_up_only_its_own_subscribers(chat: Chat) -> None:
    """A rule that asks the database takes its time; others are told meanwhile, and it keeps its order."""
    gate = asyncio.Event()

    class Patient(Everyone):
        key = "patient"

        async def test(self, image: Document) -> bool:
            await asyncio.sleep(0)
            if image["content"] != "first":
                await gate.wait()
            return True

    async with following(chat.watch(constraint=Patient())) as slow, following(chat.watch()) as quick:
        await chat.say("first")
        await until(lambda: len(slow.events) == 1)
        for _ in range(20):
            await chat.say("hello")
        await until(lambda: len(quick.events) == 21)
        assert len(slow.events) == 1
        async with following(chat.watch(constraint=Patient(), since=1)) as late:
            gate.set()
            await until(lambda: len(slow.events) == 21 and len(late.events) == 20)
            assert slow.ids == list(range(1, 22))
            assert late.ids == list(range(2, 22))


async def test_what_nobody_can_judge_ends_the_streams_concerned(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    """A failing rule never lets an event through or drops it silently: its streams end and can resume."""

    class Broken(Everyone):
        key = "broken"

        async def test(self, image: Document) -> bool:
            raise RuntimeError("the database is away")

    caplog.set_level("CRITICAL", "headless.streams")
    broken = Following(chat.watch(constraint=Broken()))
    await broken.is_live()
    async with following(chat.watch()) as other:
        await chat.say("hello")
        await broken._task
        await until(lambda: len(other.events) == 1)
    assert broken.events == []


async def test_writers_inside_a_transaction_do_not_lend_it_to_subscribers(chat: Chat) -> None:
    """Rules are asked outside the writer's transaction, whichever task committed."""
    known: list[int] = []

    class Curious(Everyone):
        key = "curious"

        async def test(self, image: Document) -> bool:
            known.append(await chat.journal.log.highest())
            return True

    async with following(chat.watch(constraint=Curious())) as follower:
        async with chat.journal.database.transaction():
            await chat.say("one")
            await chat.say("two")
        await chat.say("three")
        await until(lambda: len(follower.events) == 3)
    assert known[:2] == [2, 2]


async def test_two_processes_on_one_file_share_their_streams(tmp_path: Path) -> None:
    """What one process writes, the subscribers of the other are told, in the common order."""
    path = tmp_path / "chat.db"
    async with chatting(path, wake=True) as one, chatting(path, wake=True) as two:
        async with following(one.watch()) as first, following(two.watch()) as second:
            for _ in range(10):
                await asyncio.gather(*[chat.say("hello") for chat in (one, two, one)])
            await until(lambda: len(first.events) == 30 and len(second.events) == 30)
        assert first.ids == second.ids == list(range(1, 31))


def _documents(follower: Following) -> list[int]:
    first, *others = follower.events or [Event("snapshot", "messages", docs=[])]
    return [doc["id"] for doc in first.docs or []] + [int(event.document_id or 0) for event in others]
