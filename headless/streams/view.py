"""What a subscriber may see of a change: which transition it is, and the document as that subscriber reads it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

from headless.changes.change import Change, Image
from headless.streams.event import Encode, Event, EventName, render

Item = bytes | Event
"""What a view makes of a change: bytes for a stream on the wire, the event itself for one in the process."""


class Constraint(Protocol):
    """Which documents a subscriber may see and asked for: its access rule and its where, together.

    Two constraints with the same `key` answer alike, always. What `test` raises ends the streams
    concerned (they resume), so a rule that fails on a document must answer False itself.
    """

    @property
    def key(self) -> Hashable: ...

    async def test(self, image: Image) -> bool:
        """Whether a document with this image is one of them."""


class Projection(Protocol):
    """How a subscriber reads a document: fields, select, locale, depth. The same `key` projects alike, always."""

    @property
    def key(self) -> Hashable: ...

    async def project(self, image: Image) -> dict[str, Any] | None:
        """The document for the wire, or None when it turns out not to be readable."""


class Occurrence:
    """A change on its way to the groups, with what several of them would otherwise compute again."""

    __slots__ = ("change", "docs", "items", "previous", "seq")

    def __init__(self, change: Change) -> None:
        assert change.seq is not None
        self.change = change
        self.seq = change.seq
        self.previous = change.previous()
        self.docs: dict[Hashable, dict[str, Any] | None] = {}
        self.items: dict[Hashable, Item | None] = {}


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything that decides what a subscriber receives; subscribers with equal keys receive the same bytes.

    `names` keeps only these events, None keeps all. Without `encode` the items are the events themselves.
    """

    collection: str
    constraint: Constraint
    projection: Projection
    names: frozenset[str] | None = None
    encode: Encode | None = None
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        key = (self.collection, self.constraint.key, self.projection.key, self.names, self.encode)
        object.__setattr__(self, "key", key)

    async def see(self, occurrence: Occurrence) -> Item | None:
        """What to tell of this change, or None."""
        change, previous = occurrence.change, occurrence.previous
        saw = previous is not None and await self.constraint.test(previous)
        doc = None
        if change.after is not None and await self.constraint.test(change.after):
            doc = await self._project(occurrence, change.after)
        name = transition(change.operation, saw, doc is not None)
        if name is None or (self.names is not None and name not in self.names):
            return None
        key = (self.projection.key, self.encode, name)
        if key not in occurrence.items:
            occurrence.items[key] = self.item(_event(name, change, doc))
        return occurrence.items[key]

    def item(self, event: Event) -> Item | None:
        """The event in the form this view delivers."""
        return event if self.encode is None else render(self.encode, event)

    async def _project(self, occurrence: Occurrence, image: Image) -> dict[str, Any] | None:
        key = self.projection.key
        if key not in occurrence.docs:
            occurrence.docs[key] = await self.projection.project(image)
        return occurrence.docs[key]


def transition(operation: str, saw: bool, sees: bool) -> EventName | None:
    """The event for a subscriber that saw the document before the change, and sees it after."""
    if operation == "create":
        return "create" if sees else None
    if operation == "delete":
        return "delete" if saw else None
    if sees:
        return "update" if saw else "enter"
    return "leave" if saw else None


def _event(name: EventName, change: Change, doc: dict[str, Any] | None) -> Event:
    # A field the subscriber cannot read is not named either.
    changed = tuple(name for name in change.changed() if doc is not None and name in doc)
    return Event(name, change.collection, change.seq, change.id, doc, None, changed, change.actor)
