"""Storing: the half of a write that changes rows. Stores are generators that yield statements and never await."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from headless.changes import Change
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.compile.references import reference_column, referred
from headless.compile.values import encoded, insertion, insertion_of_rows, kept_values
from headless.database import Database, ForeignKey, Statement, Unique
from headless.errors import ApiError, NotFound
from headless.fields.base import ABSENT
from headless.operations.core import Asker, Core
from headless.operations.page import Document
from headless.operators import equals, in_
from headless.query.binding import ID
from headless.query.conditions import ALWAYS, Comparison, Condition

Store = Generator[Any, list[tuple[Any, ...]], Any]


class Changed(Exception):
    """The document is not as it was when the write was prepared."""


def insert(asker: Asker, collection: CompiledCollection, document: Document, apart: Mapping[str, Any]) -> Store:
    """Stores a new document; answers its id. `apart` are the columns that are not made of the document."""
    core = asker.core
    statement = core.statements.insert(collection, (*collection.row_writer.names, *apart))
    rows = yield statement, (*collection.row_writer.values(document), *apart.values())
    id = rows[0][0]
    yield from _insert_references(core, collection, id, document)
    yield from _insert_values(core, collection, id, document)
    image = {"id": id, **collection.image(document)}
    yield Change(None, collection.slug, id, "create", asker.actor, core.clock.text(), None, image)
    return id


def save(asker: Asker, collection: CompiledCollection, unsaved: Document, document: Document) -> Store:
    """Stores what had no row yet, a global at its first change. Raises Changed when another write came first."""
    core, id = asker.core, unsaved["id"]
    statement = core.statements.insert(collection, ("id", *collection.row_writer.names))
    try:
        yield statement, (id, *collection.row_writer.values(document))
    except Exception as error:
        if isinstance(core.database.dialect.classify(error), Unique):
            raise Changed from error
        raise
    yield from _insert_references(core, collection, id, document)
    yield from _insert_values(core, collection, id, document)
    yield _updated(asker, collection, unsaved, document)
    return id


def update(
    asker: Asker, collection: CompiledCollection, stored: Document, revision: int, document: Document,
    secrets: Mapping[str, Any], rule: Condition = ALWAYS,
) -> Store:  # fmt: skip
    """Stores a changed document. Raises Changed when another write came first."""
    core, id = asker.core, stored["id"]
    before, after = collection.row_writer.values(stored), collection.row_writer.values(document)
    changed = [place for place, value in enumerate(after) if value != before[place]]
    names = [collection.row_writer.names[place] for place in changed]
    statement = core.statements.update(collection, (*names, *secrets), rule)
    values = (*(after[place] for place in changed), *secrets.values(), id, revision, *rule.values())
    rows = yield statement, values
    if not rows:
        raise Changed
    if any(referred(node, stored) != referred(node, document) for node in collection.listed_references):
        yield _delete_references(core, collection), (id,)
        yield from _insert_references(core, collection, id, document)
    if collection.kept and kept_values(collection.kept, stored) != kept_values(collection.kept, document):
        yield _delete_values(core, collection), (id,)
        yield from _insert_values(core, collection, id, document)
    yield _updated(asker, collection, stored, document)
    return id


def _updated(asker: Asker, collection: CompiledCollection, stored: Document, document: Document) -> Change:
    """What the log keeps of an update: the old values of what is changed, and the document as it is now."""
    id, image, previous = stored["id"], collection.image(document), collection.image(stored)
    old = {
        key: previous.get(key) for key in {**previous, **image} if previous.get(key, ABSENT) != image.get(key, ABSENT)
    }
    old.pop("id", None)
    at = asker.core.clock.text()
    return Change(None, collection.slug, id, "update", asker.actor, at, old, {"id": id, **image})


def delete(
    asker: Asker, collection: CompiledCollection, stored: Document, revision: int, rule: Condition = ALWAYS
) -> Store:
    """Deletes a document and what refers to it, as each reference says. Raises Changed and ApiError."""
    core, id = asker.core, stored["id"]
    if rule is not ALWAYS:
        # Asked first: the rule may be about the references that are let go.
        rows = yield core.statements.holds(collection, rule), (id, revision, *rule.values())
        if not rows:
            raise Changed
    yield from _let_go(core, collection, id)
    yield from _release(asker, collection, id, {(collection.slug, id)})
    try:
        rows = yield core.statements.delete(collection), (id, revision)
    except Exception as error:
        if isinstance(core.database.dialect.classify(error), ForeignKey):
            raise Changed from error
        raise
    if not rows:
        raise Changed
    yield Change(None, collection.slug, id, "delete", asker.actor, core.clock.text(), collection.image(stored), None)
    return id


def _let_go(core: Core, collection: CompiledCollection, id: Any) -> Store:
    """Removes the references of a document that goes, which may refer back to others that go with it."""
    if collection.listed_references:
        yield _delete_references(core, collection), (id,)
    if collection.foreign_keys:
        yield _clear_foreign_keys(core, collection), (id,)


def _release(asker: Asker, collection: CompiledCollection, id: Any, going: set[tuple[str, Any]]) -> Store:
    """Clears, or refuses to clear, every reference to a document that goes."""
    core = asker.core
    for referrer in core.compiled:
        nodes = [node for node in referrer.references if collection.slug in node.slugs]
        if not nodes:
            continue
        for source, paths in (yield from _referring(core, referrer, nodes, collection.slug, id)).items():
            if (referrer.slug, source) not in going:
                yield from _release_one(asker, referrer, source, collection.slug, id, paths, going)


def _referring(
    core: Core, referrer: CompiledCollection, nodes: Iterable[Node], slug: str, id: Any
) -> Generator[Any, list[tuple[Any, ...]], dict[Any, set[str]]]:
    """The documents of a collection that refer to one, each with the paths of the fields that do."""
    found: dict[Any, set[str]] = {}
    for node in nodes:
        if node.is_foreign_key:
            for (source,) in (yield _pointing(core, referrer, node), (id,)):
                found.setdefault(source, set()).add(node.dotted)
    if any(not node.is_foreign_key for node in nodes):
        for source, path in (yield _referrers(core, referrer, slug), (id,)):
            found.setdefault(source, set()).add(path)
    return found


def _release_one(
    asker: Asker,
    referrer: CompiledCollection,
    source: Any,
    slug: str,
    id: Any,
    paths: set[str],
    going: set[tuple[str, Any]],
) -> Store:
    core = asker.core
    nodes = [node for node in referrer.references if node.dotted in paths]
    rules = {node.refers.when_gone for node in nodes}
    if "restrict" in rules:
        label = referrer.declaration.singular
        field = next(node.field.title for node in nodes if node.refers.when_gone == "restrict")
        raise ApiError(f"This document cannot be deleted: a {label} refers to it as its {field}.", status=409)
    stored, revision = yield from read_stored(core, referrer, source)
    if "cascade" in rules:
        going.add((referrer.slug, source))
        yield from _let_go(core, referrer, source)
        yield from _release(asker, referrer, source, going)
        yield core.statements.delete(referrer), (source, revision)
        yield Change(
            None, referrer.slug, source, "delete", asker.actor, core.clock.text(), referrer.image(stored), None
        )
        return
    document = without_reference(referrer.plan, stored, slug, id)
    yield from update(asker, referrer, stored, revision, document, {})


def read_stored(core: Core, collection: CompiledCollection, id: Any) -> Generator[Any, Any, tuple[Document, int]]:
    """The document as it is stored, with its revision. Raises NotFound."""
    reader = collection.reader()
    where = Comparison(ID, equals, (id,))
    statement = core.statements.find(collection, reader, where, None, limited=False, revision=True, held=True)
    rows = yield statement, tuple(where.values())
    if not rows:
        raise NotFound
    return reader.read_one(rows[0]), rows[0][-1]


def without_reference(plan: Plan, part: Mapping[str, Any], slug: str, id: Any) -> Document:
    """A copy of a document, or of a part of it, without references to one document."""
    copy = dict(part)
    for node in plan.nodes:
        value = copy.get(node.key)
        if value is None:
            continue
        if node.refers is not None:
            value = node.refers.replace(value, lambda target, found: ABSENT if (target, found) == (slug, id) else found)
        if node.plans:
            value = node.with_parts(value, lambda plan, inner: without_reference(plan, inner, slug, id))
        copy[node.key] = value
    return copy


def _insert_references(core: Core, collection: CompiledCollection, id: Any, document: Document) -> Store:
    if not collection.listed_references:
        return
    rows = [
        {"path": node.dotted, "row": row, "position": position, reference_column(slug): target}
        for node in collection.listed_references
        for row, position, slug, target in referred(node, document)
    ]
    if rows:
        yield _insert_references_statement(core, collection), (id, orjson.dumps(rows).decode())


def _insert_references_statement(core: Core, collection: CompiledCollection) -> Statement:
    """One statement for any number of references: they are bound as one list."""

    def make(database: Database) -> Statement:
        table = collection.references_table
        assert table is not None
        names = ["path", "row", "position", *(column.name for column in table.c if column.name.startswith("to_"))]
        return database.compile(insertion_of_rows(table, names, database.dialect), ["source", "rows"])

    return core.statements.remembered(("insert references", collection.slug), make)


def _delete_references(core: Core, collection: CompiledCollection) -> Statement:
    def make(database: Database) -> Statement:
        table = collection.references_table
        assert table is not None
        return database.compile(sa.delete(table).where(table.c.source == sa.bindparam("source")), ["source"])

    return core.statements.remembered(("delete references", collection.slug), make)


def _insert_values(core: Core, collection: CompiledCollection, id: Any, document: Document) -> Store:
    rows = kept_values(collection.kept, document) if collection.kept else ()
    if rows:
        yield _insert_values_statement(core, collection), (id, encoded(rows))


def _insert_values_statement(core: Core, collection: CompiledCollection) -> Statement:
    def make(database: Database) -> Statement:
        assert collection.values_table is not None
        return database.compile(insertion(collection.values_table, database.dialect), ["source", "rows"])

    return core.statements.remembered(("insert values", collection.slug), make)


def _delete_values(core: Core, collection: CompiledCollection) -> Statement:
    def make(database: Database) -> Statement:
        table = collection.values_table
        assert table is not None
        return database.compile(sa.delete(table).where(table.c.source == sa.bindparam("source")), ["source"])

    return core.statements.remembered(("delete values", collection.slug), make)


def _clear_foreign_keys(core: Core, collection: CompiledCollection) -> Statement:
    def make(database: Database) -> Statement:
        table = collection.table
        cleared = {str(node.column): sa.null() for node in collection.foreign_keys}
        return database.compile(sa.update(table).where(table.c.id == sa.bindparam("id")).values(cleared), ["id"])

    return core.statements.remembered(("clear foreign keys", collection.slug), make)


def _pointing(core: Core, referrer: CompiledCollection, node: Node) -> Statement:
    def make(database: Database) -> Statement:
        table = referrer.table
        query = sa.select(table.c.id).where(table.c[str(node.column)] == sa.bindparam("target"))
        return database.compile(query, ["target"])

    return core.statements.remembered(("pointing", referrer.slug, node.path), make)


def _referrers(core: Core, referrer: CompiledCollection, slug: str) -> Statement:
    def make(database: Database) -> Statement:
        table = referrer.references_table
        assert table is not None
        query = sa.select(table.c.source, table.c.path).where(table.c[reference_column(slug)] == sa.bindparam("target"))
        return database.compile(query, ["target"])

    return core.statements.remembered(("referrers", referrer.slug, slug), make)


def ids_in(values: Iterable[Any]) -> Condition:
    """The condition that the id is one of these."""
    return Comparison(ID, in_, tuple(values))
