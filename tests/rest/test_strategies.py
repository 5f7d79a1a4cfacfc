"""Ways in of an application's own, its rules for passwords, imported users and invitations."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from headless import BadRequest, Collection, Config, ConfigError, Forbidden, Request, authenticated, fields
from headless.security.passwords import imported_hash
from headless.testing import StillClock, TestClient
from tests.operations.watching import five_seconds_later, rows

PASSWORD = "correct horse battery staple"
POSTS = Collection("posts", access=authenticated, fields=[fields.Text("title")])


async def by_badge(request: Request) -> Any:
    """Knows people by a header that a proxy in front sets."""
    badge = request.headers.get("x-badge")
    if badge is None:
        return None
    page = await request.system.find("people", where={"badge": {"equals": badge}}, limit=1)
    return page.docs[0] if page.docs else None


def by_number(request: Request) -> Any:
    """Answers an id only."""
    return int(request.headers.get("x-number", 0)) or None


def people(**auth: Any) -> Config:
    declared = {"strategies": [by_badge, by_number], **auth}
    return Config(collections=[POSTS, Collection("people", auth=declared, fields=[fields.Text("badge")])])


def me(client: TestClient, **headers: str) -> Any:
    return client.get("/api/people/me", headers=headers).json()


def test_a_function_says_who_asks() -> None:
    """By a document or an id; `me` tells which did. Whoever it does not know is nobody, as are ids of nobody."""
    with TestClient(people()) as client:
        ada = client.user("ada@example.com", collection="people", badge="A-1")
        for headers, strategy in (({"x-badge": "A-1"}, "by_badge"), ({"x-number": str(ada.id)}, "by_number")):
            body = me(client, **headers)
            assert (body["user"]["id"], body["strategy"], "token" in body) == (ada.id, strategy, False)
            assert client.get("/api/posts", headers=headers).status_code == 200
        for headers in ({"x-badge": "A-2"}, {"x-number": "99"}, {}):
            assert me(client, **headers)["user"] is None


def test_a_token_goes_before_a_function() -> None:
    """What is signed counts more than what an application makes of a header."""
    with TestClient(people()) as client:
        client.user("ada@example.com", collection="people", badge="A-1")
        grace = client.user("grace@example.com", collection="people", badge="G-1")
        token = client.login(grace)
        assert me(client, **{"x-badge": "A-1", "authorization": f"JWT {token}"})["user"]["id"] == grace.id


def test_users_may_have_no_password_at_all() -> None:
    """Then there are no routes for one, and none is asked for."""
    with TestClient(people(disable_local_strategy=True)) as client:
        client.create("people", {"email": "ada@example.com", "badge": "A-1"})
        assert me(client, **{"x-badge": "A-1"})["user"]["email"] == "ada@example.com"
        for path in ("login", "first-register", "forgot-password", "reset-password", "unlock", "refresh-token"):
            assert client.post(f"/api/people/{path}", json={}).status_code == 404


def test_a_stream_ends_when_its_function_knows_nobody_any_more() -> None:
    """It is asked again every few seconds, with the request that the stream came with."""
    with TestClient(people()) as client:
        ada = client.user("ada@example.com", collection="people", badge="A-1")
        with client.stream("/api/posts/stream", headers={"x-badge": "A-1"}) as stream:
            client.delete_document("people", ada.id)
            five_seconds_later(client)
            assert list(stream) == []


def test_what_is_no_function_is_refused() -> None:
    """At the start."""
    with pytest.raises(ConfigError, match="strategy"):
        people(strategies=["by_badge"])


def test_an_application_refuses_passwords_of_its_own() -> None:
    """When a user is made, changed, and sets one by mail; with what it knows of him. The platform's rules stay."""

    def strict(value: str, context: Any) -> bool | str:
        return "It holds your name." if context.data["badge"].lower() in value.lower() else True

    with TestClient(people(validate_password=strict)) as client:
        boss = client.user("boss@example.com")
        body = {"email": "ada@example.com", "badge": "Adalove", "password": "adalove rules"}
        refused = client.post("/api/people", json=body, as_=boss)
        assert refused.json()["errors"][0]["data"]["errors"] == [{"message": "It holds your name.", "path": "password"}]
        made = client.post("/api/people", json={**body, "password": PASSWORD}, as_=boss).json()["doc"]
        url = f"/api/people/{made['id']}"
        for password, status in (("i am adalove", 400), ("short", 400), ("a better password", 200)):
            assert client.patch(url, json={"password": password}, as_=boss).status_code == status
        token = client.system.forgot_password("people", {"email": "ada@example.com"}, send_email=False)
        for password, status in (("i am adalove", 400), ("the best password", 200)):
            sent = {"token": token, "password": password}
            assert client.post("/api/people/reset-password", json=sent).status_code == status


