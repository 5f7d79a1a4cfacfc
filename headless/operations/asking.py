"""What the steps of an operation ask the database: conditions, orders and statements, made and not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.selection import parse_selection
from headless.database import Statement
from headless.errors import BadRequest
from headless.operations.core import Asker
from headless.operations.distinct import descending, named
from headless.operations.find import Query, both, bound, by_id, readable
from headless.query.binding import bind_where
from headless.query.conditions import ALWAYS, Condition
from headless.query.sorting import Sort, bind_sort

Found = tuple[Condition | None, Sort | None, list[Statement]]


@dataclass(frozen=True, slots=True)
class Asking:
    """The statements of an operation, each made by what makes it for the operation itself."""

    asker: Asker
    collection: CompiledCollection
    query: Query
    id: Any
    rule: Condition
    field: str | None = None
    document: Any = None

    async def found(self, of: str) -> Found:
        """Those of the step that does `of`."""
        made = {
            "find": self._page, "count": self._count, "distinct": self._distinct, "matching": self._matching,
            "watch": self._watched, "get": self._one, "original": self._one, "locate": self._locate,
            "global": self._locate,
        }.get(of)  # fmt: skip
        if made is not None:
            return await made()
        return None, None, getattr(self, f"_{of}")()

    async def _page(self) -> Found:
        core, collection, query = self.asker.core, self.collection, self.query
        where, sort = await bound(self.asker, collection, query)
        reader = collection.reader(collection.selection(query.select), self.asker.locale)
        page = core.statements.find(collection, reader, where, sort, limited=True)
        return where, sort, [page, core.statements.count(collection, where)]

    async def _count(self) -> Found:
        where, _ = await bound(self.asker, self.collection, Query(self.query.where))
        return where, None, [self.asker.core.statements.count(self.collection, where)]

    async def _one(self) -> Found:
        core, reader = self.asker.core, self.collection.reader(None, self.asker.locale)
        where = both(by_id(self.id or 0), self.rule)
        if self.rule is ALWAYS:
            return where, None, [core.statements.by_id(self.collection, reader)]
        return where, None, [core.statements.find(self.collection, reader, where, None, limited=False)]

    async def _locate(self) -> Found:
        where = both(by_id(self.id or 0), self.rule)
        reader = self.collection.reader(None, None)
        find = self.asker.core.statements.find
        return where, None, [find(self.collection, reader, where, None, limited=False, revision=True)]

    async def _distinct(self) -> Found:
        statements, collection = self.asker.core.statements, self.collection
        if self.field is None:
            raise BadRequest("Which field's values? Name it with --field.")
        where = await readable(self.asker, collection, self.query.where)
        node = await named(self.asker, collection, self.field)
        falling = descending(self.query.sort, self.field)
        found = statements.distinct(collection, node, where, descending=falling)
        return where, None, [found, statements.count_distinct(collection, node, where)]

    async def _matching(self) -> Found:
        asked = await bind_where(self.query.where, self.collection, self.asker)
        where, sort = both(asked, self.rule), await bind_sort(self.query.sort, self.collection, self.asker)
        reader = self.collection.reader(parse_selection({"id": True}), None)
        return where, sort, [self.asker.core.statements.find(self.collection, reader, where, sort, limited=True)]

    async def _watched(self) -> Found:
        asked = await bind_where(self.query.where, self.collection, self.asker)
        if asked.relational:
            raise BadRequest("A stream cannot be filtered through a relation.")
        return both(asked, self.rule), None, []

    def _insert(self) -> list[Statement]:
        core, collection = self.asker.core, self.collection
        apart = [*collection.ids.columns({"id": None}, core.new_uuid), *collection.secret_columns]
        return [core.statements.insert(collection, (*collection.row_writer.names, *apart))]

    def _update(self) -> list[Statement]:
        return [self.asker.core.statements.update(self.collection, self.collection.row_writer.names, self.rule)]

    def _save(self) -> list[Statement]:
        """Of a global: the change of it, or where it was never saved the first one."""
        names = ("id", *self.collection.row_writer.names)
        first = self.asker.core.statements.insert(self.collection, names)
        return [first, *self._update()] if self.document is None else [*self._update(), first]

    def _delete(self) -> list[Statement]:
        statements = self.asker.core.statements
        held = [] if self.rule is ALWAYS else [statements.holds(self.collection, self.rule)]
        return [*held, statements.delete(self.collection)]
