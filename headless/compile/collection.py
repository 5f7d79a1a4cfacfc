"""A compiled collection: its plan, tables, readers and what of it needs hooks, rules or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from headless import access
from headless.access import Rule
from headless.collection import OPERATIONS, Collection
from headless.compile.accounts import account_nodes, secret_columns, with_own_fields
from headless.compile.ids import Ids, make_ids
from headless.compile.plan import Node, Plan, build_plan
from headless.compile.reader import Reader, RowWriter
from headless.compile.references import build_references, references_name
from headless.compile.selection import Selection, parse_selection, shown_by
from headless.compile.tables import IdTypes, assign_columns, build_table, table_name, value_type
from headless.compile.values import build_values, kept_nodes, values_name
from headless.config import Config
from headless.database.schema import MADE_OF_IT
from headless.errors import BadRequest, ConfigError, ValidationError
from headless.fields.base import ABSENT, DataField, resolved_inside
from headless.fields.date import Date
from headless.hooks import Hook
from headless.names import did_you_mean


class CompiledCollection:
    """What is made of a declaration once, and read ever after."""

    kind: ClassVar[str] = "collection"
    operations: ClassVar[Sequence[str]] = ("create", "read", "update", "delete")
    """What can be done with its documents. All but deleting has rules of fields too."""

    def __init__(self, declared: Collection, config: Config, *, locales: tuple[str, ...] = ()) -> None:
        self.blocks = {block.slug: block for block in config.blocks}
        declared, self.password_rules = with_own_fields(resolved_inside(declared, self.blocks))
        self.declaration = declared
        self.slug = declared.slug
        self.place = f"{self.kind} {declared.slug!r}"
        """How mistakes name it."""
        self.locales = locales
        self.table_name = table_name(declared.slug)
        self.plan = _with_managed(build_plan(declared.fields, localize=bool(locales)), declared, self.place)
        self.ids: Ids = self.make_ids(config)
        self.read_id = self.ids.read
        """An id as this collection writes ids, or None for what cannot be one."""
        self.id_schema = dict(self.ids.schema)
        """The JSON Schema of its ids."""
        assign_columns(self.plan, self.place)
        self.kept = kept_nodes(self.plan, self.place)
        """The leaves inside rows that have values in the table of values."""
        self.secret_columns = secret_columns(declared.auth)
        self.has_keys = declared.auth is not None and bool(declared.auth.use_api_key)
        """Whether its users may have API keys."""
        self.counts_attempts = declared.auth is not None and bool(declared.auth.max_login_attempts)
        """Whether wrong passwords are counted, so that its users can be locked out."""
        self.constants = self.make_constants()
        """What every document of it says without having it in its row."""
        self.rules: Mapping[str, Rule] = {
            operation: declared.access.get(operation, access.staff) for operation in OPERATIONS
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
        self._forced = _declared_selection(declared, "force_select", self.place)
        self.in_place = self.with_forced(_declared_selection(declared, "default_populate", self.place))
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
        self._unlogged = frozenset({*self.constants, *(node.key for node in self.plan.nodes if node.unlogged)})
        self.table: sa.Table
        self.references_table: sa.Table | None = None
        self.values_table: sa.Table | None = None
        self.wheres: dict[tuple[str, ...], Any] = {}
        """Bound wheres that are the same for every asker, by their texts."""
        self.sorts: dict[str, Any] = {}
        """Bound sorts that are the same for every asker, by how they are written."""
        self._readers: dict[tuple[Selection | None, str | None], Reader] = {}

    def make_ids(self, config: Config) -> Ids:
        """How its documents are named. Raises ConfigError."""
        return make_ids(self.plan, self.place, self.declaration.id_type, config.id_type)

    def make_constants(self) -> Mapping[str, Any]:
        """What every document of it says: of those who log in, the collection."""
        return {"collection": self.slug} if self.declaration.auth is not None else {}

    def build(self, metadata: sa.MetaData, id_types: IdTypes) -> None:
        """Makes the table. `id_types` tells what the ids of any collection are stored as."""
        for node in self.plan.walk():
            if node.stored:
                node.type = value_type(node, id_types)
        self.table = build_table(
            metadata,
            self.declaration,
            self.plan,
            id_types,
            self.secret_columns,
            counted=self.ids.counted,
            locale=next(iter(self.locales), None),
        )
        self.table.info[MADE_OF_IT] = (values_name(self.table.name), references_name(self.table.name))

    def build_others(self, metadata: sa.MetaData, id_types: IdTypes) -> None:
        """Makes the tables of references and of values, once every collection has its own table."""
        self.references_table = build_references(metadata, self.table, self.plan, id_types)
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
        with_it = (*self.constants, "email") if self.declaration.auth is not None else self.constants
        return self.constants if any(selection.of(key) is not False for key in with_it) else {}

    def node(self, path: str) -> Node:
        """The node of a dotted path. Raises ConfigError, naming the nearest, when there is none."""
        for node in self.plan.walk():
            if node.dotted == path:
                return node
        known = [node.dotted for node in self.plan.walk()]
        raise ConfigError(f"{self.place}: there is no field {path!r}{did_you_mean(path, known)}")

    def invalid(self, errors: Sequence[Mapping[str, Any]], id: Any = None) -> ValidationError:
        """The error for values of a document of it that were refused."""
        return ValidationError(errors, collection=self.slug, id=id)

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
        auth = self.declaration.auth
        return str(auth.identifiers[0]) if auth is not None else "id"

    def image(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document as the change log keeps it: without log-in state, and what every document says."""
        if not self._unlogged:
            return dict(document)
        return {key: value for key, value in document.items() if key not in self._unlogged}


def _first_step(node: Node) -> tuple[str, ...]:
    """The keys of the reference that a path goes out by."""
    names = str(node.field.leads).split(".")
    return node.lead.steps[0][0].path if node.lead is not None else tuple(names[:1])


def _only(keys: Sequence[str]) -> Selection:
    """The selection of one value."""
    key, *rest = keys
    return Selection(True, ((key, _only(rest) if rest else None),))


def _declared_selection(declared: Collection, option: str, of: str) -> Selection | None:
    """A selection that is declared. Raises ConfigError; one that is forced may only include."""
    place = f"{of}, {option}"
    try:
        selection = parse_selection(getattr(declared, option))
    except BadRequest:
        raise ConfigError(f"{place}: it is a mapping of fields to true or false") from None
    if selection is not None and option == "force_select" and not selection.including:
        raise ConfigError(f"{place}: what is always shown is said with true")
    return selection


def _with_managed(plan: Plan, declared: Collection, place: str) -> Plan:
    """The plan with the fields that the platform adds."""
    added: list[Node] = []
    if declared.timestamps:
        added += [_managed(Date("updatedAt")), _managed(Date("createdAt"))]
    if declared.auth is not None:
        added += account_nodes(declared.auth, plan.by_key)
    names = [node.key for node in added if node.key in plan.by_key]
    if names:
        raise ConfigError(f"{place}: the platform adds the field {names[0]!r} itself")
    return Plan((*plan.nodes, *added))


def _managed(field: DataField) -> Node:
    return Node(field, field.name, (field.name,), (), None, managed=True)
