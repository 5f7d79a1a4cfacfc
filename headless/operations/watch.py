"""Live queries: which documents a subscriber may see, as whom they are read, and where they begin."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.global_ import CompiledGlobal
from headless.errors import BadRequest, Forbidden
from headless.operations import find as finding
from headless.operations.change import selected
from headless.operations.core import Asker, Core
from headless.operations.find import Query, both, depth_of
from headless.operations.global_ import find_global
from headless.operations.page import Document
from headless.operations.present import parse_populate, present
from headless.operations.store import ids_in
from headless.query.binding import bind_rule, bind_where
from headless.query.conditions import NEVER, AllOf, AnyOf, Condition, InRows, Not, ReferredBy, Related, dig
from headless.query.sorting import bind_sort
from headless.streams.watch import Watch

EVENTS = frozenset({"create", "update", "delete", "enter", "leave", "snapshot", "reset"})


def watch(
    asker: Asker,
    collection: CompiledCollection,
    query: Query,
    *,
    snapshot: int | bool = False,
    since: int | None = None,
    events: Iterable[str] | None = None,
) -> Watch:
    """A live query. Its rights are asked when it is first used."""
    chosen = frozenset(events) if events is not None else None
    if chosen is not None and not chosen <= EVENTS:
        raise BadRequest(f"There is no event {min(chosen - EVENTS)!r}: there are {', '.join(sorted(EVENTS))}.")
    live = LiveGlobal if isinstance(collection, CompiledGlobal) else LiveQuery
    return live(asker, collection, query, snapshot, since, chosen)


class LiveQuery(Watch):
    """A watch whose constraint is the asker's read rule and his where."""

    def __init__(
        self,
        asker: Asker,
        collection: CompiledCollection,
        query: Query,
        snapshot: int | bool,
        since: int | None,
        events: frozenset[str] | None,
    ) -> None:
        self._asker = asker
        self._collection = collection
        self._query = query
        self._ready = False
        super().__init__(
            hub=asker.core.hub,
            collection=collection.slug,
            constraint=Readable(asker.core, collection, NEVER),
            projection=Projected(asker, collection, query),
            snapshot=(lambda: self._read(snapshot)) if snapshot is not False else None,
            since=since,
            events=events,
            session_check=self._still_allowed if asker.user is not None and not asker.system else None,
        )

    async def prepare(self) -> None:
        """Asks the rules and binds where and sort. Raises Forbidden, QueryError, BadRequest."""
        if not self._ready:
            await bind_sort(self._query.sort, self._collection, self._asker)
            self.constraint = Readable(self._asker.core, self._collection, await self._condition(self._asker))
            self._ready = True

    async def _condition(self, asker: Asker) -> Condition:
        decision = await asker.decide(self._collection, "read")
        if decision is False:
            raise Forbidden
        asked = await bind_where(self._query.where, self._collection, asker)
        if asked.relational:
            raise BadRequest("A stream cannot be filtered through a relation.")
        return both(asked, await bind_rule(decision, self._collection, asker))

    async def _read(self, snapshot: int | bool) -> tuple[list[Document], int]:
        """The documents as they are, and the sequence up to which they are so."""
        limit = 0 if snapshot is True else int(snapshot)
        query = Query(
            self._query.where,
            self._query.sort,
            limit,
            1,
            self._query.depth,
            self._query.select,
            self._query.populate,
            joins=False,
            pagination=False,
        )
        async with self._asker.core.database.snapshot():
            docs = await self._documents(query)
            cursor = await self.hub.log.highest()
        return docs, cursor

    async def _documents(self, query: Query) -> list[Document]:
        return (await finding.find(self._asker, self._collection, query)).docs

    async def _still_allowed(self) -> bool:
        """Whether the session is open, and the user's rights are those that the stream began with."""
        user = self._asker.user
        assert user is not None
        if "_strategy" not in user:
            return True
        fresh = await self._asker.core.sessions.renewed(user, self._asker.request)
        if fresh is None:
            return False
        try:
            condition = await self._condition(Asker(self._asker.core, fresh, request=self._asker.request))
        except Forbidden:
            return False
        return Readable(self._asker.core, self._collection, condition).key == self.constraint.key


class LiveGlobal(LiveQuery):
    """A watch of a global's one document, which is there also before it is saved."""

    _collection: CompiledGlobal

    async def _documents(self, query: Query) -> list[Document]:
        return [await find_global(self._asker, self._collection, query)]


class Readable:
    """A bound condition as the streams ask it: of the image of a document."""

    def __init__(self, core: Core, collection: CompiledCollection, condition: Condition) -> None:
        self._core = core
        self._condition = condition
        self.key: Hashable = (collection.slug, condition.shape, tuple(condition.values()))

    async def test(self, image: Mapping[str, Any]) -> bool:
        """Whether the document is one of them."""
        if not self._condition.relational:
            return self._condition.test(image)
        return await holds(self._core, self._condition, image)


async def holds(core: Core, condition: Condition, part: Mapping[str, Any]) -> bool:
    """Whether a document, or a row of it, fulfils a condition; what needs other documents is asked of the database."""
    if not condition.relational:
        return condition.test(part)
    if isinstance(condition, AllOf):
        return all([await holds(core, inner, part) for inner in condition.parts])
    if isinstance(condition, AnyOf):
        return any([await holds(core, inner, part) for inner in condition.parts])
    if isinstance(condition, Not):
        return not await holds(core, condition.part, part)
    if isinstance(condition, InRows):
        rows = dig(part, condition.array)
        return any([await holds(core, condition.part, row) for row in rows or ()])
    if isinstance(condition, ReferredBy):
        return await _is_among(core, condition.owner, AllOf([ids_in([part["id"]]), condition]))
    assert isinstance(condition, Related)
    return await _probe(core, condition, part)


async def _probe(core: Core, condition: Related, part: Mapping[str, Any]) -> bool:
    field: Any = condition.node.field
    ids = [id for slug, id in field.targets(dig(part, condition.node)) if slug == condition.slug]
    if not ids:
        return False
    return await _is_among(core, condition.slug, AllOf([ids_in(ids), condition.part]))


async def _is_among(core: Core, slug: str, where: Condition) -> bool:
    """Whether a document of the collection fulfils a condition."""
    statement = core.statements.count(core.collection(slug), where)
    rows = await core.database.read(statement, tuple(where.values()))
    return bool(rows[0][0])


class Projected:
    """How a subscriber reads a document. Subscribers for whom it looks the same share the work."""

    def __init__(self, asker: Asker, collection: CompiledCollection, query: Query) -> None:
        self._asker = asker
        self._collection = collection
        self._selection = collection.selection(query.select)
        self._populate = parse_populate(query.populate)
        self._depth = depth_of(asker, query.depth)
        self.key: Hashable = (
            collection.slug,
            self._selection,
            tuple(self._populate.items()),
            self._depth,
            self._whose(),
        )

    def _whose(self) -> Hashable:
        """Whose eyes it is read with, where that makes a difference."""
        collection = self._collection
        own = not collection.reads_plainly or bool(collection.led)
        populated = self._depth > 0 and any(not node.refers.populate_as_system for node in collection.references)
        if not own and not populated:
            return None
        user = self._asker.user
        return ("system",) if self._asker.system else None if user is None else (user.get("collection"), user.get("id"))

    async def project(self, image: Mapping[str, Any]) -> Document | None:
        """The document for the wire."""
        document = selected(self._collection, {**image, **self._collection.constants}, self._selection)
        shown = await present(
            self._asker, self._collection, [document], depth=self._depth, populate=self._populate, find_many=True
        )
        return shown[0]
