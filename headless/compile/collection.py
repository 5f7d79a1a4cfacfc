"""A compiled collection: its plan, tables, readers and what of it needs hooks, rules or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import access
from headless.access import Rule
from headless.collection import Collection
from headless.compile.ids import Ids, make_ids
from headless.compile.paths import find_lead, find_sources
from headless.compile.plan import Node, Plan, build_plan
from headless.compile.reader import Reader, RowWriter
from headless.compile.selection import Selection, parse_selection, shown_by
from headless.compile.tables import IdTypes, assign_columns, build_references, build_table, table_name
from headless.compile.values import build_values, can_be_kept, kept_nodes, values_name
from headless.config import Config
from headless.database.schema import MADE_OF_IT
from headless.declaration import declaration
from headless.errors import BadRequest, ConfigError
from headless.fields.base import ABSENT, DataField, Schema, resolved_inside
from headless.fields.date import Date
from headless.fields.email import Email
from headless.fields.json import Json
from headless.hooks import Hook, HookContext
from headless.names import did_you_mean
from headless.operators import Operator
from headless.security.tokens import check_claims

PASSWORD_COLUMN = "_password"  # noqa: S105 - a column's name


@declaration
class Sessions(Json):
    """The open sessions of a user, written only by logging in and out."""

    example: ClassVar[Any] = []

    @property
    def operators(self) -> Mapping[str, Operator]:
        return {}

    def empty(self) -> Any:
        return []

    def stored_schema(self) -> Schema:
        moment: Schema = {"type": "string", "format": "date-time"}
        properties: Schema = {"id": {"type": "string"}, "createdAt": moment, "expiresAt": moment}
        return {"type": "array", "items": {"type": "object", "properties": properties, "required": [*properties]}}


def own_sessions(context: HookContext) -> list[Any]:
    """Sessions are shown to nobody but the user whose they are."""
    user = context.user
    own = user is not None and (user.get("collection"), user.get("id")) == (context.collection, context.id)
    return context.value if own and context.value else []


class CompiledCollection:
    """What is made of a declaration once, and read ever after."""

    def __init__(self, declared: Collection, config: Config, *, locales: tuple[str, ...] = ()) -> None:
        self.blocks = {block.slug: block for block in config.blocks}
        declared = resolved_inside(declared, self.blocks)
        self.declaration = declared
        self.slug = declared.slug
        self.locales = locales
        self.table_name = table_name(declared.slug)
        self.plan = _with_managed(build_plan(declared.fields, localize=bool(locales)), declared)
        self.ids: Ids = make_ids(self.plan, f"collection {declared.slug!r}", declared.id_type, config.id_type)
        self.read_id = self.ids.read
        """An id as this collection writes ids, or None for what cannot be one."""
        self.id_schema = dict(self.ids.schema)
        """The JSON Schema of its ids."""
        assign_columns(self.plan, f"collection {declared.slug!r}")
        self.kept = kept_nodes(self.plan, f"collection {declared.slug!r}")
        """The leaves inside rows that have values in the table of values."""
        self.secret_columns = (PASSWORD_COLUMN,) if declared.auth is not None else ()
        self.constants = {"collection": declared.slug} if declared.auth is not None else {}
        self.rules: Mapping[str, Rule] = {
            operation: declared.access.get(operation, access.staff)
            for operation in ("create", "read", "update", "delete", "admin")
        }
        self.is_open = access.constant(self.rules["read"]) is True
        """Whether everybody may read every document."""
        self.hooks: Mapping[str, tuple[Hook, ...]] = declared.hooks
        self.references = self.plan.references()
        self.foreign_keys = [node for node in self.references if node.is_foreign_key]
        self.listed_references = [node for node in self.references if not node.is_foreign_key]
        """Those that have rows in the table of references."""
        for node in self.references:
            node.slugs = node.refers.reaches(config.collections)
        self.row_writer = RowWriter(self.plan)
        self.labels = (declared.singular, declared.plural)
        self.joins = [node for node in self.plan.walk() if node.joins is not None]
        self.led = [node for node in self.plan.walk() if node.field.leads is not None]
        """The nodes whose value is found by following a path to another document."""
        self._forced = _declared_selection(declared, "force_select")
        self.in_place = self.with_forced(_declared_selection(declared, "default_populate"))
        """What is shown of its documents in place of references, unless `populate` says otherwise."""
        self.default_sort = tuple(declared.default_sort) or (("-createdAt",) if declared.timestamps else ("-id",))
        self.guarded = [node for node in self.plan.walk() if node.field.hidden or "read" in node.field.access]
        self.read_hooked = [node for node in self.plan.walk() if "after_read" in node.field.hooks]
        self.change_hooked = [node for node in self.plan.walk() if "after_change" in node.field.hooks]
        hooked = bool({"before_read", "after_read"} & set(self.hooks)) or bool(self.read_hooked)
        self.reads_plainly = not self.guarded and not hooked
        """Whether a stored document is what everybody sees who may see it."""
        self.is_whole = not self.joins and not self.led
        """Whether everything that is read of a document is in its row."""
        self.write_hooked = any(
            {"before_validate", "before_change", "after_change"} & set(node.field.hooks) for node in self.plan.walk()
        )
        self._unstored = [node for node in self.plan.walk() if not node.stored]
        self.unlogged = frozenset(node.key for node in self.plan.nodes if node.unlogged)
        self.table: sa.Table
        self.references_table: sa.Table | None = None
        self.values_table: sa.Table | None = None
        self.wheres: dict[tuple[str, ...], Any] = {}
        """Bound wheres that are the same for every asker, by their texts."""
        self.sorts: dict[str, Any] = {}
        """Bound sorts that are the same for every asker, by how they are written."""
        self._readers: dict[tuple[Selection | None, str | None], Reader] = {}

    def build(self, metadata: sa.MetaData, id_types: IdTypes) -> None:
        """Makes the table. `id_types` tells what the ids of any collection are stored as."""
        self.table = build_table(
            metadata, self.declaration, self.plan, id_types, self.secret_columns, counted=self.ids.counted
        )
        self.table.info[MADE_OF_IT] = (values_name(self.table.name),)

    def build_others(self, metadata: sa.MetaData, id_types: IdTypes) -> None:
        """Makes the tables of references and of values, once every collection has its own table."""
        self.references_table = build_references(metadata, self.table, self.plan, id_types, table_name)
        self.values_table = build_values(metadata, self.table, self.plan, self.kept, id_types)

    def selection(self, given: Any) -> Selection | None:
        """What `select` shows of its documents, None for everything. Raises BadRequest."""
        return self.with_forced(parse_selection(given)) if given else None

    def with_forced(self, selection: Selection | None) -> Selection | None:
        """The selection with what the collection always shows."""
        if selection is None:
            return None
        for node in self.led:
            if selection.including and shown_by(selection, node.path):
                selection = selection.forced(_only(_first_step(node)))
        return selection if self._forced is None else selection.forced(self._forced)

    def reader(self, selection: Selection | None = None, locale: str | None = None) -> Reader:
        """The reader for a selection and a locale, made at its first use."""
        key = (selection, locale)
        reader = self._readers.get(key)
        if reader is None:
            reader = Reader(
                self.table, self.plan, selection=selection, constants=self._constants(selection), locale=locale
            )
            if len(self._readers) > 256:
                self._readers.clear()
            self._readers[key] = reader
        return reader

    def _constants(self, selection: Selection | None) -> Mapping[str, Any]:
        if selection is None or not self.constants:
            return self.constants
        return {**self.constants} if any(selection.of(key) is not False for key in ("email", "collection")) else {}

    def node(self, path: str) -> Node:
        """The node of a dotted path. Raises ConfigError, naming the nearest, when there is none."""
        for node in self.plan.walk():
            if node.dotted == path:
                return node
        known = [node.dotted for node in self.plan.walk()]
        raise ConfigError(f"collection {self.slug!r}: there is no field {path!r}{did_you_mean(path, known)}")

    def clear_unstored(self, document: dict[str, Any]) -> None:
        """Takes out, in place, what was given for fields that are not stored: their values are made at each reading."""
        for node in self._unstored:
            for _, part in node.places(document):
                part[node.key] = node.field.empty()
                if part[node.key] is ABSENT:
                    del part[node.key]

    @property
    def title_field(self) -> str:
        """The field whose value names a document in the admin."""
        if self.declaration.admin.use_as_title:
            return str(self.declaration.admin.use_as_title)
        return "email" if self.declaration.auth is not None else "id"

    def image(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document as the change log keeps it: without log-in state."""
        if not self.unlogged:
            return dict(document)
        return {key: value for key, value in document.items() if key not in self.unlogged}


