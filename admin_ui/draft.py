"""A form on its way from the browser to the document and back: read, acted on by its buttons, merged, stored, shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from headless import Conflict, HeadlessError, ValidationError
from headless.admin import FormReader
from headless.admin_ui import revision, rows
from headless.admin_ui.controls import Control, DocumentForm, FormState
from headless.admin_ui.defaults import fresh_row
from headless.admin_ui.entry import Entry
from headless.admin_ui.joins import fill_joined
from headless.admin_ui.options import fill_options
from headless.admin_ui.permissions import Rights
from headless.admin_ui.times import Times
from headless.admin_ui.visit import Visit

MODULES = ("edit.js", "rows.js", "find.js")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class May:
    """What the buttons of the page may do."""

    save: bool
    delete: bool
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Somebody else's change, as the page tells of it."""

    both: list[Control]
    taken: list[str]


@dataclass(slots=True)
class Draft:
    """A form: whose it is, what is stored (None for a new document), what it shows and what is said of it."""

    visit: Visit
    entry: Entry
    rights: Rights
    stored: Document | None
    data: Document
    state: FormState
    times: Times
    revision: str = ""
    taken: Sequence[str] = ()
    sought: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[Any, ...]:
        """The fields of the form."""
        return self.entry.form_fields(new=self.stored is None)

    def address(self, document: Document) -> str:
        """Where a document has its page."""
        return self.visit.at(self.entry) if self.entry.is_global else self.visit.at(self.entry, document["id"])

    def read(self, form: FormReader) -> Document:
        """What was submitted, which the form shows from now on."""
        sent = form.read(self.fields, self.stored or {})
        self.data = {**(self.stored or {}), **sent}
        self.revision = form.text("_rev") or ""
        self.times = Times(form.text("_zone"), self.visit.site.now)
        self.state.tabs = form.text
        self.state.failures = list(form.failures)
        return sent

    async def press(self, form: FormReader) -> Response | None:
        """What a button other than the one that saves is answered with; None for that one."""
        action, _, submitted = (form.text("_do") or "save").partition(":")
        path = form.path(submitted)
        if action == "find":
            self.sought[path] = (form.text(f"{path}._find") or "").strip()[:200]
            self.state.focus = path
        elif action == "theirs" and self.stored is not None and "." not in path:
            self.data[path] = self.stored.get(path)
        elif action == "add":
            self.state.focus = await self._add(form, submitted)
        elif action in rows.ACTIONS:
            self.state.focus = rows.act(self.data, action, path)
        else:
            return None
        self.state.dirty = True
        self.state.failures = ()
        return await self.show()

    async def _add(self, form: FormReader, submitted: str) -> str | None:
        """Appends a row, or with `path:kind` one of that kind, and answers its path."""
        name, _, kind = submitted.partition(":")
        path = form.path(name)
        declared = rows.field_at(self.fields, path, self.data)
        if declared is None or not hasattr(declared, "row_word") or kind not in declared.levels:
            return None
        row = await fresh_row(declared, kind, self.visit.user, self.visit.site.now())
        return rows.act(self.data, "add", path, lambda: row)

    def merge(self, sent: Document) -> bool:
        """Lays the form over what somebody else has stored meanwhile, and says whether anything met."""
        stored = self.stored or {}
        merged = revision.merge(self.revision, sent, stored)
        if not merged.both and not merged.taken:
            return False
        self.data = {**stored, **merged.data}
        self.state.theirs = merged.both
        self.state.dirty = True
        self.taken = merged.taken
        self.revision = revision.of(stored)
        return True

    async def store(self, write: Callable[[], Awaitable[Document]], said: str) -> Response:
        """Stores the document by `write` and leads to it, or shows what is wrong."""
        if self.state.failures:
            return await self.show(422)
        try:
            document = await write()
        except ValidationError as error:
            self.state.failures = error.errors
            return await self.show(422)
        except Conflict as error:
            return await self._refused(error, 409)
        except HeadlessError as error:
            if error.status_code >= 500:
                raise
            return await self._refused(error, error.status_code)
        return self.visit.redirect(self.address(document), said)

    def _live(self) -> str:
        """Where the changes to the stored document are streamed."""
        if self.stored is None:
            return ""
        slug = self.entry.slug
        asked = {"global": slug} if self.entry.is_global else {"list": slug, "id": self.stored["id"]}
        return f"{self.visit.url('_live')}?{urlencode(asked)}"

    async def _refused(self, error: HeadlessError, status: int) -> Response:
        self.state.failures = [{"path": "", "message": error.message}]
        return await self.show(status)

    def _may(self) -> May:
        rights, new = self.rights, self.stored is None
        return May(rights.create if new else rights.update, rights.delete, rights.create and self.entry.can_duplicate)

    async def show(self, status: int = 200) -> Response:
        """The page with the form."""
        visit, entry, stored = self.visit, self.entry, self.stored
        self.state.dirty = self.state.dirty or bool(self.state.failures)
        form = DocumentForm(visit.site, visit.at(entry), self.fields, self.data, self.state, self.times)
        await fill_options(visit, form.every(), self.sought)
        if stored is not None and entry.compiled.joins:
            await fill_joined(visit, entry, stored["id"], form.every())
        name = entry.title(stored) if stored is not None else f"New {entry.singular_low}"
        conflict = None
        if self.state.theirs or self.taken:
            both = [control for path in self.state.theirs if (control := form.at(path)) is not None]
            taken = [control.label for path in self.taken if (control := form.at(path)) is not None]
            conflict = Conflicted(both, taken)
        return await visit.render(
            "edit.html",
            status=status,
            current=entry.slug,
            modules=MODULES,
            slots=("edit.sidebar",),
            skip="edit",
            title=name,
            crumb=stored.get("id", "") if stored is not None else "New",
            entry=entry,
            doc=stored,
            form=form,
            may=self._may(),
            action=self.address(stored) if stored is not None else "",
            revision=self.revision,
            conflict=conflict,
            live=self._live(),
        )
