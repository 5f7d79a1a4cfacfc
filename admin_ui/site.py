"""The admin of one application: its collections, templates, slots, widgets and static files, put together once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket
from markupsafe import Markup

from headless.admin import WIDGETS, FormWidget, Page, Slot, extensions
from headless.admin_ui.assets import OWN, Assets
from headless.admin_ui.entry import Entry, make_entry
from headless.admin_ui.times import Now, utc_now

if TYPE_CHECKING:
    from headless import Headless

TEMPLATES = Path(__file__).parent / "templates"


class Compiled(BytecodeCache):
    """Templates compiled once in this process, for however many applications. A changed source is compiled again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Site:
    """What every view of the admin shares. Nothing in it belongs to a request."""

    def __init__(self, app: Headless, now: Now = utc_now) -> None:
        self.app = app
        self.now = now
        self.name: str = app.config.admin.name
        self.user_collection: str = app.config.admin.user
        self.extensions = extensions(app.config)
        self.assets = Assets({"": OWN, **{each.name: each.static for each in self.extensions if each.static}})
        self.widgets: Mapping[str, FormWidget] = {
            **WIDGETS, **{name: widget for each in self.extensions for name, widget in each.widgets.items()}
        }  # fmt: skip
        self.pages: list[Page] = [page for each in self.extensions for page in each.pages]
        self.modules = tuple(f"{each.name}/{module}" for each in self.extensions for module in each.modules)
        self.environment = self._environment()

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The collections by slug, read when the application is ready."""
        return {slug: make_entry(compiled) for slug, compiled in self.app.collections.items()}

    @cached_property
    def globals(self) -> Mapping[str, Entry]:
        """The globals by slug."""
        return {slug: make_entry(compiled) for slug, compiled in self.app.globals.items()}

    @property
    def users(self) -> Entry:
        """The collection whose documents may log in to the admin."""
        return self.entries[self.user_collection]

    def identify(self, slug: str, text: str) -> int | str:
        """The id that a submitted text spells; a text that spells none stays, for the field to refuse."""
        entry = self.entries.get(slug)
        found = entry.read_id(text) if entry else None
        return text if found is None else found

    def slots(self, name: str) -> Iterator[Slot]:
        """What plugins show in a slot, and the project's own `slots/{name}.html`."""
        for extension in self.extensions:
            yield from extension.slot(name)
        own = f"slots/{name}.html"
        if own in self._project_slots:
            yield Slot(own)

    @cached_property
    def _project_slots(self) -> frozenset[str]:
        return frozenset(name for name in self.environment.list_templates() if name.startswith("slots/"))

    def _environment(self) -> Environment:
        own = FileSystemLoader(TEMPLATES)
        folders = [*self.app.config.templates, *(each.templates for each in self.extensions if each.templates)]
        environment = Environment(
            loader=ChoiceLoader(
                [*(FileSystemLoader(folder) for folder in folders), own, PrefixLoader({"headless": own})]
            ),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=self.app.config.debug,
            bytecode_cache=COMPILED,
            cache_size=400,
        )
        environment.globals["draw"] = self.draw
        return environment

    def draw(self, control: Any) -> Markup:
        """A field of a form, by the template of its widget."""
        return self.piece(control.template, c=control)

    def piece(self, template: str, **values: Any) -> Markup:
        """What a template makes of the values, safe to stand in another: templates escape."""
        return Markup(self.environment.get_template(template).render(values))  # noqa: S704

    def exists(self, template: str) -> bool:
        """Whether anybody has a template of that name."""
        return template in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.environment.list_templates())
