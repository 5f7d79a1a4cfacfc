"""The rail: what the asker may read, collections with how many documents they may see, and plugins' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from headless.admin_ui.visit import Visit


@dataclass(frozen=True, slots=True)
class Item:
    """A link of the rail."""

    label: str
    url: str
    slug: str = ""
    count: int | None = None
    current: bool = False


@dataclass(slots=True)
class Group:
    """Links under a heading."""

    label: str
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds every page."""

    groups: Sequence[Group]
    current: str
    user: str
    me: str
    since: int


async def make_shell(visit: Visit, current: str) -> Shell:
    """The rail as the asker sees it, with the item of that slug or path marked as the present one."""
    groups: dict[str, Group] = {}
    for entry in await visit.readable():
        if not entry.hidden:
            count = await visit.count(entry.slug)
            item = Item(entry.plural, visit.at(entry), entry.slug, count, entry.slug == current)
            groups.setdefault(entry.group, Group(entry.group)).items.append(item)
    for entry in await visit.readable_globals():
        if not entry.hidden:
            item = Item(entry.singular, visit.at(entry), current=entry.slug == current)
            groups.setdefault(entry.group, Group(entry.group)).items.append(item)
    for page in visit.pages():
        if page.label:
            item = Item(page.label, visit.base + page.path, current=page.path == current)
            groups.setdefault(page.group, Group(page.group)).items.append(item)
    user = visit.user
    own = visit.site.entries.get(str(user.get("collection")))
    name = own.title(user) if own else str(user.get("email", user["id"]))
    return Shell(list(groups.values()), current, name, user_path(user), visit.since)


def user_path(user: Mapping[str, Any]) -> str:
    """Which user that is, as a path: the collection and the id."""
    return f"{user.get('collection')}/{quote(str(user['id']), safe='')}"
