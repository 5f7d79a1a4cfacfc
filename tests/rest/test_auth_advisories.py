"""What went wrong with accounts in systems like this one, asked of ours: a test for each advisory that has no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, anyone, authenticated, fields, nobody, staff
from headless.testing import TestClient

PASSWORD = "correct horse battery staple"
MEMBERS = Collection(
    "members", auth={"verify": True}, access={"create": anyone, "read": authenticated, "update": authenticated},
    fields=[
        fields.Text("name"), fields.Text("adminNote", access={"read": staff, "create": staff, "update": staff}),
        fields.Select("roles", has_many=True, options=["user", "admin"], default_value=["user"],
                      access={"create": staff, "update": staff}, save_to_jwt=True),
        fields.Text("locked", access={"create": nobody, "update": nobody}, default_value="as it was"),
    ],
)  # fmt: skip
POSTS = Collection("posts", access=authenticated, fields=[fields.Text("title")])
CONFIG = Config(collections=[MEMBERS, POSTS])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(CONFIG) as client:
        yield client


def log_in(client: TestClient, email: Any = "ada@example.com", password: str = PASSWORD) -> httpx2.Response:
    return client.post("/api/members/login", json={"email": email, "password": password})


def test_no_answer_of_a_session_has_what_its_user_may_not_read(client: TestClient) -> None:
    """CVE-2026-105853: refresh and reset answered unreadable fields."""
    ada = client.user("ada@example.com", collection="members", password=PASSWORD, adminNote="watch her")
    token = client.system.forgot_password("members", {"email": ada.email}, send_email=False)
    answers = [
        log_in(client), client.get("/api/members/me", as_=ada), client.post("/api/members/refresh-token", as_=ada),
        client.patch(f"/api/members/{ada.id}", json={"name": "Ada"}, as_=ada),
        client.post("/api/members/reset-password", json={"token": token, "password": "another good password"}),
    ]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200
        assert "adminNote" not in answer.text
        assert "watch her" not in answer.text


HOSTILE = {
    "roles": ["admin"], "adminNote": "x", "locked": "x", "_verified": True, "id": 77, "sessions": [{"id": "x"}],
    "loginAttempts": -5, "lockUntil": "2000-01-01T00:00:00.000Z", "hash": "x", "salt": "x", "_password": "x",
    "_reset": "x",
    "resetPasswordToken": "x", "resetPasswordExpiration": "2099-01-01T00:00:00.000Z", "_verificationToken": "x",
    "apiKeyIndex": "x", "collection": "users", "_strategy": "local-jwt", "tokensSince": "2000-01-01T00:00:00.000Z",
}  # fmt: skip


@pytest.mark.parametrize("form", ["json", "form"])
def test_nobody_registers_with_more_than_is_his(client: TestClient, form: str) -> None:
    """Strapi CVE-2023-39345, mass assignment: whatever else is sent when somebody registers is ignored."""
    body = {"email": "eve@example.com", "password": PASSWORD, "name": "Eve", **HOSTILE}
    sent: dict[str, Any] = {"json": body} if form == "json" else {"data": {"_payload": json.dumps(body)}}
    answer = client.post("/api/members", **sent)
    assert answer.status_code == 201
    (stored,) = client.find("members").docs
    assert (stored["roles"], stored["adminNote"], stored["locked"]) == (["user"], None, "as it was")
    assert (stored["_verified"], stored["sessions"], stored["collection"]) == (False, [], "members")
    assert (stored["id"] != 77, stored["loginAttempts"], stored["lockUntil"]) == (True, 0, None)
    assert stored["resetPasswordExpiration"] is None
    assert log_in(client, "eve@example.com").status_code == 403


def test_the_first_user_is_made_once(client: TestClient) -> None:
    """CVE-2026-105857, CVE-2026-105858: once there is one, ten tries at once make no other."""
    client.user("boss@example.com")

    async def register(number: int) -> int:
        transport = httpx2.ASGITransport(app=client.app)
        body = {"email": f"eve{number}@example.com", "password": PASSWORD, "__proto__": {"x": 1}, "constructor": {}}
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
            return (await http.post("/api/users/first-register", json=body)).status_code

    async def race() -> list[int]:
        return await asyncio.gather(*(register(number) for number in range(10)))

    assert client.run(race(), timeout=30) == [403] * 10
    assert client.system.count("users") == 1


@pytest.mark.parametrize(
    "email", ["ada@example", "ada@example.com%", "%", "_da@example.com", "ada@example.com'--", "ada@example.co", "ada"]
)
def test_nobody_logs_in_by_a_part_of_an_address(client: TestClient, email: str) -> None:
    """Keystone GHSA-39pj-gq8q-9pfj: an address is the whole one."""
    client.user("ada@example.com", collection="members", password=PASSWORD)
    assert log_in(client, email).status_code == 401


def test_every_character_of_a_password_counts(client: TestClient) -> None:
    """Strapi CVE-2025-25298: bcrypt looked at 72 bytes. And accents are letters of their own."""
    long = "x" * 72
    client.user("ada@example.com", collection="members", password=f"{long}right")
    client.user("eve@example.com", collection="members", password="p\u00e9ssword of eve")
    assert [log_in(client, password=each).status_code for each in (f"{long}wrong", long, f"{long}right")] == [
        401,
        401,
        200,
    ]
    tries = ("p\u00e9ssword", "pe\u0301ssword of eve", "pessword of eve", "p\u00e9ssword of eve")
    assert [log_in(client, "eve@example.com", each).status_code for each in tries] == [401, 401, 401, 200]


FOREIGN = [
    {"origin": origin}
    for origin in (
        "https://evil.example", "null", "", "http://testserver.evil.example", "http://testserver@evil.example",
        "http://eviltestserver", "http://testserver:81", "https://testserver.", "file://", "http://TESTSERVER.evil",
    )
]  # fmt: skip
FOREIGN += [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"referer": "https://evil.example/"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_cookie_that_another_site_had_sent_is_nobodys(client: TestClient, headers: dict[str, str]) -> None:
    """CVE-2026-34749, Strapi CVE-2025-53092: lists of origins that could be got around."""
    ada = client.user("ada@example.com", collection="members", password=PASSWORD)
    cookie = {"cookie": f"payload-token={client.login(ada)}"}
    assert client.post("/api/posts", json={"title": "mine"}, headers=cookie).status_code == 201
    answer = client.post("/api/posts", json={"title": "theirs"}, headers={**cookie, **headers})
    assert answer.status_code == 403
    assert answer.headers.get("access-control-allow-credentials") is None


def test_an_account_that_somebody_made_for_anothers_address_is_taken_over_whole(client: TestClient) -> None:
    """PocketBase CVE-2024-38351, CVE-2026-44166: whoever proves the address gets it without its maker in it."""
    client.post("/api/members", json={"email": "ada@example.com", "password": "the maker's password"})
    token = client.system.forgot_password("members", {"email": "ada@example.com"}, send_email=False)
    assert client.post("/api/members/reset-password", json={"token": token, "password": PASSWORD}).status_code == 200
    assert log_in(client, password="the maker's password").status_code == 401
    assert len(client.system.find("members").docs) == 1
    assert log_in(client).status_code == 200
