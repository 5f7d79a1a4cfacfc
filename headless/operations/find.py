"""Reading: pages of documents, one document, counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from headless.compile.accounts import API_KEY_COLUMN
from headless.compile.collection import CompiledCollection
from headless.compile.selection import Selection
from headless.database import Database, Statement
from headless.declaration import thaw
from headless.errors import BadRequest, Forbidden, NotFound
from headless.hooks import run_hooks
from headless.operations.core import Asker, Core
from headless.operations.join import parse_joins
from headless.operations.page import Document, Page
from headless.operations.present import Populate, parse_populate, present
from headless.operators import equals
from headless.query.binding import ID, bind_rule, bind_where
from headless.query.conditions import ALWAYS, AllOf, Comparison, Condition
from headless.query.sorting import Sort, bind_sort, nearest

T = TypeVar("T")

LARGEST = 2**53
ONLY_ID = Selection(True, (("id", None),))


@dataclass(slots=True)
class Query:
    """What is asked for, as the wire or the local API says it."""

    where: Any = None
    sort: Any = None
    limit: int | None = None
    page: int = 1
    depth: int | None = None
    select: Any = None
    populate: Any = None
    joins: Any = None
    pagination: bool = True
    within: Any = None
    """A where of the application's own, which may name any field."""
    atomic: bool = False
    """Of a change of several documents: whether all are changed or none."""


async def find(asker: Asker, collection: CompiledCollection, query: Query) -> Page:
    """A page of the documents that match and that the asker may read. Raises Forbidden, QueryError, BadRequest."""
    if "before_operation" in collection.hooks:
        query = await run_before(asker, collection, query, "find")
    where, sort = await bound(asker, collection, query)
    page = await _page(asker, collection, query, where, sort)
    depth = depth_of(asker, query.depth)
    docs = await present(
        asker, collection, page.docs, depth=depth, populate=parse_populate(query.populate), find_many=True,
        **_shown(collection, query),
    )  # fmt: skip
    page = Page(docs, page.total_docs, page.limit, page.page)
    return await run_after(asker, collection, "find", page, args={"query": query})


async def bound(asker: Asker, collection: CompiledCollection, query: Query) -> tuple[Condition, Sort]:
    """The asked-for documents among those that the asker may read, and their order."""
    rule = await rule_of(asker, collection)
    if query.within:
        rule = both(await bind_rule(query.within, collection, asker), rule)
    sort = await bind_sort(query.sort, collection, asker)
    if not query.where:
        return rule, sort
    asked = await bind_where(query.where, collection, asker)
    by = None if query.sort else nearest(asked)
    return both(asked, rule), sort if by is None else Sort(sort.keys, by)


async def readable(asker: Asker, collection: CompiledCollection, where: Any) -> Condition:
    """The where and the read rule. Raises Forbidden."""
    rule = await rule_of(asker, collection)
    return both(await bind_where(where, collection, asker), rule) if where else rule


async def rule_of(asker: Asker, collection: CompiledCollection) -> Condition:
    """The documents of the collection that the asker may read. Raises Forbidden when there are none."""
    if collection.is_open or asker.system:
        return ALWAYS
    decision = await asker.reads(collection.slug)
    if decision is False:
        raise Forbidden
    return await bind_rule(decision, collection, asker)


def both(asked: Condition, rule: Condition) -> Condition:
    """Both conditions; the rule never sees the same row as the question by being merged with it."""
    if rule is ALWAYS:
        return asked
    return rule if asked is ALWAYS else AllOf((asked, rule))


async def _page(asker: Asker, collection: CompiledCollection, query: Query, where: Condition, sort: Sort) -> Page:
    core = asker.core
    reader = collection.reader(collection.selection(query.select), asker.locale)
    limit, page = bounds(asker, query)
    values = tuple(where.values())
    statement = core.statements.find(collection, reader, where, sort, limited=True)
    most = limit or core.config.max_limit + 1
    offset = (page - 1) * limit
    docs = reader.read(await core.database.read(statement, (*values, *sort.values, most, offset)))
    if not limit:
        if len(docs) > core.config.max_limit:
            raise BadRequest(f"There are more than {core.config.max_limit} documents: read them in pages.")
        return Page(docs, len(docs), 0, 1)
    if not query.pagination or (len(docs) < limit and (docs or page == 1)):
        return Page(docs, offset + len(docs), limit, page)
    counting = core.statements.count(collection, where)
    return Page(docs, await core.database.total(counting, values), limit, page)


def bounds(asker: Asker, query: Query) -> tuple[int, int]:
    """Limit and page within bounds; limit 0 means everything, on one page."""
    limit = query.limit if query.limit is not None else (10 if query.pagination else 0)
    if limit < 0 or limit > asker.core.config.max_limit:
        raise BadRequest(f"'limit' is between 0 and {asker.core.config.max_limit}.")
    page = max(1, query.page)
    if page * max(limit, 1) > LARGEST:
        raise BadRequest("'page' is too large.")
    return (limit, page) if limit else (0, 1)


def depth_of(asker: Asker, depth: int | None) -> int:
    """How deep to populate: the default of the configuration, and never deeper than it allows."""
    config = asker.core.config
    asked = config.default_depth if depth is None else depth
    return asked if 0 <= asked <= config.max_depth else max(0, min(asked, config.max_depth))


