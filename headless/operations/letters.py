"""What the mails about accounts say: the texts of a declaration's functions, or of the platform."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote

from headless.auth import MailContext
from headless.compile.collection import CompiledCollection
from headless.mail import Message
from headless.operations.core import Asker
from headless.operations.page import Document


@dataclass(frozen=True, slots=True)
class Letter:
    """One kind of mail: the page that its link opens, and what it says where the declaration says nothing."""

    page: str
    subject: str
    before: str
    link: str
    after: str


RESET: Final = Letter(
    "reset",
    "Set a new password",
    "Somebody – you, we hope – asked for a new password for your account.",
    "Set a new password",
    "If it was not you, do nothing: your password stays as it is.",
)
INVITATION: Final = Letter(
    "reset",
    "You are invited",
    "An account was made for you.",
    "Set your password",
    "If you do not know what this is about, do nothing: nobody can log in to it.",
)
VERIFY: Final = Letter(
    "verify",
    "Confirm your email address",
    "An account was made with this address.",
    "Confirm the address",
    "If it was not you, do nothing: nobody can log in to it.",
)


async def write_letter(
    asker: Asker, collection: CompiledCollection, letter: Letter, options: Any, user: Document, token: str
) -> Message:
    """The message to a user. Its link leads to the declared `server_url`, whatever the request's Host says."""
    context = MailContext(token, _url(asker, collection, letter, token), user, collection.slug, asker.request)
    subject = await _written(options.generate_email_subject, context) or letter.subject
    html = await _written(options.generate_email_html, context)
    text = _text(letter, context) if html is None else plain(html)
    return Message(str(user["email"]), subject, text, html or _html(letter, context))


async def _written(write: Callable[[MailContext], Any] | None, context: MailContext) -> str | None:
    if write is None:
        return None
    answer = write(context)
    return str(await answer if inspect.isawaitable(answer) else answer)


def _url(asker: Asker, collection: CompiledCollection, letter: Letter, token: str) -> str:
    """The page for the token, which stands behind the `#`: browsers do not send it, so no server's log has it."""
    config = asker.core.config
    if config.server_url is None or not config.admin.enabled:
        return ""
    return f"{config.server_url.rstrip('/')}{config.admin.path}/{letter.page}/{collection.slug}#{quote(token)}"


def _text(letter: Letter, context: MailContext) -> str:
    link = f"{letter.link}:\n{context.url}\n\n" if context.url else ""
    return f"{letter.before}\n\n{link}The code is: {context.token}\n\n{letter.after}\n"


def _html(letter: Letter, context: MailContext) -> str:
    link = f'<p><a href="{escape(context.url)}">{letter.link}</a></p>' if context.url else ""
    return f"<p>{letter.before}</p>{link}<p>The code is: <code>{context.token}</code></p><p>{letter.after}</p>"


def plain(html: str) -> str:
    """HTML as plain text: paragraphs apart, and behind each link where it leads to."""
    reader = _Plain()
    reader.feed(html)
    reader.close()
    return "\n".join(line.strip() for line in "".join(reader.parts).strip().splitlines()) + "\n"


class _Plain(HTMLParser):
    _BLOCKS: Final = frozenset({"p", "div", "br", "h1", "h2", "h3", "li", "tr", "table", "ul", "ol"})
    _UNSEEN: Final = frozenset({"style", "script", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._targets: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._UNSEEN:
            self._unseen += 1
        elif tag == "a":
            self._targets.append(dict(attrs).get("href") or "")
        elif tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._targets and (target := self._targets.pop()):
            self.parts.append(f" ({target})")
        elif tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
