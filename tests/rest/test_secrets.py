"""No secret ever leaves: one property over every answer, the change log, the log, errors and others' mails."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless import Collection, Config, anyone, authenticated, fields
from headless.testing import StillClock, TestClient
from tests.operations.watching import rows

PASSWORDS: Final = ("first Passw0rd of all", "second Passw0rd of all", "third Passw0rd of all")
KEYS: Final = ("key-0000-1111-2222-3333", "key-4444-5555-6666-7777")
MEMBERS = Collection(
    "members",
    auth={"use_api_key": True, "verify": True, "max_login_attempts": 4},
    access={"create": anyone, "read": authenticated, "update": authenticated, "delete": authenticated},
    fields=[fields.Text("name"), fields.Text("hidden", hidden=True)],
)
NOTES = Collection(
    "notes", access=anyone, fields=[fields.Relationship("by", relation_to="members"), fields.Text("text")]
)
CONFIG = Config(collections=[MEMBERS, NOTES], server_url="https://shop.example")
HEX: Final = re.compile(r"[0-9a-f]{64}")
BAD: Final[tuple[Any, ...]] = (None, {}, [], True, "x", "\x00", {"exists": True})

ACTIONS: Final = (
    "register", "log_in", "wrong", "forget", "reset", "verify", "change", "key", "read", "find", "populate", "bad",
    "delete", "duplicate", "bulk", "log_out", "query",
)  # fmt: skip
step = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2))


class Story:
    """What happens to three people, and everything that anybody was told meanwhile."""

    def __init__(self, client: TestClient, clock: StillClock) -> None:
        self.client, self.clock = client, clock
        self.told: list[httpx2.Response] = []
        self.boss = client.user("boss@example.com")

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        answer = self.client.request(method, path, **options)
        self.told.append(answer)
        return answer

    def does(self, action: str, who: int) -> None:
        getattr(self, action)(f"person{who}@example.com", PASSWORDS[who], who)
        self.clock.move(20)

    def register(self, email: str, password: str, who: int) -> None:
        more = {"enableAPIKey": True, "apiKey": KEYS[who % 2]}
        self.ask("POST", "/api/members", json={"email": email, "password": password, "hidden": "kept", **more})

    def log_in(self, email: str, password: str, who: int) -> None:
        self.ask("POST", "/api/members/login", json={"email": email, "password": password})

    def wrong(self, email: str, password: str, who: int) -> None:
        self.ask("POST", "/api/members/login", json={"email": email, "password": PASSWORDS[who - 1]})

    def forget(self, email: str, password: str, who: int) -> None:
        self.ask("POST", "/api/members/forgot-password", json={"email": email})

    def reset(self, email: str, password: str, who: int) -> None:
        for token in self.tokens(email):
            self.ask("POST", "/api/members/reset-password", json={"token": token, "password": password})

    def verify(self, email: str, password: str, who: int) -> None:
        for token in self.tokens(email):
            self.ask("POST", f"/api/members/verify/{token}")

    def change(self, email: str, password: str, who: int) -> None:
        for id in self.ids():
            self.ask("PATCH", f"/api/members/{id}", json={"password": password, "name": email}, as_=self.boss)

    def key(self, email: str, password: str, who: int) -> None:
        for key in KEYS:
            self.ask("GET", "/api/members?depth=2", headers={"authorization": f"members API-Key {key}"})
            self.ask("GET", "/api/members/me", headers={"authorization": f"members API-Key {key}"})

    def read(self, email: str, password: str, who: int) -> None:
        for id in self.ids():
            self.ask("GET", f"/api/members/{id}", as_=self.boss)

    def find(self, email: str, password: str, who: int) -> None:
        self.ask("GET", "/api/members?select[_password]=true&select[sessions]=true", as_=self.boss)
        self.ask("GET", "/api/members", as_=self.boss)

    def populate(self, email: str, password: str, who: int) -> None:
        for id in self.ids():
            self.ask("POST", "/api/notes?depth=2", json={"by": id, "text": "note"}, as_=self.boss)

    def bad(self, email: str, password: str, who: int) -> None:
        for value in BAD:
            self.ask("POST", "/api/members/login", json={"email": email, "password": value})
            self.ask("POST", "/api/members/reset-password", json={"token": value, "password": password})
            self.ask("POST", "/api/members", json={"email": value, "password": password, "apiKey": KEYS[0]})
        self.ask("POST", "/api/members/login", content=f'{{"email": "{email}", "password": "{password}"')

    def delete(self, email: str, password: str, who: int) -> None:
        for id in self.ids()[:1]:
            self.ask("DELETE", f"/api/members/{id}", as_=self.boss)

    def duplicate(self, email: str, password: str, who: int) -> None:
        for id in self.ids()[:1]:
            self.ask("POST", f"/api/members/{id}/duplicate", json={}, as_=self.boss)

    def bulk(self, email: str, password: str, who: int) -> None:
        sent = {"password": password, "_password": "x", "sessions": [], "apiKey": KEYS[1]}
        self.ask("PATCH", "/api/members?where[id][exists]=true", json=sent, as_=self.boss)

    def log_out(self, email: str, password: str, who: int) -> None:
        answer = self.ask("POST", "/api/members/login", json={"email": email, "password": password})
        if answer.status_code == 200:
            headers = {"authorization": f"JWT {answer.json()['token']}"}
            self.ask("POST", "/api/members/refresh-token", headers=headers)
            self.ask("POST", "/api/members/logout?allSessions=true", headers=headers)

    def query(self, email: str, password: str, who: int) -> None:
        for path in ("password", "_password", "apiKey", "_api_key", "_reset", "sessions.id", "hash", "salt"):
            self.ask("GET", f"/api/members?where[{path}][like]={password[:5]}&sort={path}", as_=self.boss)
            self.ask("GET", f"/api/members/distinct?field={path}", as_=self.boss)

    def ids(self) -> list[Any]:
        return [row[0] for row in rows(self.client, "SELECT id FROM members")]

    def tokens(self, email: str) -> list[str]:
        return [HEX.findall(mail.text)[0] for mail in self.client.outbox.messages if mail.to == (email,)]

    def secrets(self) -> set[str]:
        columns = "_password, _reset, _verification, _api_key"
        stored = {value for row in rows(self.client, f"SELECT {columns} FROM members") for value in row if value}
        mailed = {token for mail in self.client.outbox.messages for token in HEX.findall(mail.text)}
        return {*PASSWORDS, *KEYS, *stored, *mailed}


@given(st.lists(step, min_size=3, max_size=14))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_is_ever_told(caplog: pytest.LogCaptureFixture, steps: list[tuple[str, int]]) -> None:
    """Whatever is done in whatever order: passwords, hashes, keys and tokens are in no answer and in no log.

    A mail has the token of its recipient's account, and nothing else that is secret. What an answer quotes of its own
    address is the asker's.
    """
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    clock = StillClock()
    with TestClient(CONFIG, clock=clock) as client:
        story = Story(client, clock)
        for action, who in [("register", 0), ("register", 1), *steps]:
            story.does(action, who)
        secrets = story.secrets()
        changes = str(rows(client, "SELECT * FROM _changes"))
        mails = [(mail, HEX.findall(mail.text)) for mail in client.outbox.messages]
    assert not any(answer.status_code >= 500 for answer in story.told)
    for answer in story.told:
        assert not [secret for secret in secrets if secret in answer.text], answer.url.path.split("/")[:3]
    assert not [secret for secret in secrets if secret in changes]
    assert not [secret for secret in secrets if secret in caplog.text]
    for mail, (token, *_) in mails:
        whole = mail.text + str(mail.html) + mail.subject
        assert not [secret for secret in secrets - {token} if secret in whole]
