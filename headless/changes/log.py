"""The change log as a table: read after a cursor, and pruned of what is old or too much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from headless.changes.change import Change
from headless.database.protocol import Database, Store
from headless.database.statements import Row, Statement
from headless.database.system import changes as table

GIBIBYTE = 1 << 30
_SEGMENT = 256
"""Sequences whose size is measured together, and that are deleted together for their size."""
_DELETED_AT_ONCE = 500

_after, _through, _limit = (sa.bindparam(name, type_=sa.Integer) for name in ("after", "through", "limit"))


class ChangeLog:
    """Reads and prunes the log. Rows enter it with the commit they belong to, which is the database's part."""

    def __init__(self, database: Database) -> None:
        self._database = database
        following = sa.select(table).where(table.c.seq > _after).order_by(table.c.seq)
        between = following.where(table.c.seq <= _through, table.c.collection == sa.bindparam("collection"))
        lowest, highest = (sa.select(bound(table.c.seq)).scalar_subquery() for bound in (sa.func.min, sa.func.max))
        compile = database.compile
        self._following = compile(following.limit(_limit), ["after", "limit"])
        self._between = compile(between, ["collection", "after", "through"])
        self._bounds = compile(sa.select(lowest, highest), [])
        self._first_since = compile(
            sa.select(table.c.seq).where(table.c.at >= sa.bindparam("at")).order_by(table.c.seq).limit(_limit),
            ["at", "limit"],
            risky=True,
        )
        self._measure = compile(_sizes(), ["segment", "after"], risky=True)
        self._delete = compile(table.delete().where(table.c.seq <= _through), ["through"])
        self._sizes: dict[int, int] = {}

    async def following(self, after: int, limit: int = 200) -> list[Change]:
        """The next changes after a sequence."""
        return _read(await self._database.read(self._following, (after, limit)))

    async def between(self, collection: str, after: int, through: int) -> list[Change]:
        """The changes of one collection in (after, through]."""
        return _read(await self._database.read(self._between, (collection, after, through)))

    async def highest(self) -> int:
        """The sequence of the last change, 0 when there was none yet."""
        return (await self._ends())[1]

    async def covers(self, cursor: int) -> bool:
        """Whether all that came after this sequence is known: it was given out here, and nothing since was pruned."""
        lowest, highest = await self._ends()
        return lowest - 1 <= cursor <= highest

    async def prune(self, *, older_than: str, larger_than: int = GIBIBYTE) -> int:
        """Delete what was logged before a time (ISO, UTC), and the oldest beyond a size; how many sequences that were.

        The size is that of the images, in characters. The newest change always stays: the log knows its end
        by it.
        """
        lowest, highest = await self._ends()
        too_old, too_much = await self._last_before(older_than, highest), await self._last_beyond(larger_than, lowest)
        through = min(max(too_old, too_much), highest - 1)
        for end in range(lowest + _DELETED_AT_ONCE - 1, through + _DELETED_AT_ONCE, _DELETED_AT_ONCE):
            await self._database.store(partial(_delete, self._delete, min(end, through)))
        return max(through - lowest + 1, 0)

    async def _ends(self) -> tuple[int, int]:
        lowest, highest = (await self._database.read(self._bounds))[0]
        return (1, 0) if highest is None else (lowest, highest)

    async def _last_before(self, at: str, highest: int) -> int:
        # The first that is young enough, not the last that is too old: a clock that once went wrong must not
        # cost the log. No index is needed: only what is about to go is looked through.
        rows = await self._database.read(self._first_since, (at, 1))
        return rows[0][0] - 1 if rows else highest

    async def _last_beyond(self, size: int, lowest: int) -> int:
        """The last of the sequences that must go for the others to be at most this large."""
        self._sizes = {segment: known for segment, known in self._sizes.items() if segment >= lowest // _SEGMENT}
        last = max(self._sizes, default=0)
        for segment, before, after in await self._database.read(self._measure, (_SEGMENT, last * _SEGMENT - 1)):
            self._sizes[segment] = (before or 0) + (after or 0)
        kept = 0
        for segment in sorted(self._sizes, reverse=True):
            kept += self._sizes[segment]
            if kept > size:
                return segment * _SEGMENT + _SEGMENT - 1
        return 0


def _sizes() -> sa.Select[Any]:
    """The characters in the images, by segment."""
    row = (
        sa.select(
            (table.c.seq // sa.bindparam("segment", type_=sa.Integer)).label("segment"),
            sa.func.length(table.c.before).label("before"),
            sa.func.length(table.c.after).label("after"),
        )
        .where(table.c.seq > _after)
        .subquery()
    )
    return sa.select(row.c.segment, sa.func.sum(row.c.before), sa.func.sum(row.c.after)).group_by(row.c.segment)


def _delete(statement: Statement, through: int) -> Store[None]:
    yield statement, (through,)


def _read(rows: Sequence[Row]) -> list[Change]:
    return [
        Change(seq, collection, orjson.loads(id), operation, _json(actor), at, _json(before), _json(after))
        for seq, collection, id, operation, actor, at, before, after in rows
    ]


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