async def get(asker: Asker, collection: CompiledCollection, id: Any, query: Query) -> Document:
    """One document. Raises NotFound, also for one that the asker may not read, and Forbidden when he may read none."""
    if "before_operation" in collection.hooks:
        query = await run_before(asker, collection, query, "find_by_id")
    selection = collection.selection(query.select) if query.select else None
    document = await read_by_id(asker, collection, id, selection)
    if document is None:
        raise NotFound
    depth = depth_of(asker, query.depth)
    if depth or not (collection.reads_plainly and collection.is_whole):
        populate: Populate = parse_populate(query.populate) if depth else {}
        shown = _shown(collection, query)
        document = (await present(asker, collection, [document], depth=depth, populate=populate, **shown))[0]
    if collection.has_keys and not query.select:
        document["hasAPIKey"] = await _has_key(asker.core, collection, document["id"])
    if "after_operation" in collection.hooks:
        return await run_after(asker, collection, "find_by_id", document, id=collection.read_id(id))
    return document


async def _has_key(core: Core, collection: CompiledCollection, id: Any) -> bool:
    """Whether a user has an API key: all that is ever told of it."""

    def make(database: Database) -> Statement:
        table = collection.table
        found = table.c.id == sa.bindparam("id"), table.c[API_KEY_COLUMN].is_not(None)
        return database.compile(sa.select(table.c.id).where(*found), ["id"])

    statement = core.statements.remembered(("has a key", collection.slug), make)
    return bool(await core.database.read(statement, (id,)))


def _shown(collection: CompiledCollection, query: Query) -> dict[str, Any]:
    """What is asked of the joins, of a collection that has some."""
    if not collection.joins:
        return {}
    return {"selection": collection.selection(query.select), "joins": parse_joins(query.joins)}


async def read_by_id(
    asker: Asker, collection: CompiledCollection, id: Any, selection: Selection | None = None
) -> Document | None:
    """A document as it is stored, if the asker may read it. Raises Forbidden when he may read none."""
    rule = ALWAYS if collection.is_open else await rule_of(asker, collection)
    known = collection.read_id(id)
    if known is None:
        return None
    core = asker.core
    reader = collection.reader(selection, asker.locale)
    if rule is ALWAYS:
        statement, values = core.statements.by_id(collection, reader), (known,)
    else:
        where = both(by_id(known), rule)
        statement = core.statements.find(collection, reader, where, None, limited=False)
        values = tuple(where.values())
    rows = core.database.read_inline(statement, values)
    if rows is None:
        rows = await core.database.read(statement, values)
    documents = reader.read(rows)
    return documents[0] if documents else None


async def revision(asker: Asker, collection: CompiledCollection, id: Any) -> int:
    """The revision of a document that the asker may read. Raises NotFound and Forbidden."""
    rule = await rule_of(asker, collection)
    known = collection.read_id(id)
    if known is None:
        raise NotFound
    where = both(by_id(known), rule)
    reader = collection.reader(ONLY_ID)
    statement = asker.core.statements.find(collection, reader, where, None, limited=False, revision=True)
    rows = await asker.core.database.read(statement, tuple(where.values()))
    if not rows:
        raise NotFound
    found: int = rows[0][-1]
    return found


def by_id(id: Any) -> Condition:
    """The condition that a document has this id."""
    return Comparison(ID, equals, (id,))


async def stored(core: Core, collection: CompiledCollection, id: Any) -> Document | None:
    """The whole document as it is stored, for rules and sessions: it is not told itself. None when there is none."""
    known = collection.read_id(id)
    if known is None:
        return None
    reader = collection.reader()
    rows = await core.database.read(core.statements.by_id(collection, reader), (known,))
    return reader.read_one(rows[0]) if rows else None


async def count(asker: Asker, collection: CompiledCollection, where: Any = None) -> int:
    """How many documents match that the asker may read. Raises Forbidden, QueryError, BadRequest."""
    if "before_operation" in collection.hooks:
        where = (await run_before(asker, collection, Query(where), "count")).where
    number = await count_readable(asker, collection, where)
    return await run_after(asker, collection, "count", number)


async def count_readable(asker: Asker, collection: CompiledCollection, where: Any = None) -> int:
    """How many documents match that the asker may read, without hooks."""
    condition = await readable(asker, collection, where)
    statement = asker.core.statements.count(collection, condition)
    return await asker.core.database.total(statement, tuple(condition.values()))


async def run_before(asker: Asker, collection: CompiledCollection, query: Query, operation: str, **args: Any) -> Query:
    """The query as the hooks before the operation leave it."""
    own = replace(query, where=thaw(query.where), select=thaw(query.select), populate=thaw(query.populate))
    own.joins = thaw(query.joins)
    context = asker.hook_context(operation, collection, args={"query": own, **args})
    await run_hooks(collection.hooks["before_operation"], context, None)
    changed = context.args.get("query")
    return changed if isinstance(changed, Query) else own


async def run_after(asker: Asker, collection: CompiledCollection, operation: str, result: T, **more: Any) -> T:
    """What the hooks after the operation make of its result."""
    hooks = collection.hooks.get("after_operation")
    if not hooks:
        return result
    context = asker.hook_context(operation, collection, result=result, **more)
    await run_hooks(hooks, context, "result")
    changed: T = context.result
    return changed
