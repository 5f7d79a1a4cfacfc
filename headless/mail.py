"""Mail that the platform sends: the message, what a transport must do, and two transports for development."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TextIO, runtime_checkable

from headless.errors import BadRequest

# Also the separators of Unicode, which some mail programs obey.
_BREAKS: Final = re.compile(r"[\0\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail. `to` may be given as one address or several; `sender` is the transport's own when left out.

    Raises `BadRequest` when an address, the subject or a header holds a line break or NUL, which would let
    its author add headers and recipients.
    """

    to: str | Sequence[str]
    subject: str
    text: str
    html: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", (self.to,) if isinstance(self.to, str) else tuple(self.to))
        if not self.to:
            raise BadRequest("A mail needs a recipient.")
        heads = [*self.to, self.subject, self.sender, self.reply_to, *self.headers, *self.headers.values()]
        if any(_breaks_out(text) for text in heads if text is not None):
            raise BadRequest("The addresses, the subject and the headers of a mail may not hold line breaks.")


@runtime_checkable
class MailTransport(Protocol):
    """What delivers mail. `send` returns when the message is accepted for delivery and raises when it is
    not.
    """

    async def send(self, message: Message) -> None:
        """Delivers one message."""


class ConsoleMail:
    """Writes mail to the terminal instead of sending it: for development."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, message: Message) -> None:
        """Writes the message, without control characters, which a terminal would obey."""
        lines = [f"Mail to {', '.join(message.to)}", f"Subject: {message.subject}", ""]
        lines += message.text.splitlines()
        stream = self._stream or sys.stderr
        stream.write("".join(f"  {_printable(line)}\n" for line in lines) + "\n")
        stream.flush()


class Outbox:
    """Keeps mail instead of sending it: for tests. `messages` holds it in order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        """Keeps the message."""
        self.messages.append(message)

    @property
    def last(self) -> Message:
        """The newest message. Raises `LookupError` when there is none."""
        if not self.messages:
            raise LookupError("No mail was sent.")
        return self.messages[-1]

    def clear(self) -> None:
        """Forgets all messages."""
        self.messages.clear()


def _breaks_out(text: str) -> bool:
    return _BREAKS.search(text) is not None


def _printable(line: str) -> str:
    shown = (letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return "".join(shown)
