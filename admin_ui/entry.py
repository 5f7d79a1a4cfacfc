"""What the admin knows of a collection or a global: the one place that reads the compiled declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headless.fields import DataField, Date, Field, FieldAdmin


@dataclass(frozen=True, slots=True)
class Password:
    """The password of a user, as a form has it: it is no field, for it is never read."""

    required: bool
    admin: FieldAdmin
    name: str = "password"
    title: str = "Password"
    widget: str = "password"
    children: tuple[Field, ...] = ()
    levels: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    hidden: bool = False

    @property
    def key(self) -> str:
        """The key that it has in what is sent."""
        return self.name


@dataclass(frozen=True, slots=True)
class Listed:
    """A field that a list can show, sort by and filter by, under its dotted path."""

    path: str
    label: str
    field: Any

    @property
    def sortable(self) -> bool:
        """Whether its values have an order: one scalar a document."""
        return bool(self.field.operators) and not self.field.is_json and not self.field.children


@dataclass(frozen=True)
class Entry:
    """A collection in the admin, or a global."""

    slug: str
    singular: str
    plural: str
    fields: tuple[Any, ...]
    listed: Mapping[str, Listed]
    title_field: str
    columns: tuple[str, ...]
    searched: tuple[str, ...]
    limits: tuple[int, ...]
    limit: int
    default_sort: tuple[str, ...]
    group: str
    hidden: bool
    description: str | None
    auth: bool
    compiled: Any
    is_global: bool

    @property
    def place(self) -> tuple[str, str]:
        """Where in the admin it is."""
        return ("globals" if self.is_global else "collections", self.slug)

    @property
    def singular_low(self) -> str:
        """The label of one document inside a sentence."""
        return _low(self.singular)

    @property
    def plural_low(self) -> str:
        """The label of several documents inside a sentence."""
        return _low(self.plural)

    @property
    def login_keys(self) -> tuple[str, ...]:
        """What its users log in by."""
        keys: tuple[str, ...] = self.compiled.declaration.auth.identifiers
        return keys

    @property
    def login_label(self) -> str:
        """The same, as a form calls it."""
        return " or ".join({"email": "email", "username": "username"}[key] for key in self.login_keys).capitalize()

    @property
    def invites(self) -> bool:
        """Whether people can be invited to be its users."""
        return self.auth and not self.compiled.declaration.auth.disable_local_strategy

    @property
    def can_duplicate(self) -> bool:
        """Whether its documents can be duplicated."""
        can: bool = self.compiled.declaration.can_duplicate
        return can

    def title(self, document: Any) -> str:
        """What a document is called; its number where it has no title."""
        if self.is_global:
            return self.singular
        if not isinstance(document, Mapping):
            return f"{self.singular} {document}"
        value = document.get(self.title_field) if self.title_field != "id" else None
        value = value or (document.get("email") or document.get("username") if self.auth else None)
        return str(value) if value not in (None, "") else f"{self.singular} {document.get('id')}"

    def form_fields(self, *, new: bool) -> tuple[Any, ...]:
        """The fields of the form, with the password for users."""
        if not self.auth:
            return self.fields
        names, rest = self.fields[: len(self._names)], self.fields[len(self._names) :]
        shortest = self.compiled.declaration.auth.min_password_length
        hint = f"At least {shortest} characters." if new else "Leave empty to keep it as it is."
        return *names, Password(required=new, admin=FieldAdmin(description=hint)), *rest

    @property
    def _names(self) -> tuple[Any, ...]:
        """The fields that users are known by, which come first."""
        return _names(self.compiled)

    def read_id(self, text: str) -> int | str | None:
        """The id that a piece of a URL spells, or None."""
        found: int | str | None = self.compiled.read_id(text)
        return found


def make_entry(compiled: Any) -> Entry:
    """The entry of a compiled collection or global."""
    is_global = compiled.kind == "global"
    declared = compiled.declaration
    fields = _fields(compiled)
    listed = {item.path: item for item in _listed(fields)}
    if declared.timestamps:
        for path, label in (("updatedAt", "Changed"), ("createdAt", "Created")):
            listed[path] = Listed(path, label, Date(path, label=label))
    pagination = declared.admin.pagination
    title = _title_field(compiled.title_field, listed)
    return Entry(
        slug=declared.slug,
        singular=declared.singular,
        plural=declared.plural,
        fields=fields,
        listed=listed,
        title_field=title,
        columns=declared.admin.default_columns or _columns(title, listed),
        searched=declared.admin.list_searchable_fields or _searched(title, listed),
        limits=tuple(pagination.limits),
        limit=pagination.default_limit,
        default_sort=tuple(compiled.default_sort),
        group=declared.admin.group or ("Globals" if is_global else "Collections"),
        hidden=declared.admin.hidden,
        description=declared.admin.description,
        auth=declared.auth is not None,
        compiled=compiled,
        is_global=is_global,
    )


def _fields(compiled: Any) -> tuple[Any, ...]:
    declared: tuple[Any, ...] = tuple(compiled.declaration.fields)
    if compiled.declaration.auth is None:
        return declared
    names = _names(compiled)
    return *names, *(field for field in declared if field not in names)


def _names(compiled: Any) -> tuple[Any, ...]:
    nodes = compiled.plan.by_key
    return tuple(nodes[key].field for key in ("email", "username") if key in nodes)


def _listed(fields: Sequence[Any], prefix: str = "", label: str = "") -> Iterator[Listed]:
    """The data fields outside rows, those of groups and tabs by their dotted path."""
    for field in fields:
        if not isinstance(field, DataField):
            yield from _listed(field.children, prefix, label)
        elif not (field.hidden or field.admin.hidden or field.admin.disabled or hasattr(field, "joined")):
            path, shown = prefix + field.name, f"{label} {field.title}".strip()
            if getattr(field, "flat", False):
                yield from _listed(field.children, f"{path}.", shown)
            else:
                yield Listed(path, shown, field)


def _title_field(declared: str, listed: Mapping[str, Listed]) -> str:
    """What documents are called by: the declared field, or where a number would be it their first free text."""
    if declared != "id":
        return declared
    return next((path for path in _texts(listed) if "." not in path), declared)


def _columns(title: str, listed: Mapping[str, Listed]) -> tuple[str, ...]:
    """The title, the first three plain fields and the time of the last change."""
    plain = [path for path, item in listed.items() if item.sortable and path not in (title, "createdAt", "updatedAt")]
    columns = [title, *plain[: 3 if title != "id" else 4]]
    if title == "id" and plain and "id" not in listed:
        columns = columns[1:]
    return (*columns, "updatedAt") if "updatedAt" in listed else tuple(columns)


def _searched(title: str, listed: Mapping[str, Listed]) -> tuple[str, ...]:
    """The title, or where there is none every field of free text, and the id where that is one."""
    own = ("id",) if "id" in listed and _is_text(listed["id"].field) else ()
    return (*((title,) if title != "id" else _texts(listed)), *own)


def _texts(listed: Mapping[str, Listed]) -> list[str]:
    return [path for path, item in listed.items() if path != "id" and item.sortable and _is_text(item.field)]


def _is_text(field: Any) -> bool:
    schema = field.stored_schema()
    return schema.get("type") == "string" and not {"format", "enum"} & set(schema)


def _low(label: str) -> str:
    """`Blog Posts` → `blog posts`, but `API Keys` → `API keys`."""
    return " ".join(word if word[1:].isupper() and len(word) > 1 else word.lower() for word in label.split(" "))
