"""Mail: what a message may hold, and the transports that send nothing."""

from __future__ import annotations

import asyncio
import io
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from headless.errors import BadRequest, ConfigError
from headless.mail import ConsoleMail, MailTransport, Message, NoMail, Outbox, transport


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


SENT = Message("ada@example.com", "Grüße", "Hello", html="<p>Hello</p>", headers={"X-Kind": "reset"})


def test_a_folder_holds_one_file_for_each_mail(tmp_path: Path) -> None:
    """Whole, as mail programs open it, and readable by nobody else: there are tokens in mails."""
    sender = transport(f"folder:{tmp_path / 'mails'}", "shop@example.com")
    for _ in range(2):
        asyncio.run(sender.send(SENT))
    files = list((tmp_path / "mails").iterdir())
    assert len(files) == 2
    made = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert (made["to"], made["from"], made["subject"], made["x-kind"]) == (
        "ada@example.com", "shop@example.com", "Grüße", "reset"
    )  # fmt: skip
    assert [part.get_content_type() for part in made.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert files[0].stat().st_mode & 0o077 == 0


def test_a_server_is_handed_the_mail() -> None:
    """By SMTP, from the declared sender to the recipients."""
    pytest.importorskip("aiosmtplib")

    async def talk() -> list[str]:
        heard: list[str] = []

        connections: list[asyncio.Task[None]] = []

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(asyncio.create_task(serve(reader, writer)))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 test\r\n")
            in_data = False
            while line := (await reader.readline()).decode():
                heard.append(line.strip())
                if in_data:
                    in_data = line != ".\r\n"
                    answer = b"" if in_data else b"250 ok\r\n"
                elif line.startswith("DATA"):
                    in_data, answer = True, b"354 go\r\n"
                else:
                    answer = b"221 bye\r\n" if line.startswith("QUIT") else b"250 ok\r\n"
                writer.write(answer)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await transport(f"smtp://127.0.0.1:{port}", "shop@example.com").send(SENT)
        server.close()
        await asyncio.gather(*connections)
        return heard

    heard = asyncio.run(talk())
    assert any(line.startswith("MAIL FROM:<shop@example.com>") for line in heard)
    assert any(line.startswith("RCPT TO:<ada@example.com>") for line in heard)
    assert "X-Kind: reset" in heard


@pytest.mark.parametrize("url", ["", "pigeon:", "folder:", "smtp:", "smtp://", "http://mail.example.com"])
def test_an_address_that_is_no_way_to_send_mail_is_refused(url: str) -> None:
    """With the ways that there are, and without what was given: there may be a password in it."""
    with pytest.raises(ConfigError, match="mail is sent by") as raised:
        transport(url, "shop@example.com")
    assert not url or url not in raised.value.message.replace("folder:PATH", "").replace("smtp://HOST", "")


def test_without_mail_the_log_says_that_there_was_one(caplog: pytest.LogCaptureFixture) -> None:
    """And nothing of what it said."""
    asyncio.run(NoMail().send(SENT))
    assert "a mail was not sent" in caplog.text
    assert "Hello" not in caplog.text
