"""A document's form as a tree of controls: each knows its name, what it shows and what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from headless.admin import Branch, FormWidget, join
from headless.admin_ui.columns import Tools, cell_of
from headless.admin_ui.entry import Listed
from headless.admin_ui.permissions import FieldRights
from headless.admin_ui.times import Times, zone_name
from headless.fields import FieldContext

if TYPE_CHECKING:
    from headless.admin_ui.joins import Joined
    from headless.admin_ui.options import Options
    from headless.admin_ui.site import Site

FEW_ROWS = 5
"""Up to so many rows are drawn open."""


@dataclass(slots=True)
class Level:
    """The controls of one group, tab or row."""

    path: str
    title: str
    row: str | None
    number: int
    id: str
    controls: list[Control]
    open: bool = False
    focus: bool = False
    kind: Any = None

    @property
    def faults(self) -> int:
        """How many errors there are in it."""
        return sum(control.faults for control in self.controls)


@dataclass(slots=True)
class Control:
    """One field of the form. `document` and `siblings` hold what the whole form and the field's level show."""

    field: Any
    path: str
    id: str
    label: str
    value: Any
    shown: Markup
    template: str
    read_only: bool
    errors: tuple[str, ...]
    zone_name: str
    base: str
    document: Mapping[str, Any] = field(default_factory=dict)
    siblings: Mapping[str, Any] = field(default_factory=dict)
    levels: list[Level] = field(default_factory=list)
    options: Options | None = None
    joined: Joined | None = None
    choices: Sequence[Any] = ()
    linked: Sequence[Any] = ()
    related: Sequence[Any] = ()
    theirs: Markup | None = None
    tab: int = 0
    focus: bool = False
    of: str = ""
    """The path in the declaration: without rows, with their kinds."""

    @property
    def admin(self) -> Any:
        """How the declaration wants the field shown."""
        return self.field.admin

    @property
    def required(self) -> bool:
        """Whether a document cannot be without it."""
        return self.path == "id" or getattr(self.field, "required", False)

    @property
    def many(self) -> bool:
        """Whether it takes several values."""
        return bool(getattr(self.field, "has_many", False))

    @property
    def hint(self) -> str | None:
        """The declaration's description."""
        hint: str | None = self.field.admin.description
        return hint

    @property
    def described(self) -> str:
        """The ids of what describes the control: its hint and its errors."""
        hint = [f"{self.id}-h"] if self.hint else []
        return " ".join([*hint, *(f"{self.id}-e{index}" for index in range(len(self.errors)))])

    @property
    def faults(self) -> int:
        """How many errors there are on it and in it."""
        return len(self.errors) + sum(level.faults for level in self.levels)

    @property
    def open(self) -> bool:
        """Whether what it contains is drawn open."""
        return not self.field.admin.init_collapsed

    @property
    def width(self) -> str:
        """The class that shares a line with the fields beside it; widths are what a stylesheet can name."""
        share = (self.field.admin.width or "").rstrip("%")
        if not share.replace(".", "", 1).isdigit():
            return ""
        return " w" + str(min((25, 33, 50, 66, 75, 100), key=lambda known: abs(known - float(share))))

    @property
    def row_label(self) -> str:
        """What a row is called inside a sentence."""
        labels = getattr(self.field, "labels", None) or {}
        return str(labels.get("singular") or self.field.row_word).lower()

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The kinds of rows that can be added, under their headings; those without one come first."""
        found: dict[str, list[Any]] = {"": []}
        for kind in self.choices:
            found.setdefault(kind.admin.group or "", []).append(kind)
        return [(heading, kinds) for heading, kinds in found.items() if kinds]

    @property
    def row_url(self) -> str:
        """Where a fresh row is had."""
        return f"{self.base}/_row"

    @property
    def find_url(self) -> str:
        """Where options are looked for."""
        return f"{self.base}/_options"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the summary has it, with the id of its control."""

    label: str
    message: str
    href: str | None


