"""Forgotten passwords: what is mailed, what is told, how often a token counts, and what it ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, HookContext, MailContext, authenticated, fields
from headless.mail import Message
from headless.testing import StillClock, TestClient, User
from tests.operations.watching import everything

PASSWORD = "correct horse battery staple"
FRESH = "another good password"
INVALID = "Token is either invalid or has expired."
told: list[tuple[str, Any, Any]] = []


def note(context: HookContext) -> None:
    told.append((context.operation, context.id, dict(context.args)))


READERS = Collection(
    "readers", auth={"max_login_attempts": 2}, access=authenticated, fields=[fields.Text("name")],
    hooks={"after_forgot_password": note, "after_reset_password": note},
)  # fmt: skip
CONFIG = Config(collections=[READERS], server_url="https://shop.example")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def client(clock: StillClock) -> Iterator[TestClient]:
    with TestClient(CONFIG, clock=clock) as client:
        told.clear()
        yield client


@pytest.fixture
def ada(client: TestClient) -> User:
    return client.user("ada@example.com", collection="readers", password=PASSWORD)


def forget(client: TestClient, email: Any = "ada@example.com", **more: Any) -> httpx2.Response:
    return client.post("/api/readers/forgot-password", json={"email": email, **more})


def token_in(message: Message) -> str:
    found = re.search(r"\b[0-9a-f]{64}\b", message.text)
    assert found is not None
    return found[0]


def mailed(client: TestClient) -> str:
    assert forget(client).json() == {"message": "Success"}
    return token_in(client.outbox.last)


def reset(client: TestClient, token: Any, password: Any = FRESH) -> httpx2.Response:
    return client.post("/api/readers/reset-password", json={"token": token, "password": password})


def log_in(client: TestClient, password: str) -> int:
    return client.post("/api/readers/login", json={"email": "ada@example.com", "password": password}).status_code


def message(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def test_a_mail_leads_to_a_new_password(client: TestClient, ada: User) -> None:
    """It logs in, ends every other session, and the old password opens nothing. The token counts once."""
    old = client.login(ada)
    token = mailed(client)
    mail = client.outbox.last
    assert (mail.to, mail.subject) == (("ada@example.com",), "Set a new password")
    assert f"https://shop.example/admin/reset/readers#{token}" in mail.text
    assert f'href="https://shop.example/admin/reset/readers#{token}"' in str(mail.html)
    answer = reset(client, token)
    body = answer.json()
    assert (answer.status_code, body["message"], body["user"]["id"]) == (200, "Password reset successfully.", ada.id)
    assert answer.headers["set-cookie"].startswith(f"payload-token={body['token']}")
    tokens = [
        client.get("/api/readers", headers={"authorization": f"JWT {t}"}).status_code for t in (old, body["token"])
    ]
    assert tokens == [403, 200]
    assert (log_in(client, PASSWORD), log_in(client, FRESH)) == (401, 200)
    again = reset(client, token)
    assert (again.status_code, message(again)) == (403, INVALID)


@pytest.mark.parametrize("email", ["nobody@example.com", "not-an-address", "ADA@ex\u0430mple.com", "ada@example.com\n"])
def test_an_address_that_nobody_has_is_answered_alike(client: TestClient, ada: User, email: str) -> None:
    """CVE-2019-19844, Directus CVE-2024-27295: no mail goes to an address that only looks like a user's."""
    answer = forget(client, email)
    assert (answer.status_code, answer.json()) == (200, {"message": "Success"})
    sent = [mail.to for mail in client.outbox.messages]
    assert sent == ([("ada@example.com",)] if email.strip() == "ada@example.com" else [])


def test_asking_costs_no_hash_and_waits_for_no_mail(client: TestClient, ada: User) -> None:
    """Directus CVE-2026-26185: a request for a known address took longer. Nobody waits for the mail server here."""
    passwords, release = client.app.core.passwords, asyncio.Event()

    class Slow:
        async def send(self, message: Message) -> None:
            await release.wait()

    client.app.mail = Slow()
    before = passwords.computed
    assert [forget(client, email).status_code for email in ("ada@example.com", "nobody@example.com")] == [200, 200]
    assert passwords.computed == before
    client.run(asyncio.sleep(0))
    release.set()


def test_nobody_is_named(client: TestClient) -> None:
    """Neither in what is no text."""
    for email in (None, {"equals": "ada@example.com"}, ["ada@example.com"], 5, True, " "):
        answer = forget(client, email)
        assert (answer.status_code, message(answer)) == (400, "Missing email.")


