"""Server-sent events as a browser reads them (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BREAK = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event: its name (`message` when the stream gives none), its data as text, and the last id up to here."""

    name: str
    data: str
    id: str | None = None

    def json(self) -> Any:
        """The data, read as JSON."""
        return json.loads(self.data)


class EventReader:
    """Makes events of bytes, however they are cut. `last_id` is what a browser would reconnect with."""

    def __init__(self) -> None:
        self.last_id: str | None = None
        self._rest = b""
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[StreamEvent]:
        """The events that this piece completes."""
        text = self._rest + piece
        # A CR at the very end may be the first half of a CRLF.
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = _BREAK.split(text.removesuffix(held))
        self._rest = rest + held
        for line in lines:
            event = self._line(line.decode("utf-8", "replace"))
            if event is not None:
                yield event

    def _line(self, line: str) -> StreamEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self.last_id = value
        return None

    def _dispatch(self) -> StreamEvent | None:
        event = StreamEvent(self._name or "message", "\n".join(self._data), self.last_id) if self._data else None
        self._name, self._data = "", []
        return event
