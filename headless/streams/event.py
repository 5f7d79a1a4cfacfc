"""One thing a subscriber is told, and how it is written as a server-sent event (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

EventName = Literal["create", "update", "delete", "enter", "leave", "reset", "snapshot"]

COMMENT = b":\n\n"
UNINTELLIGIBLE = -1
"""The cursor of a client that sent something which is no cursor: it cannot be resumed, so it is reset."""

_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_CURSOR = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as one subscriber may see it.

    `id` is the sequence in the change log, by which a stream resumes. `doc` is the document after a
    create, an update or an enter; a delete or a leave names only `document_id`. A `snapshot` carries
    `docs`. A `reset` says that events were missed for good: read the documents again. Subscribers share the
    documents of an event: copy what you want to change.
    """

    name: EventName
    collection: str
    id: int | None = None
    document_id: int | str | None = None
    doc: dict[str, Any] | None = None
    docs: list[dict[str, Any]] | None = None
    changed: tuple[str, ...] = ()
    actor: Mapping[str, Any] | None = None
    """Who did it, `{"collection", "id"}`: for use in the process. Streams do not tell it unless `encode` does."""

    def data(self) -> dict[str, Any]:
        """The event's data as streams send it: `collection, id, operation` and, where known, `doc, docs, changed`."""
        data: dict[str, Any] = {"collection": self.collection}
        if self.document_id is not None:
            data["id"] = self.document_id
        data["operation"] = self.name
        if self.doc is not None:
            data["doc"] = self.doc
        if self.docs is not None:
            data["docs"] = self.docs
        if self.changed:
            data["changed"] = self.changed
        return data


Encode = Callable[[Event], "bytes | tuple[str, Any] | None"]
"""How a stream writes an event: complete bytes, (event name, data), or None to say nothing."""


def encode_event(event: Event) -> tuple[str, Any]:
    """The platform's own form: the event's name, and its data as one JSON object."""
    return event.name, event.data()


def render(encode: Encode, event: Event) -> bytes | None:
    """The bytes of `event` by `encode`."""
    encoded = encode(event)
    if isinstance(encoded, tuple):
        return format_event(encoded[0], encoded[1], event.id)
    return encoded


def format_event(name: str | None, data: Any, id: int | str | None = None) -> bytes:
    r"""One server-sent event. Text and bytes are sent as they are, anything else as JSON.

    A line break inside the data starts another `data:` line; line breaks in name and id, and NUL
    anywhere, are removed, so that no value can forge a field or an event.

    >>> format_event("ping", "keep-alive")
    b'event: ping\ndata: keep-alive\n\n'
    """
    head = b"" if id is None else b"id: " + _single_line(str(id)) + b"\n"
    if name:
        head += b"event: " + _single_line(name) + b"\n"
    lines = _LINE_BREAK.split(_payload(data).replace(b"\0", b""))
    return head + b"".join([b"data: " + line + b"\n" for line in lines]) + b"\n"


def format_cursor(seq: int) -> bytes:
    """Tells a client how far it has read; a block without data dispatches no event."""
    return b"id: %d\n\n" % seq


def parse_cursor(text: str | None) -> int | None:
    """A `Last-Event-ID` or `since`: None if there is none, `UNINTELLIGIBLE` if it was not one of ours."""
    if text is None or not text.strip():
        return None
    found = _CURSOR.fullmatch(text.strip())
    return int(found[0]) if found else UNINTELLIGIBLE


def _payload(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode("utf-8", "replace")
    return orjson.dumps(data)


def _single_line(text: str) -> bytes:
    return _FORBIDDEN.sub("", text).encode("utf-8", "replace")