@pytest.mark.parametrize(
    "token", ["wrong", "", None, {}, [], {"exists": True}, {"not_equals": ""}, True, 0, ["x"], "x" * 5000]
)
def test_what_is_no_token_opens_nothing(client: TestClient, ada: User, token: Any) -> None:
    """CVE-2026-34751, Strapi CVE-2019-18818: `{}` matched. Nor is there one for whoever never asked."""
    for _ in range(2):
        answer = reset(client, token)
        assert (answer.status_code, message(answer)) == (403, INVALID)
        mailed(client)
        client.run(client.app.core.post.drain())


def test_what_else_is_sent_is_ignored(client: TestClient, ada: User, clock: StillClock) -> None:
    """CVE-2026-34751: neither does a request keep the mail from being sent, nor choose how long a token lives."""
    forget(client, disableEmail=True, expiration=10**12, token="mine", resetPasswordToken="mine")
    token = token_in(client.outbox.last)
    assert reset(client, "mine").status_code == 403
    clock.move(3601)
    assert reset(client, token).status_code == 403


def test_a_token_lives_for_a_while(client: TestClient, ada: User, clock: StillClock) -> None:
    """An hour, unless it is declared otherwise."""
    token = mailed(client)
    clock.move(3599)
    assert reset(client, token).status_code == 200


def test_of_several_requests_the_first_counts(client: TestClient, ada: User, clock: StillClock) -> None:
    """Within fifteen seconds; nobody's mailbox is flooded, and each is answered alike. A later one takes its place."""
    first = mailed(client)
    assert [forget(client).json() for _ in range(5)] == [{"message": "Success"}] * 5
    assert len(client.outbox.messages) == 1
    clock.move(16)
    second = mailed(client)
    assert (reset(client, first).status_code, reset(client, second).status_code) == (403, 200)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (None, "This field is required."),
        ("short", "This value must be longer than the minimum length of 8 characters."),
        ({"a": 1}, "A password is text."),
    ],
)
def test_a_password_that_will_not_do_does_not_use_the_token_up(
    client: TestClient, ada: User, password: Any, said: str
) -> None:
    """It is told, and the same token sets a better one."""
    token = mailed(client)
    answer = reset(client, token, password)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"] == {
        "collection": "readers", "errors": [{"message": said, "path": "password"}]
    }  # fmt: skip
    assert reset(client, token).status_code == 200


def test_a_new_password_unlocks_the_account(client: TestClient, ada: User) -> None:
    """CVE-2026-105866: whoever is locked out by somebody else recovers by himself."""
    for _ in range(3):
        log_in(client, "wrong password")
    assert log_in(client, PASSWORD) == 401
    reset(client, mailed(client))
    assert log_in(client, FRESH) == 200


def test_a_token_dies_with_the_password_and_the_address_that_it_was_for(
    client: TestClient, ada: User, clock: StillClock
) -> None:
    """Whoever read an old mail cannot take an account back."""
    for change in ({"password": FRESH}, {"email": "new@example.com"}):
        token = mailed(client)
        client.update_document("readers", ada.id, change)
        assert reset(client, token).status_code == 403
        clock.move(16)


def test_of_fifty_that_use_a_token_at_once_one_succeeds(client: TestClient, ada: User) -> None:
    """However many race; the others are refused, and the password is the winner's."""
    token = mailed(client)

    async def use(number: int) -> int:
        transport = httpx2.ASGITransport(app=client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
            body = {"token": token, "password": f"password number {number}"}
            return (await http.post("/api/readers/reset-password", json=body)).status_code

    async def race() -> list[int]:
        return await asyncio.gather(*(use(number) for number in range(50)))

    statuses = client.run(race(), timeout=30)
    assert sorted(statuses) == [200] + [403] * 49
    assert log_in(client, f"password number {statuses.index(200)}") == 200


def test_a_link_is_made_of_the_declared_address_only(client: TestClient, ada: User) -> None:
    """Host poisoning: whatever a request says of the host, the mail leads to `server_url`."""
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "origin": "https://evil.example"}
    client.post("/api/readers/forgot-password", json={"email": ada.email}, headers=headers)
    mail = client.outbox.last
    assert "evil" not in mail.text + str(mail.html)


def test_without_a_declared_address_there_is_a_code_and_no_link() -> None:
    """A relative link would lead nowhere, and one of the request's to wherever its sender wants."""
    with TestClient(CONFIG.replace(server_url=None)) as client:
        client.user("ada@example.com", collection="readers")
        token = mailed(client)
        mail = client.outbox.last
        assert "http" not in mail.text
        assert "href" not in str(mail.html)
        assert reset(client, token).status_code == 200


