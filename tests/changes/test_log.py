"""What was logged is read back as it was, in order, and pruned without harm to those who follow."""

from __future__ import annotations

from headless.changes import Change
from tests.changes.journal import MOMENT, Journal, opened

YESTERDAY = "2026-11-22T21:00:00.000Z"
LONG_AGO = "2026-01-01T00:00:00.000Z"


async def sequences(journal: Journal) -> list[int | None]:
    return [change.seq for change in await journal.log.following(0, 10_000)]


async def test_a_change_is_read_back_as_it_was_written() -> None:
    """Ids of any kind, the actor and both images survive the log."""
    actor = {"collection": "users", "id": 5}
    changes = [
        Change(None, "posts", 7, "update", actor, MOMENT, {"title": None}, {"id": 7, "title": "ä\u0000\u2028"}),
        Change(None, "pages", "p-1", "delete", None, MOMENT, {"id": "p-1", "rows": [{"x": 1.5}]}, None),
    ]
    async with opened() as journal:
        await journal.append(*changes)
        assert await journal.log.following(0) == changes
    assert [change.seq for change in changes] == [1, 2]


async def test_a_page_of_the_log_begins_after_the_cursor_and_ends_at_the_limit() -> None:
    """Followers read the log in pages without a gap or an overlap."""
    async with opened() as journal:
        for number in range(5):
            await journal.create(number=number)
        assert [change.seq for change in await journal.log.following(1, 2)] == [2, 3]
        assert await journal.log.following(5) == []


async def test_the_history_of_a_collection_leaves_out_the_others() -> None:
    """A replay reads one collection, after one sequence and up to another."""
    async with opened() as journal:
        for slug in ("posts", "pages", "posts", "posts"):
            await journal.append(Change(None, slug, 1, "create", None, MOMENT, None, {"id": 1}))
        assert [change.seq for change in await journal.log.between("posts", 1, 3)] == [3]


async def test_a_cursor_is_covered_from_just_before_the_first_row_to_the_last() -> None:
    """A cursor the log has never reached, or whose successors were pruned, cannot be resumed."""
    async with opened() as journal:
        assert await journal.log.covers(0)
        assert not await journal.log.covers(1)
        for number in range(4):
            journal.moment = LONG_AGO if number < 2 else MOMENT
            await journal.create(number=number)
        assert await journal.log.prune(older_than=YESTERDAY) == 2
        covered = [cursor for cursor in range(-1, 7) if await journal.log.covers(cursor)]
    assert covered == [2, 3, 4]


async def test_pruning_by_age_keeps_what_is_young_and_always_the_newest() -> None:
    """The newest row stays however old it is: the log knows its end by it."""
    async with opened() as journal:
        journal.moment = LONG_AGO
        for number in range(1_200):
            await journal.append(Change(None, "posts", number, "create", None, LONG_AGO, None, {"id": number}))
        assert await journal.log.prune(older_than=YESTERDAY) == 1_199
        assert await sequences(journal) == [1_200]
        assert await journal.log.highest() == 1_200
        assert await journal.log.prune(older_than=YESTERDAY) == 0


async def test_a_clock_that_once_went_wrong_does_not_cost_the_log() -> None:
    """A row that claims to be old does not take the younger ones before it along."""
    async with opened() as journal:
        for moment in (MOMENT, LONG_AGO, MOMENT):
            journal.moment = moment
            await journal.create()
        assert await journal.log.prune(older_than=YESTERDAY) == 0


async def test_pruning_by_size_drops_the_oldest_until_the_rest_fits() -> None:
    """The limit holds after every pruning, also while the log goes on growing."""
    limit = 300_000
    async with opened() as journal:
        for _ in range(2):
            await journal.append(*[_large(number) for number in range(700)])
            await journal.log.prune(older_than=LONG_AGO, larger_than=limit)
            kept = await journal.log.following(0, 10_000)
            assert sum(len(str(change.after)) for change in kept) <= limit * 1.1
            assert len(kept) > 100
        assert kept[-1].seq == 1_400
        assert [change.seq for change in kept] == list(range(kept[0].seq or 0, 1_401))


async def test_a_sequence_is_never_given_twice() -> None:
    """The highest sequence survives pruning."""
    async with opened() as journal:
        for _ in range(3):
            await journal.create()
        await journal.log.prune(older_than="9999-01-01T00:00:00.000Z")
        await journal.create()
        assert await sequences(journal) == [3, 4]


def _large(number: int) -> Change:
    return Change(None, "posts", number, "create", None, MOMENT, None, {"id": number, "text": "x" * 1_000})