def _first_step(node: Node) -> tuple[str, ...]:
    """The keys of the reference that a path goes out by."""
    names = str(node.field.leads).split(".")
    return node.lead.steps[0][0].path if node.lead is not None else tuple(names[:1])


def _only(keys: Sequence[str]) -> Selection:
    """The selection of one value."""
    key, *rest = keys
    return Selection(True, ((key, _only(rest) if rest else None),))


def _declared_selection(declared: Collection, option: str) -> Selection | None:
    """A selection that is declared. Raises ConfigError; one that is forced may only include."""
    place = f"collection {declared.slug!r}, {option}"
    try:
        selection = parse_selection(getattr(declared, option))
    except BadRequest:
        raise ConfigError(f"{place}: it is a mapping of fields to true or false") from None
    if selection is not None and option == "force_select" and not selection.including:
        raise ConfigError(f"{place}: what is always shown is said with true")
    return selection


def _with_managed(plan: Plan, declared: Collection) -> Plan:
    """The plan with the fields that the platform adds."""
    added: list[Node] = []
    if declared.timestamps:
        added += [_managed(Date("updatedAt")), _managed(Date("createdAt"))]
    if declared.auth is not None:
        if "email" not in plan.by_key:
            added.append(_managed(Email("email", required=True, unique=True), managed=False))
        added.append(_managed(Sessions("sessions", hooks={"after_read": own_sessions}), unlogged=True))
    names = [node.key for node in added if node.key in plan.by_key]
    if names:
        raise ConfigError(f"collection {declared.slug!r}: the platform adds the field {names[0]!r} itself")
    return Plan((*plan.nodes, *added))


