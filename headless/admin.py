"""What plugins and projects add to the admin: templates, slots, pages, widgets and static files, by name.

A plugin calls `extend` on the config it is given:

    @plugin("messages")
    def messages(config):
        return extend(config, Extension("messages", templates=FOLDER, slots={"nav": ["messages/nav.html"]}))
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from headless.errors import ConfigError
from headless.fields.form import MISSING, Branch, FormReader, FormWidget, Raw, join
from headless.fields.widgets import WIDGETS, ChoiceWidget, TextWidget, local_time, utc_text
from headless.names import did_you_mean
from headless.operations.core import Asker
from headless.operations.permissions import may_enter_admin
from headless.zones import zone_named

if TYPE_CHECKING:
    from headless.config import Config
    from headless.request import Request

SLOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "head": "the end of every page's <head>",
        "nav": "the rail, below the collections",
        "dashboard.cards": "<li class=card> elements after the collections' cards",
        "list.before": "a list, between its heading and its search",
        "list.row.actions": "the last cell of each row of a list; knows `doc` and `entry`",
        "account": "the end of the page of one's own account",
        "edit.sidebar": "the properties beside a document; knows `doc` (none when new) and `entry`",
    }
)
"""The places of the admin's pages that may be added to, and what stands there."""

_KEY = "headless.admin"
_PATH = re.compile(r"/[a-z0-9][a-z0-9/_-]*", re.ASCII)

Load = Callable[["Request"], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A template shown in a slot, with what an async `load(request)` answers as its further variables.

    `load` is asked once for a page that has the slot; for `list.row.actions`, which is drawn for every row, never.
    """

    template: str
    load: Load | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the admin at `/admin{path}`, for those who may use the admin.

    `template` extends `page.html`; `load(request)` gives its variables. `label` puts it into the navigation under
    `group`; `access(user)` narrows who sees it.
    """

    path: str
    template: str
    title: str
    load: Load | None = None
    label: str | None = None
    group: str = "Tools"
    access: Callable[[Mapping[str, Any]], bool] | None = None

    def __post_init__(self) -> None:
        taken = ("/login", "/logout", "/create-first-user", "/collections", "/static")
        if not _PATH.fullmatch(self.path) or self.path.startswith(taken):
            raise ConfigError(f"an admin page's path is like '/reports' and not one of the admin's own: {self.path!r}")


@dataclass(frozen=True, slots=True)
class Extension:
    """What one plugin adds to the admin.

    `templates` is searched before the admin's own; `{% extends "headless/list.html" %}` names the original that is
    overridden. `static` is served under `/admin/static/…/{name}/`. `modules` are ES modules in it, loaded on every
    page. `widgets` reads and shows the fields whose class names them in `widget`; their templates are
    `fields/{widget}.html` and `cells/{widget}.html`.
    """

    name: str
    templates: Path | None = None
    static: Path | None = None
    slots: Mapping[str, Sequence[Slot | str]] = field(default_factory=dict)
    pages: Sequence[Page] = ()
    widgets: Mapping[str, FormWidget] = field(default_factory=dict)
    modules: Sequence[str] = ()

    def __post_init__(self) -> None:
        unknown = [name for name in self.slots if name not in SLOTS]
        if unknown:
            hints = ", ".join(f"{name!r}{did_you_mean(name, SLOTS)}" for name in unknown)
            raise ConfigError(f"admin extension {self.name!r}: there is no slot {hints}")

    def slot(self, name: str) -> list[Slot]:
        """What this extension shows in a slot."""
        return [Slot(item) if isinstance(item, str) else item for item in self.slots.get(name, ())]


def extend(config: Config, extension: Extension) -> Config:
    """A copy of the config whose admin has the extension too; one of the same name takes the other's place."""
    kept = [other for other in extensions(config) if other.name != extension.name]
    return config.replace(custom={**(config.custom or {}), _KEY: (*kept, extension)})


def extensions(config: Config) -> tuple[Extension, ...]:
    """The extensions of a config's admin, in the order they were added."""
    found: tuple[Extension, ...] = (config.custom or {}).get(_KEY, ())
    return found


async def may_enter(request: Request) -> bool:
    """Whether the asker is a user of the admin's collection whom its rule for `admin` lets in."""
    asker = Asker(request.app.core, request.user, request=request)
    return await may_enter_admin(asker, asker.collection(request.app.config.admin.user))


__all__ = [
    "MISSING",
    "SLOTS",
    "WIDGETS",
    "Branch",
    "ChoiceWidget",
    "Extension",
    "FormReader",
    "FormWidget",
    "Page",
    "Raw",
    "Slot",
    "TextWidget",
    "extend",
    "extensions",
    "join",
    "local_time",
    "may_enter",
    "utc_text",
    "zone_named",
]
