"""Mail: what a message may hold, and the transports that send nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest

from headless.errors import BadRequest
from headless.mail import ConsoleMail, MailTransport, Message, Outbox


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\u2028", "\x0b"])
@pytest.mark.parametrize("place", ["to", "subject", "sender", "reply_to", "header", "header name"])
def test_no_part_of_the_head_can_hold_a_line_break(place: str, break_: str) -> None:
    """Else whoever chooses an address or a title adds recipients."""
    hostile = f"a@b.example{break_}Bcc: everyone@b.example"
    parts: dict[str, Any] = {"to": "a@b.example", "subject": "Hello", "text": "Any\r\ntext"}
    header = {"header": {"X-A": hostile}, "header name": {hostile: "a"}}.get(place)
    with pytest.raises(BadRequest):
        Message(**(parts | ({"headers": header} if header else {place: hostile})))


def test_a_message_has_recipients() -> None:
    """One address or several; none is a mistake."""
    assert Message("a@b.example", "s", "t").to == ("a@b.example",)
    assert Message(["a@b.example", "c@d.example"], "s", "t").to == ("a@b.example", "c@d.example")
    with pytest.raises(BadRequest):
        Message([], "s", "t")


async def test_the_outbox_keeps_what_would_be_sent() -> None:
    """In order, for tests to look at."""
    outbox = Outbox()
    with pytest.raises(LookupError):
        _ = outbox.last
    for subject in ("first", "second"):
        await outbox.send(Message("a@b.example", subject, "text"))
    assert [message.subject for message in outbox.messages] == ["first", "second"]
    assert outbox.last.subject == "second"
    outbox.clear()
    assert outbox.messages == []


async def test_the_console_shows_a_message_and_obeys_none() -> None:
    """Escape sequences in a text do not reach the terminal."""
    stream = io.StringIO()
    await ConsoleMail(stream).send(Message("a@b.example", "Reset", "Open http://x/\x1b]0;evil\x07\nBye"))
    shown = stream.getvalue()
    assert "Mail to a@b.example" in shown
    assert "http://x/" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_both_are_transports() -> None:
    """What a project's own transport must offer is what these offer."""
    assert isinstance(ConsoleMail(), MailTransport)
    assert isinstance(Outbox(), MailTransport)