def _managed(field: DataField, *, managed: bool = True, unlogged: bool = False) -> Node:
    return Node(field, field.name, (field.name,), (), None, managed=managed, unlogged=unlogged)


def compile_collections(config: Config) -> tuple[dict[str, CompiledCollection], sa.MetaData]:
    """Every collection compiled, with the metadata that holds their tables. Raises ConfigError with all mistakes."""
    compiled: dict[str, CompiledCollection] = {}
    problems: list[str] = []
    for declared in config.collections:
        try:
            compiled[declared.slug] = CompiledCollection(declared, config)
        except ConfigError as error:
            problems += error.problems
    problems += [problem for collection in compiled.values() for problem in _dangling(collection, compiled)]
    problems += [problem for collection in compiled.values() for problem in _misled(collection, compiled)]
    problems += _same_tables(compiled)
    if problems:
        raise ConfigError(problems)
    metadata = sa.MetaData()

    def id_type(slug: str) -> sa.types.TypeEngine[Any]:
        return compiled[slug].ids.column

    for collection in compiled.values():
        collection.build(metadata, id_type)
    for collection in compiled.values():
        collection.build_others(metadata, id_type)
    return compiled, metadata


def _dangling(collection: CompiledCollection, compiled: Mapping[str, CompiledCollection]) -> list[str]:
    """References to collections, and options naming fields, that do not exist."""
    problems = []
    for node in collection.references:
        for slug in node.slugs:
            if slug not in compiled:
                place = f"collection {collection.slug!r}, field {node.dotted!r}"
                problems.append(f"{place}: there is no collection {slug!r}{did_you_mean(slug, compiled)}")
    for node in collection.plan.walk():
        for slug in node.field.named:
            place = f"collection {collection.slug!r}, field {node.dotted!r}"
            problems.append(f"{place}: there is no block {slug!r}{did_you_mean(slug, collection.blocks)}")
    problems += _without_effect(collection)
    problems += _without_source(collection)
    admin = collection.declaration.admin
    known = {node.dotted for node in collection.plan.walk()} | {"id"}
    for option, names in (
        ("use_as_title", (admin.use_as_title,) if admin.use_as_title else ()),
        ("default_columns", admin.default_columns),
        ("list_searchable_fields", admin.list_searchable_fields),
        ("default_sort", tuple(name.removeprefix("-") for name in collection.declaration.default_sort)),
        ("force_select", tuple(collection.declaration.force_select or ())),
        ("default_populate", tuple(collection.declaration.default_populate or ())),
    ):
        for name in names:
            if name not in known:
                place = f"collection {collection.slug!r}, {option}"
                problems.append(f"{place}: there is no field {name!r}{did_you_mean(name, known)}")
    return problems


