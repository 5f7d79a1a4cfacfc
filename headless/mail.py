"""Mail that the platform sends: the message, what a transport must do, and the transports there are."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final, Protocol, TextIO, runtime_checkable
from urllib.parse import unquote, urlsplit

from headless.errors import BadRequest, ConfigError

logger = logging.getLogger("headless.mail")

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


class NoMail:
    """Sends nothing, and says so: what an application has that declares no mail. The message is not told."""

    async def send(self, message: Message) -> None:
        """Notes that there was a message."""
        logger.warning("a mail was not sent: no mail is configured (see `mail` of the config, or HEADLESS_MAIL)")


class FolderMail:
    """Writes each message into a folder, as a file that mail programs open: for tests and development."""

    def __init__(self, folder: Path | str, sender: str) -> None:
        self._folder = Path(folder)
        self._sender = sender

    async def send(self, message: Message) -> None:
        """Writes the message. Files are readable by their owner only: there are tokens in mails."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = as_email(message, self._sender)
        path = self._folder / f"{make_msgid().strip('<>').partition('@')[0]}.eml"
        path.touch(mode=0o600)
        path.write_bytes(bytes(written))


class SmtpMail:
    """Sends by a server: `smtp://user:password@mail.example.com:587` (STARTTLS where offered), or `smtps://…:465`."""

    def __init__(self, url: str, sender: str) -> None:
        try:
            import aiosmtplib
        except ImportError:
            raise ConfigError("mail by SMTP needs a package more: pip install 'headless-content[mail]'") from None
        self._send = aiosmtplib.send
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        self._options = {
            "hostname": parts.hostname,
            "port": parts.port or (465 if is_tls else 587),
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": is_tls,
            "timeout": 30,
        }
        self._sender = sender

    async def send(self, message: Message) -> None:
        """Hands the message to the server."""
        await self._send(as_email(message, self._sender), **self._options)  # type: ignore[arg-type]


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


def transport(url: str, sender: str) -> MailTransport:
    """The transport of an address: `console:`, `folder:mails`, `smtp://…` or `smtps://…`. Raises ConfigError."""
    scheme, _, rest = url.partition(":")
    if scheme == "console":
        return ConsoleMail()
    if scheme == "folder" and rest.removeprefix("//"):
        return FolderMail(rest.removeprefix("//"), sender)
    if scheme in ("smtp", "smtps") and urlsplit(url).hostname:
        return SmtpMail(url, sender)
    raise ConfigError("mail is sent by console:, folder:PATH, smtp://HOST or smtps://HOST")


def as_email(message: Message, sender: str) -> EmailMessage:
    """The message as mail programs have it; `sender` where it names none itself."""
    made = EmailMessage()
    made["From"] = message.sender or sender
    made["To"] = ", ".join(message.to)
    made["Subject"] = message.subject
    made["Date"] = formatdate(usegmt=True)
    made["Message-ID"] = make_msgid(domain=(message.sender or sender).rpartition("@")[2].strip("<> ") or None)
    if message.reply_to is not None:
        made["Reply-To"] = message.reply_to
    for name, value in message.headers.items():
        made[name] = value
    made.set_content(message.text)
    if message.html is not None:
        made.add_alternative(message.html, subtype="html")
    return made


def _breaks_out(text: str) -> bool:
    return _BREAKS.search(text) is not None


def _printable(line: str) -> str:
    shown = (letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return "".join(shown)