def test_the_mail_is_code_of_the_declaration() -> None:
    """Functions write it; what is data in it is theirs to escape. A text is made of the HTML."""

    async def html(context: MailContext) -> str:
        return f'<h1>Hello {context.user["name"]}</h1><p><a href="https://x.example/{context.token}">Go</a></p>'

    def subject(context: MailContext) -> str:
        return f"For {context.user['name']} of {context.collection}"

    options = {"generate_email_html": html, "generate_email_subject": subject}
    readers = Collection("readers", auth={"forgot_password": options}, fields=[fields.Text("name")])
    with TestClient(CONFIG.replace(collections=[readers])) as client:
        client.user("ada@example.com", collection="readers", name="{{13371*7}}")
        token = mailed(client)
        mail = client.outbox.last
        assert mail.subject == "For {{13371*7}} of readers"
        assert mail.text == f"Hello {{{{13371*7}}}}\n\nGo (https://x.example/{token})\n"


def test_a_subject_with_a_line_break_is_sent_to_nobody() -> None:
    """CRLF in what a user may choose adds no recipient: the mail is not sent, and the answer is the same."""
    options = {"generate_email_subject": lambda context: context.user["name"]}
    readers = Collection("readers", auth={"forgot_password": options}, fields=[fields.Textarea("name")])
    with TestClient(CONFIG.replace(collections=[readers])) as client:
        client.user("ada@example.com", collection="readers", name="Hi\r\nBcc: eve@evil.example")
        assert forget(client).status_code == 200
        assert client.outbox.messages == []


def test_a_mail_that_fails_tells_nobody(client: TestClient, ada: User, caplog: pytest.LogCaptureFixture) -> None:
    """The answer is the same, and the log has neither the token nor what the mail server said."""
    said: list[str] = []

    class Broken:
        async def send(self, message: Message) -> None:
            said.append(message.text)
            raise OSError(f"550 refused: {message.text}")

    client.app.mail = Broken()
    assert forget(client).status_code == 200
    client.run(client.app.core.post.drain())
    assert "a mail was not sent: OSError" in caplog.text
    assert re.search(r"[0-9a-f]{64}", said[0]) is not None
    assert re.search(r"[0-9a-f]{64}", caplog.text) is None


def test_a_token_is_stored_as_a_hash_and_shown_to_nobody(client: TestClient, ada: User) -> None:
    """Neither in the database, nor the change log, nor an answer, not even to staff or the system."""
    boss = client.user("boss@example.com")
    token = mailed(client)
    assert token not in everything(client)
    shown = client.get("/api/readers?depth=2", as_=boss).text + str(client.system.get("readers", ada.id))
    stored = re.findall(r"[0-9a-f]{64}", shown)
    assert (token in shown, stored) == (False, [])
    for path in ("resetPasswordToken", "_reset", "resetPasswordExpiration", "resetPasswordRequestedAt"):
        assert client.get(f"/api/readers?where[{path}][exists]=true", as_=boss).status_code == 400


def test_the_system_may_send_it_in_a_way_of_its_own(client: TestClient, ada: User) -> None:
    """It is answered the token; nobody else is."""
    token = client.system.forgot_password("readers", {"email": ada.email}, send_email=False)
    assert client.outbox.messages == []
    assert reset(client, token).status_code == 200
    assert client.api(ada).forgot_password("readers", {"email": ada.email}) is None


def test_hooks_are_told_who_asks_and_who_has_a_new_password(client: TestClient, ada: User) -> None:
    """Without the token."""
    forget(client, "nobody@example.com")
    reset(client, mailed(client))
    assert told == [
        ("forgot_password", None, {"identity": "nobody@example.com"}),
        ("forgot_password", ada.id, {"identity": "ada@example.com"}),
        ("reset_password", ada.id, {}),
    ]


def test_whoever_has_no_address_is_mailed_nothing() -> None:
    """Users by name only may be without one."""
    people = Collection("readers", auth={"login_with_username": True}, fields=[])
    with TestClient(CONFIG.replace(collections=[people])) as client:
        client.create("readers", {"username": "ada", "password": PASSWORD})
        answer = client.post("/api/readers/forgot-password", json={"username": "ada"})
        assert (answer.status_code, client.outbox.messages) == (200, [])
        assert message(client.post("/api/readers/forgot-password", json={})) == "Missing username."