@dataclass(slots=True)
class FormState:
    """What a form is drawn with, besides the document's data."""

    new: bool = False
    rights: FieldRights = field(default_factory=FieldRights)
    failures: Sequence[Mapping[str, Any]] = ()
    tabs: Callable[[str], str | None] = lambda id: None
    focus: str | None = None
    theirs: Mapping[str, Any] = field(default_factory=dict)
    dirty: bool = False
    read_only: bool = False
    user: Mapping[str, Any] | None = None

    def context(self, data: Mapping[str, Any], siblings: Mapping[str, Any]) -> FieldContext:
        """What a condition is asked with."""
        return FieldContext("create" if self.new else "update", data, siblings, user=self.user)


class DocumentForm:
    """The controls of a document's fields."""

    def __init__(
        self, site: Site, base: str, fields: Sequence[Any], data: Mapping[str, Any], state: FormState, when: Times
    ) -> None:
        self.site = site
        self.state = state
        self.when = when
        self.base = base
        self.zone_name = when.name
        self.dirty = state.dirty
        self._data = data
        self._tools = Tools(site, when)
        self._errors: dict[str, list[str]] = {}
        for failure in state.failures:
            self._errors.setdefault(str(failure.get("path", "")), []).append(str(failure["message"]))
        self._labels = {str(failure.get("path", "")): str(failure.get("label", "")) for failure in state.failures}
        self._drawn: dict[str, Control] = {}
        self.controls = self.level(fields, data, "", state.rights, state.read_only)

    @property
    def main(self) -> list[Control]:
        """The controls of the middle column."""
        return [control for control in self.controls if control.admin.position != "sidebar"]

    @property
    def sidebar(self) -> list[Control]:
        """The controls beside it."""
        return [control for control in self.controls if control.admin.position == "sidebar"]

    @property
    def problems(self) -> list[Problem]:
        """Every error, those of fields that are not on the page too."""
        return [self._problem(failure) for failure in self.state.failures]

    def at(self, path: str) -> Control | None:
        """The control of a path."""
        return self._drawn.get(path)

    def every(self) -> list[Control]:
        """All controls, those of rows and groups too."""
        return list(self._drawn.values())

    def row(
        self, declared: Any, path: str, of: str, row: Mapping[str, Any], key: str, rights: FieldRights
    ) -> tuple[Control, Level]:
        """A single row, with the control of the field it is for."""
        widget = self._widget(declared)
        control = self._make(declared, path, widget, {}, read_only=False)
        control.of = of
        branch = widget.branch(declared, f"{path}.{key}", row)
        level = self._level(control, branch, 1, rights, 1)
        level.open = True
        return control, level

    def alone(self, declared: Any, path: str, value: Any) -> Control:
        """The control of one field, showing a value that is already as its input has it."""
        control = self._make(declared, path, self._widget(declared), {}, read_only=False)
        control.value = value
        return control

    def level(
        self,
        fields: Sequence[Any],
        data: Mapping[str, Any],
        prefix: str,
        rights: FieldRights,
        read_only: bool,
        within: str = "",
    ) -> list[Control]:
        """The controls of a level of fields, which stands at the path `within` in the declaration."""
        made = (self._control(each, data, prefix, rights, read_only, within) for each in fields)
        return [control for control in made if control is not None]

    def _control(
        self,
        declared: Any,
        data: Mapping[str, Any],
        prefix: str,
        rights: FieldRights,
        read_only: bool,
        within: str,
    ) -> Control | None:
        admin = declared.admin
        name: str | None = declared.key
        if admin.hidden or admin.disabled or getattr(declared, "hidden", False) or not self._applies(admin, data):
            return None
        if name is not None:
            write = "create" if self.state.new else "update"
            if not rights.may(name, "read") and not rights.may(name, write):
                return None
            unstored = not getattr(declared, "is_stored", True)
            kept = join(prefix, name) == "id" and not self.state.new
            read_only = read_only or unstored or admin.read_only or kept or not rights.may(name, write)
            rights = rights.below(name)
        path = join(prefix, name) if name else f"{prefix}~{len(self._drawn)}"
        widget = self._widget(declared)
        control = self._make(declared, path, widget, data, read_only)
        control.of = join(within, name) if name else within
        self._drawn[path] = control
        branches = widget.branches(declared, path, prefix, data)
        control.levels = [
            self._level(control, branch, number, rights, len(branches)) for number, branch in enumerate(branches, 1)
        ]
        if declared.levels and not branches:
            control.errors += tuple(self._below(path, control.label))
        control.tab = self._tab(control)
        return control

    def _below(self, path: str, label: str) -> Iterator[str]:
        """What is wrong inside a value that is drawn as a whole, with where in it."""
        for place, messages in self._errors.items():
            if place.startswith(f"{path}."):
                where = self._labels[place].partition(f"{label} > ")[2]
                yield from (f"{where}: {message}" if where else message for message in messages)

    def _widget(self, declared: Any) -> FormWidget:
        return self.site.widgets.get(declared.widget) or self.site.widgets["text"]

    def _make(
        self, declared: Any, path: str, widget: FormWidget, siblings: Mapping[str, Any], read_only: bool
    ) -> Control:
        value = siblings.get(declared.key) if declared.key else None
        zone = widget.zone(declared, siblings, self.when.zone)
        shown = Markup("")
        leaf = declared.key and not declared.levels
        by_cell = read_only and leaf and not widget.draws_read_only
        if by_cell:
            title = getattr(declared, "title", "")
            shown = cell_of(self.site, declared.widget)(value, Listed(path, title, declared), self._tools)
        return Control(
            field=declared,
            path=path,
            id=html_id(path),
            label=getattr(declared, "title", ""),
            value=widget.show(declared, value, zone),
            shown=shown,
            template="fields/read.html" if by_cell else self._template(declared),
            read_only=read_only,
            errors=tuple(self._errors.get(path, ())),
            zone_name=zone_name(zone),
            base=self.base,
            choices=getattr(declared, "options", getattr(declared, "kinds", ())),
            document=self._data,
            siblings=siblings,
            theirs=self._theirs(path, declared),
            focus=self.state.focus == path,
        )

    def _template(self, declared: Any) -> str:
        name = declared.admin.component or f"fields/{declared.widget}.html"
        return name if self.site.exists(name) else "fields/text.html"

    def _theirs(self, path: str, declared: Any) -> Markup | None:
        if path not in self.state.theirs:
            return None
        listed = Listed(path, "", declared)
        return cell_of(self.site, declared.widget)(self.state.theirs[path], listed, self._tools)

    def _level(self, control: Control, branch: Branch, number: int, rights: FieldRights, of: int) -> Level:
        focus = self.state.focus == branch.path and branch.row is not None
        within = control.of
        if branch.tab is not None:
            within, rights = join(within, branch.tab), rights.below(branch.tab)
        if branch.kind is not None:
            within, rights = join(within, branch.kind.slug), rights.below(branch.kind.slug)
        level = Level(
            path=branch.path,
            title=branch.title,
            row=branch.row,
            number=number,
            id=html_id(branch.path),
            controls=self.level(branch.fields, branch.data, branch.path, rights, control.read_only, within),
            focus=focus,
            kind=branch.kind,
        )
        level.open = bool(focus or level.faults or not branch.row or (of <= FEW_ROWS and control.open))
        return level

    def _tab(self, control: Control) -> int:
        """The level that is seen: the first with errors, else the one that was seen before."""
        faulty = [index for index, level in enumerate(control.levels) if level.faults]
        if faulty:
            return faulty[0]
        before = self.state.tabs(f"_tab.{control.id}") or ""
        return int(before) if before.isascii() and before.isdigit() and int(before) < len(control.levels) else 0

    def _applies(self, admin: Any, data: Mapping[str, Any]) -> bool:
        condition = admin.condition
        if condition is None:
            return True
        answer = condition(self._data, data, self.state.context(self._data, data))
        if inspect.isawaitable(answer):
            raise TypeError(f"the admin asks conditions while it draws: {condition!r} must not be async")
        return bool(answer)

    def _problem(self, failure: Mapping[str, Any]) -> Problem:
        control = self._nearest(str(failure.get("path", "")))
        label = failure.get("label") or (control.label if control else failure.get("path", ""))
        return Problem(str(label), str(failure["message"]), control.id if control else None)

    def _nearest(self, path: str) -> Control | None:
        """The control of a path, or the one in whose value it lies."""
        while path and path not in self._drawn:
            path = path.rpartition(".")[0]
        return self._drawn.get(path)


def html_id(path: str) -> str:
    """The id of a path's control in the page."""
    return "f-" + path.replace(".", "-").replace("~", "_")
