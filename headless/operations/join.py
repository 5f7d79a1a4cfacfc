"""Joins: what documents of other collections refer to the documents that are read, one query for each join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node
from headless.compile.selection import Selection, shown_by
from headless.errors import BadRequest
from headless.operations.core import Asker
from headless.operations.page import Document
from headless.operators import TEXT
from headless.query.binding import as_where, bind_rule, bind_where, follows
from headless.query.conditions import AllOf
from headless.query.joining import Joining, Source
from headless.query.sorting import bind_keys, sort_names

LARGEST: Final = 2**53
NEWEST_FIRST: Final = ("-createdAt",)


@dataclass(frozen=True, slots=True)
class JoinQuery:
    """What is asked of one join."""

    where: Any = None
    sort: Any = None
    limit: int | None = None
    page: int = 1
    count: bool = False


AS_DECLARED: Final = JoinQuery()


@dataclass(frozen=True, slots=True)
class Joins:
    """What is asked of the joins of a collection, by their dotted paths: None leaves one out."""

    asked: Mapping[str, JoinQuery | None] = field(default_factory=dict)
    none: bool = False
    """Whether all are left out."""

    def of(self, node: Node) -> JoinQuery | None:
        """What is asked of one join."""
        return None if self.none else self.asked.get(node.dotted, AS_DECLARED)


WITHOUT: Final = Joins(none=True)


def parse_joins(given: Any) -> Joins:
    """Reads `joins`: for each join false, or `limit`, `page`, `sort`, `where` and `count`. False leaves all out."""
    if given is False:
        return WITHOUT
    if not given or isinstance(given, bool | str):
        # The wire's `joins=false` is a text, and means nothing there, as recorded.
        return Joins()
    if not isinstance(given, Mapping):
        raise BadRequest("'joins' maps joins to what is asked of them.")
    return Joins({str(path): _parse(str(path), asked) for path, asked in given.items()})


def _parse(path: str, asked: Any) -> JoinQuery | None:
    if asked in (False, "false"):
        return None
    if asked in (True, "true", "", None):
        return AS_DECLARED
    if not isinstance(asked, Mapping):
        raise BadRequest(f"'joins[{path}]' is false, or says limit, page, sort, where or count.")
    page = _whole(path, "page", asked)
    count = asked.get("count") in (True, "true", "1")
    return JoinQuery(asked.get("where"), asked.get("sort"), _whole(path, "limit", asked), max(1, page or 1), count)


def _whole(path: str, key: str, asked: Mapping[str, Any]) -> int | None:
    given = asked.get(key)
    if given is None or given == "":
        return None
    text = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequest(f"'joins[{path}][{key}]' is a whole number.")
    return int(text)


async def fill_joins(
    asker: Asker,
    collection: CompiledCollection,
    documents: Sequence[Document],
    selection: Selection | None,
    joins: Joins,
) -> list[Node]:
    """Puts each join that is selected and asked for into the documents, with ids. Answers which ones.

    Of a collection that the asker may not read there is nothing.
    """
    filled = []
    for node in collection.joins:
        query = joins.of(node)
        if query is None or not shown_by(selection, node.path):
            continue
        await _fill(asker, collection, node, documents, query)
        filled.append(node)
    return filled


async def _fill(
    asker: Asker, collection: CompiledCollection, node: Node, documents: Sequence[Document], query: JoinQuery
) -> None:
    limit, after, last = _bounds(asker, node, query)
    joining = await _joining(asker, collection, node, query)
    lists: dict[Any, list[tuple[str, Any]]] = {}
    totals: dict[Any, int] = {}
    if joining.sources and documents:
        ids = [document["id"] for document in documents]
        statement = asker.core.statements.built(joining.shape, joining.query)
        rows = await asker.core.database.read(statement, tuple(joining.values(ids, after, last)))
        for parent, number, id, rank, *total in rows:
            totals.update(dict.fromkeys([parent], *total) if total else {})
            if rank > after:
                target = joining.sources[number].collection
                lists.setdefault(parent, []).append((target.slug, target.read_id(id)))
    later = _later(collection, node)
    for document in documents:
        found = lists.get(document["id"], [])
        if not limit and len(found) == last:
            raise BadRequest(f"{node.dotted!r} has more than {last - 1} documents: read them in pages.")
        value = {"docs": node.joins.listed(found[: limit or last]), "hasNextPage": bool(limit) and len(found) > limit}
        if query.count:
            value["totalDocs"] = totals.get(document["id"], 0)
        part = _level(node, document)
        part[node.key] = value
        for key in later:
            if key in part:
                part[key] = part.pop(key)


def _level(node: Node, document: Document) -> Document:
    """The mapping that a join belongs into: the document, or a group in it."""
    for container in node.chain[:-1]:
        document = document.setdefault(container.key, {})
    return document


def _later(collection: CompiledCollection, node: Node) -> list[str]:
    """The keys that stand behind a join, in their order."""
    plan = collection.plan if node.parent is None else node.parent.plans[""]
    keys = [each.key for each in plan.nodes]
    behind = keys[keys.index(node.key) + 1 :]
    return behind if node.parent is not None else [*behind, *collection.constants]


def _bounds(asker: Asker, node: Node, query: JoinQuery) -> tuple[int, int, int]:
    """The limit, 0 for all, and between which places of a list the documents lie, one more than is shown."""
    most = asker.core.config.max_limit
    limit = query.limit if query.limit is not None else node.joins.default_limit
    if limit > most:
        raise BadRequest(f"'limit' is between 0 and {most}.")
    if query.page * max(limit, 1) > LARGEST:
        raise BadRequest("'page' is too large.")
    after = (query.page - 1) * limit
    return limit, after, after + (limit or most) + 1


async def _joining(asker: Asker, collection: CompiledCollection, node: Node, query: JoinQuery) -> Joining:
    """The bound join. Raises QueryError for a where or a sort by what the asker may not read."""
    system = Asker(asker.core, system=True)
    targets = [(asker.collection(slug), on) for slug, on in node.sources]
    open_ = [(target, on) for target, on in targets if await _is_open(asker, target, on)]
    asked = sort_names(query.sort)
    keys = {target.slug: await bind_keys(asked, target, asker) for target, _ in open_}
    names = [name for place, name in enumerate(asked) if any(keys[slug][place] is not None for slug in keys)]
    if names:
        keys = {
            slug: [found[place] for place, name in enumerate(asked) if name in names] for slug, found in keys.items()
        }
    else:
        names = list(node.joins.default_sort or NEWEST_FIRST)
        keys = {target.slug: await bind_keys(names, target, system) for target, _ in open_}
    where, slugs = _of_slugs(as_where(query.where), node)
    sources = []
    for target, on in open_:
        rule = await bind_rule(await asker.reads(target.slug), target, asker)
        meant = await bind_rule(node.joins.where or True, target, system)
        found = await bind_where(where, target, asker)
        if target.slug in slugs:
            sources.append(Source(target, on, AllOf([rule, meant, found]), tuple(keys[target.slug])))
    return Joining(collection, sources, [name.startswith("-") for name in names], query.count)


async def _is_open(asker: Asker, target: CompiledCollection, on: Node) -> bool:
    """Whether the asker may know of any document of the collection what it refers to."""
    return await asker.reads(target.slug) is not False and await follows(asker, target, on)


def _of_slugs(where: Mapping[str, Any] | None, node: Node) -> tuple[Mapping[str, Any] | None, Sequence[str]]:
    """A where over documents of several collections without what it says of `relationTo`, and the slugs this leaves."""
    slugs: Sequence[str] = node.joins.joined
    if len(slugs) == 1 or where is None or not isinstance(where.get("relationTo"), Mapping):
        return where, slugs
    for name, raw in where["relationTo"].items():
        operator = TEXT.get(str(name))
        if operator is None:
            raise BadRequest(f"'relationTo' has no operator {str(name)[:50]!r}.")
        values = operator.read(_Text, raw)
        slugs = [slug for slug in slugs if operator.test(slug, values)]
    return {key: value for key, value in where.items() if key != "relationTo"}, slugs


class _AsText:
    def query_value(self, raw: Any) -> Any:
        return raw if isinstance(raw, str) else None


_Text: Final = _AsText()
