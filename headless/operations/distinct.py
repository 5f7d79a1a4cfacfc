"""Distinct values: each different value of a field once, in order, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.errors import BadRequest, QueryError
from headless.operations.core import Asker
from headless.operations.find import Query, bounds, readable, run_after, run_before
from headless.operations.page import Page
from headless.query.sorting import sort_names


async def find_distinct(asker: Asker, collection: CompiledCollection, path: str, query: Query) -> Page:
    """A page of the values of a field in the documents that the asker may read, each as `{path: value}`.

    Of lists and rows each element counts; null is no value. Raises Forbidden, QueryError and BadRequest.
    """
    if "before_operation" in collection.hooks:
        query = await run_before(asker, collection, query, "find_distinct", field=path)
    page = await _page(asker, collection, path, query)
    return await run_after(asker, collection, "find_distinct", page, args={"query": query, "field": path})


async def _page(asker: Asker, collection: CompiledCollection, path: str, query: Query) -> Page:
    condition = await readable(asker, collection, query.where)
    node = await named(asker, collection, path)
    falling = descending(query.sort, path)
    limit, page = bounds(asker, query)
    core, values = asker.core, tuple(condition.values())
    most = limit or core.config.max_limit + 1
    offset = (page - 1) * limit
    statement = core.statements.distinct(collection, node, condition, descending=falling)
    rows = await core.database.read(statement, (*values, most, offset))
    load = _loader(node)
    found = [{path: row[0] if load is None else load(row[0])} for row in rows]
    if not limit and len(found) > core.config.max_limit:
        raise BadRequest(f"There are more than {core.config.max_limit} values: read them in pages.")
    if not limit or (len(found) < limit and (found or page == 1)):
        return Page(found, offset + len(found), limit, page)
    counting = core.statements.count_distinct(collection, node, condition)
    return Page(found, await core.database.total(counting, values), limit, page)


async def named(asker: Asker, collection: CompiledCollection, path: str) -> Node:
    """The field of that path. Raises QueryError where there is none with values to tell, or none for the asker."""
    for node in collection.plan.walk():
        if node.dotted == path and has_values(node) and await _opens(asker, collection, node):
            return node
    raise QueryError(path)


def has_values(node: Node) -> bool:
    """Whether its values are scalars or references, at a place that is the same in every document or row."""
    single = not node.field.is_json or node.field.has_list or node.refers is not None
    return node.stored and not node.plans and single and all("" in part.plans for part in node.chain[:-1])


async def _opens(asker: Asker, collection: CompiledCollection, node: Node) -> bool:
    """Whether the field may be named, and all that it stands in. What hooks make of values cannot be told here."""
    if not all([await asker.opens(collection, part) for part in node.chain]):
        return False
    return asker.system or not any("after_read" in part.field.hooks for part in node.chain)


def descending(sort: Any, path: str) -> bool:
    """Whether the values are asked for from the last to the first. Raises BadRequest for a sort by anything else."""
    names = sort_names(sort)
    if not all(name.removeprefix("-") == path for name in names):
        raise BadRequest(f"Distinct values are sorted by {path!r} or '-{path}'.")
    return bool(names) and names[0].startswith("-")


def _loader(node: Node) -> Callable[[Any], Any] | None:
    return orjson.loads if getattr(node.field, "polymorphic", False) else type(node.field).load
