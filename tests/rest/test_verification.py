"""Verifying addresses: who may log in before, what is mailed, and who may say that an address is somebody's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, HookContext, anyone, fields
from headless.testing import TestClient
from tests.operations.watching import everything

PASSWORD = "correct horse battery staple"
INVALID = "Verification token is invalid."
verified: list[Any] = []


def note(context: HookContext) -> None:
    verified.append(context.id)


MEMBERS = Collection(
    "members", auth={"verify": True}, access=anyone, fields=[fields.Text("name")], hooks={"after_verify": note}
)
CONFIG = Config(collections=[MEMBERS], server_url="https://shop.example")
ADA = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(CONFIG) as client:
        verified.clear()
        yield client


def sign_up(client: TestClient, **more: Any) -> Any:
    answer = client.post("/api/members", json={**ADA, **more})
    assert answer.status_code == 201
    return answer.json()["doc"]


def token(client: TestClient) -> str:
    found = re.search(r"\b[0-9a-f]{64}\b", client.outbox.last.text)
    assert found is not None
    return found[0]


def log_in(client: TestClient, password: str = PASSWORD) -> httpx2.Response:
    return client.post("/api/members/login", json={**ADA, "password": password})


def said(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["message"]


def test_nobody_logs_in_before_his_address_is_verified(client: TestClient) -> None:
    """The mail's token counts once. A wrong password is told as ever: nothing is learned of the account."""
    member = sign_up(client)
    assert said(log_in(client)) == (403, "Please verify your email before logging in.")
    assert said(log_in(client, "wrong password"))[0] == 401
    mail, code = client.outbox.last, token(client)
    assert (mail.to, mail.subject) == (("ada@example.com",), "Confirm your email address")
    assert f"https://shop.example/admin/verify/members#{code}" in mail.text
    answer = client.post(f"/api/members/verify/{code}")
    assert (answer.status_code, answer.json()) == (200, {"message": "Account verified successfully."})
    assert log_in(client).json()["user"]["_verified"] is True
    assert said(client.post(f"/api/members/verify/{code}")) == (403, INVALID)
    assert verified == [member["id"]]


def test_waiting_for_the_mail_locks_nobody_out(client: TestClient) -> None:
    """The right password is not counted as a wrong one, however often it is tried too early."""
    sign_up(client)
    assert {log_in(client).status_code for _ in range(8)} == {403}
    client.post(f"/api/members/verify/{token(client)}")
    assert log_in(client).status_code == 200


@pytest.mark.parametrize("wrong", ["wrong", "null", "true", "%00", "{}", "..%2f"])
def test_what_is_no_token_verifies_nobody(client: TestClient, wrong: str) -> None:
    """Nor does one where no address is verified."""
    sign_up(client)
    assert said(client.post(f"/api/members/verify/{wrong}")) == (403, INVALID)
    assert said(client.post(f"/api/users/verify/{wrong}")) == (403, INVALID)
    assert said(log_in(client))[0] == 403


def test_nobody_verifies_himself(client: TestClient) -> None:
    """Mass assignment: neither when he registers nor later. Staff may, and only who is logged in may know."""
    member = sign_up(client, _verified=True, _verification="x")
    url = f"/api/members/{member['id']}"
    client.patch(url, json={"_verified": True, "_verification": "x"})
    assert said(log_in(client))[0] == 403
    assert "_verified" not in client.get(url).json()
    boss = client.user("boss@example.com")
    assert client.get(url, as_=boss).json()["_verified"] is False
    client.patch(url, json={"_verified": True}, as_=boss)
    assert log_in(client).status_code == 200


def test_who_is_made_by_staff_as_verified_is_mailed_nothing(client: TestClient) -> None:
    """And neither is the first user."""
    boss = client.user("boss@example.com")
    client.post("/api/members", json={**ADA, "_verified": True}, as_=boss)
    assert client.outbox.messages == []
    assert log_in(client).status_code == 200


def test_the_first_user_needs_no_mail(client: TestClient) -> None:
    """There is nobody yet who could have set mail up."""
    answer = client.post("/api/members/first-register", json=ADA)
    assert (answer.status_code, answer.json()["user"]["_verified"]) == (200, True)
    assert client.outbox.messages == []


def test_a_user_who_is_not_stored_is_mailed_nothing() -> None:
    """The mail leaves after the commit: what a hook refuses was never there."""

    async def refuse(context: HookContext) -> None:
        await asyncio.sleep(0)
        raise ValueError

    members = Collection("members", auth={"verify": True}, access=anyone, fields=[], hooks={"after_change": refuse})
    with TestClient(CONFIG.replace(collections=[members])) as client:
        assert client.post("/api/members", json=ADA).status_code == 500
        assert client.outbox.messages == []


def test_a_new_password_by_mail_verifies_too(client: TestClient) -> None:
    """Whoever has the mail has the mailbox; what a stranger registered it with opens nothing any more."""
    sign_up(client)
    client.post("/api/members/forgot-password", json={"email": "ada@example.com"})
    body = {"token": token(client), "password": "another good password"}
    assert client.post("/api/members/reset-password", json=body).status_code == 200
    assert log_in(client).status_code == 401
    assert log_in(client, "another good password").status_code == 200


def test_a_token_is_stored_as_a_hash(client: TestClient) -> None:
    """And is in no answer and not in the change log."""
    sign_up(client)
    assert token(client) not in everything(client)


def test_the_system_sends_another(client: TestClient) -> None:
    """In place of the first, and to nobody who is verified."""
    sign_up(client)
    first = token(client)
    client.system.request_verification("members", {"email": "ada@example.com"})
    second = token(client)
    assert said(client.post(f"/api/members/verify/{first}"))[0] == 403
    assert client.post(f"/api/members/verify/{second}").status_code == 200
    assert client.system.request_verification("members", {"email": "ada@example.com"}) is None


def test_verifying_is_a_change_that_streams_tell(client: TestClient) -> None:
    """It is part of the document, unlike sessions and wrong passwords."""
    sign_up(client)
    before = client.run(client.app.hub.log.highest())
    client.post(f"/api/members/verify/{token(client)}")
    assert client.run(client.app.hub.log.highest()) == before + 1