SALT = "ab" * 32


def pbkdf2(iterations: int, length: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT.encode(), iterations, length).hex()


@pytest.mark.parametrize(
    "stored",
    [
        pbkdf2(25_000, 512),
        f"pbkdf2-sha256-v1:{pbkdf2(600_000, 32)}",
        f"pbkdf2-sha256-v2-i1000-l64:{pbkdf2(1000, 64)}",
    ],
    ids=["first", "v1", "v2"],
)
def test_users_come_with_the_hashes_that_payload_stored(stored: str) -> None:
    """All three forms, each with its salt; at the first log-in it is replaced by one of ours."""
    with TestClient(people()) as client:
        client.system.import_user("people", {"email": "ada@example.com"}, hash=stored, salt=SALT)
        body = {"email": "ada@example.com", "password": PASSWORD}
        assert client.post("/api/people/login", json={**body, "password": "wrong password"}).status_code == 401
        assert client.post("/api/people/login", json=body).status_code == 200
        assert rows(client, "SELECT _password FROM people")[0][0].startswith("$argon2id$")
        assert client.post("/api/people/login", json=body).status_code == 200


def test_a_hash_that_cannot_be_verified_is_refused() -> None:
    """And nobody but the system imports one."""
    for stored, salt in (("x", SALT), ("", ""), (pbkdf2(1, 512), ""), ("plain password", ""), (pbkdf2(1, 512), "a$b")):
        with pytest.raises(BadRequest):
            imported_hash(stored, salt)
    with TestClient(people()) as client:
        boss = client.user("boss@example.com")
        with pytest.raises(Forbidden):
            client.api(boss).import_user("people", {"email": "a@example.com"}, hash=pbkdf2(1, 512), salt=SALT)
        sent = {"email": "ada@example.com", "password": PASSWORD, "hash": pbkdf2(1, 512), "salt": SALT}
        assert client.post("/api/people", json=sent, as_=boss).status_code == 201
        assert client.post("/api/people/login", json=sent).status_code == 200


def test_staff_invite_people_who_set_their_own_password() -> None:
    """The mail counts for a week; until then nobody logs in. Whoever may not create users may not invite any."""
    clock = StillClock()
    config = people(verify=True).replace(server_url="https://shop.example")
    with TestClient(config, clock=clock) as client:
        boss = client.user("boss@example.com")
        sent = {"email": "ada@example.com", "badge": "A-1", "password": "chosen by somebody else"}
        assert client.post("/api/people/invite", json=sent).status_code == 403
        assert client.post("/api/people/invite", json={"badge": "A-1"}, as_=boss).status_code == 400
        answer = client.post("/api/people/invite", json=sent, as_=boss)
        assert (answer.status_code, answer.json()["doc"]["badge"]) == (201, "A-1")
        assert client.post("/api/people/login", json=sent).status_code == 401
        (mail,) = client.outbox.messages
        assert (mail.to, mail.subject) == (("ada@example.com",), "You are invited")
        clock.move(6 * 24 * 3600)
        token = re.search(r"https://shop.example/admin/reset/people#([0-9a-f]{64})", mail.text)
        assert token is not None
        body = {"token": token[1], "password": PASSWORD}
        assert client.post("/api/people/reset-password", json=body).status_code == 200
        login = {"email": "ada@example.com", "password": PASSWORD}
        assert client.post("/api/people/login", json=login).status_code == 200
        client.login(boss)
        assert client.post("/api/people/invite", json=sent, as_=boss).status_code == 400


def test_an_invitation_ends() -> None:
    """After a week, or another time that is declared."""
    clock = StillClock()
    with TestClient(people(invitation={"expiration": 1000}), clock=clock) as client:
        boss = client.user("boss@example.com")
        client.post("/api/people/invite", json={"email": "ada@example.com"}, as_=boss)
        token = re.search(r"[0-9a-f]{64}", client.outbox.last.text)
        assert token is not None
        clock.move(2)
        answer = client.post("/api/people/reset-password", json={"token": token[0], "password": PASSWORD})
        assert answer.status_code == 403