def _misled(collection: CompiledCollection, compiled: Mapping[str, CompiledCollection]) -> Iterator[str]:
    """Finds where joins and virtual fields lead to; answers those that lead nowhere."""
    plans = {slug: each.plan for slug, each in compiled.items()}
    for node in (*collection.joins, *collection.led):
        try:
            if node.joins is not None:
                node.sources = find_sources(node, collection.slug, plans)
            else:
                node.lead = find_lead(node, collection.plan, plans)
        except ConfigError as error:
            place = f"collection {collection.slug!r}, field {node.dotted!r}"
            yield from (f"{place}: {problem}" for problem in error.problems)


def _without_source(collection: CompiledCollection) -> list[str]:
    """Fields whose value is made of one that is not there."""
    problems = []
    known = {node.dotted for node in collection.plan.walk()}
    for node in collection.plan.walk():
        for name in node.field.uses:
            if name not in known and ".".join((*node.path[:-1], name)) not in known:
                place = f"collection {collection.slug!r}, field {node.dotted!r}"
                problems.append(f"{place}: there is no field {name!r} to make it of{did_you_mean(name, known)}")
    return problems


def _without_effect(collection: CompiledCollection) -> list[str]:
    """Options that would silently do nothing, or harm, where they stand."""
    problems = []
    for node in collection.plan.walk():
        place = f"collection {collection.slug!r}, field {node.dotted!r}"
        if node.rows is not None and node.field.unique:
            problems.append(f"{place}: values inside rows cannot be unique")
        if node.rows is not None and node.field.index and not can_be_kept(node):
            problems.append(f"{place}: inside rows only single values and lists of them can be indexed")
        if node.field.save_to_jwt and collection.declaration.auth is None:
            problems.append(f"{place}: save_to_jwt is for collections with auth")
    if collection.declaration.auth is not None:
        claims = [node.field.save_to_jwt for node in collection.plan.leaves() if node.field.save_to_jwt]
        names = [node.key for node in collection.plan.leaves() if node.field.save_to_jwt is True]
        try:
            check_claims([*names, *(claim for claim in claims if isinstance(claim, str))])
        except ConfigError as error:
            problems += [f"collection {collection.slug!r}: {problem}" for problem in error.problems]
    return problems


def _same_tables(compiled: Mapping[str, CompiledCollection]) -> list[str]:
    seen: dict[str, str] = {}
    problems = []
    for slug, collection in compiled.items():
        other = seen.setdefault(collection.table_name, slug)
        if other != slug:
            problems.append(f"collections {other!r} and {slug!r} would share the table {collection.table_name!r}")
    return problems
