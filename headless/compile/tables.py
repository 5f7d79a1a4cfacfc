"""Tables from plans: a row is a document, or in another role a version of one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import sqlalchemy as sa

from headless.collection import Collection
from headless.compile.holding import earlier_name, holds_of
from headless.compile.plan import Node, Plan
from headless.database.schema import HOLDS, RENAMED_FROM, SLUGS
from headless.database.types import OrderedJson
from headless.errors import ConfigError
from headless.fields.base import JSON_TEXT, ORDERED_JSON

LONGEST_NAME = 63

IdTypes = Callable[[str], sa.types.TypeEngine[object]]


def short(name: str) -> str:
    """The name, at most 63 characters; a longer one ends in a hash of the whole."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def table_name(slug: str) -> str:
    """`limits-lab` → `limits_lab`."""
    return short(slug.replace("-", "_"))


def assign_columns(plan: Plan, place: str) -> None:
    """Names each leaf's column after its path. Raises ConfigError when two leaves would share one."""
    seen: dict[str, Node] = {}
    for node in plan.leaves():
        name = short("__".join(node.path))
        other = seen.setdefault(name.lower(), node)
        if other is not node:
            raise ConfigError(f"{place}: fields {other.dotted!r} and {node.dotted!r} would share the column {name!r}")
        node.column = name


def column_type(node: Node, id_types: IdTypes) -> sa.types.TypeEngine[object]:
    """What the leaf's column holds: JSON by locale for a localized one, else what the field says."""
    if node.localized or node.field.is_json:
        return _json(node)
    return value_type(node, id_types)


def value_type(node: Node, id_types: IdTypes) -> sa.types.TypeEngine[object]:
    """What a column would hold that is made for the node's value alone, or for one of its list."""
    if node.refers is not None and not isinstance(node.field.storage, sa.JSON):
        return _json(node) if node.refers.polymorphic else id_types(node.slugs[0])
    return _json(node) if isinstance(node.field.storage, sa.JSON) else node.field.storage


def _json(node: Node) -> sa.types.TypeEngine[object]:
    """JSON, ordered where the value, or anything inside it, needs that."""
    inner = (each for plan in node.plans.values() for each in plan.walk())
    ordered = any(isinstance(each.field.column, OrderedJson) for each in (node, *inner))
    return ORDERED_JSON if ordered else JSON_TEXT


def build_table(
    metadata: sa.MetaData,
    collection: Collection,
    plan: Plan,
    id_types: IdTypes,
    secret: Iterable[str] = (),
    *,
    counted: bool = True,
    locale: str | None = None,
) -> sa.Table:
    """The table of a collection's documents, with its indexes. Ids that are `counted` are made by the database.

    `locale` is the one that values belong to which were stored before they had any.
    """
    name = table_name(collection.slug)
    columns = [sa.Column("id", id_types(collection.slug), primary_key=True, autoincrement=counted)]
    columns.append(sa.Column("_rev", sa.Integer(), nullable=False, server_default=sa.text("1")))
    columns += [_column(node, id_types, locale) for node in plan.leaves()]
    columns += [sa.Column(column, sa.Text()) for column in secret]
    table = sa.Table(name, metadata, *columns, sqlite_autoincrement=counted)
    if collection.renamed_from is not None:
        table.info[RENAMED_FROM] = table_name(collection.renamed_from)
        table.info[SLUGS] = (collection.renamed_from, collection.slug)
    _add_indexes(table, collection, plan)
    for column in secret:
        # Looked up by what is stored of a token, but for the first, the password's.
        if column != "_password":
            sa.Index(short(f"ux_{name}_{column}"), table.c[column], unique=True)
    return table


def _column(node: Node, id_types: IdTypes, locale: str | None) -> sa.Column[object]:
    targets = [sa.ForeignKey(f"{table_name(node.slugs[0])}.id")] if node.is_foreign_key else []
    info: dict[str, object] = {HOLDS: holds_of(node, locale)}
    earlier = earlier_name(node)
    if earlier is not None:
        info[RENAMED_FROM] = short(earlier)
    return sa.Column(str(node.column), column_type(node, id_types), *targets, info=info)


def _add_indexes(table: sa.Table, collection: Collection, plan: Plan) -> None:
    for node in plan.leaves():
        wanted = (
            node.field.unique or node.field.index or node.refers is not None or node.key in ("createdAt", "updatedAt")
        )
        if not wanted or node.localized or (node.field.is_json and not node.field.unique):
            continue
        name = f"{'ux' if node.field.unique else 'ix'}_{table.name}_{node.column}"
        sa.Index(short(name), table.c[str(node.column)], unique=node.field.unique)
    for declared in collection.indexes:
        chosen = [_indexed(plan, path, collection) for path in declared.fields]
        name = f"{'ux' if declared.unique else 'ix'}_{table.name}_{'_'.join(str(node.column) for node in chosen)}"
        sa.Index(short(name), *[table.c[str(node.column)] for node in chosen], unique=declared.unique)


def _indexed(plan: Plan, path: str, collection: Collection) -> Node:
    for node in plan.walk():
        if node.dotted == path and node.column is not None:
            return node
    raise ConfigError(f"collection {collection.slug!r}: there is no field {path!r} to index")


def build_versions(metadata: sa.MetaData, collection: Collection, plan: Plan, id_types: IdTypes) -> sa.Table:
    """The same table in the role of versions: every leaf nullable and without indexes of uniqueness."""
    name = short(f"{table_name(collection.slug)}__versions")
    leaves = [sa.Column(str(node.column), column_type(node, id_types)) for node in plan.leaves()]
    made = sa.Table(
        name,
        metadata,
        sa.Column("version_id", sa.Integer(), primary_key=True),
        sa.Column("parent", id_types(collection.slug), nullable=False),
        sa.Column("latest", sa.SmallInteger()),
        sa.Column("author", sa.Text()),
        sa.Column("version_created", sa.Text()),
        sa.Column("version_updated", sa.Text()),
        *leaves,
        sqlite_autoincrement=True,
    )
    sa.Index(short(f"ix_{name}_parent"), made.c.parent, made.c.latest)
    return made
