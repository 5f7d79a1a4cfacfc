"""What a collection says of its log-in: names, cookies, tokens without sessions, rules for the password."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, ConfigError, anyone, fields, nobody, staff
from headless.testing import StillClock, TestClient
from tests.operations.watching import rows

PASSWORD = "correct horse battery staple"


def users(auth: Any, *more: Any, **options: Any) -> Config:
    return Config(collections=[Collection("people", auth=auth, access=anyone, fields=[*more], **options)])


def log_in(client: TestClient, **credentials: Any) -> httpx2.Response:
    return client.post("/api/people/login", json={"password": PASSWORD, **credentials})


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"JWT {token}"}


def paths(answer: httpx2.Response) -> list[str]:
    return [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]]


def test_users_may_log_in_by_name_only() -> None:
    """A name of any case; an address is asked of nobody, and opens nothing."""
    with TestClient(users({"login_with_username": True})) as client:
        client.create("people", {"username": " Ada ", "email": "ada@example.com", "password": PASSWORD})
        client.create("people", {"username": "grace", "password": PASSWORD})
        assert log_in(client, username="ADA").json()["user"]["username"] == "ada"
        assert log_in(client, username="grace").status_code == 200
        assert paths(log_in(client, email="ada@example.com")) == ["username"]
        assert log_in(client, username="ada@example.com").status_code == 401
        assert paths(client.post("/api/people", json={"password": PASSWORD})) == ["username"]


def test_users_may_log_in_by_name_or_address() -> None:
    """Under either key. Whoever has neither is refused, and so is a name that could be somebody's address."""
    options = {"login_with_username": {"allow_email_login": True, "require_username": False}}
    with TestClient(users(options)) as client:
        client.create("people", {"username": "ada", "email": "ada@example.com", "password": PASSWORD})
        for key in ("username", "email"):
            for value in ("ada", "ada@example.com"):
                assert log_in(client, **{key: value}).status_code == 200
        assert paths(client.post("/api/people", json={"password": PASSWORD})) == ["email", "username"]
        taken = {"username": "ada@example.com", "email": "eve@example.com", "password": PASSWORD}
        assert paths(client.post("/api/people", json=taken)) == ["username"]
        assert paths(log_in(client)) == ["email", "username"]


def test_of_fifty_that_want_a_name_at_once_one_gets_it() -> None:
    """However they write it; the others are told that it is taken."""
    with TestClient(users({"login_with_username": True})) as client:

        async def register(number: int) -> int:
            transport = httpx2.ASGITransport(app=client.app)
            body = {"username": "ada" if number % 2 else "ADA", "password": PASSWORD}
            async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
                return (await http.post("/api/people", json=body)).status_code

        async def race() -> list[int]:
            return await asyncio.gather(*(register(number) for number in range(50)))

        assert sorted(client.run(race(), timeout=30)) == [201] + [400] * 49


def test_tokens_without_sessions_outlive_a_log_out_and_no_change_of_the_password() -> None:
    """There is no `sid` and no list of sessions; a new password, or logging out everywhere, ends them all."""
    clock = StillClock()
    with TestClient(users({"use_sessions": False, "token_expiration": 60}), clock=clock) as client:
        made = client.create("people", {"email": "ada@example.com", "password": PASSWORD})

        def opened() -> str:
            answer = log_in(client, email="ada@example.com").json()
            assert "sessions" not in answer["user"]
            return str(answer["token"])

        def works(token: str) -> bool:
            return client.get("/api/people/me", headers=bearer(token)).json()["user"] is not None

        token = opened()
        assert client.post("/api/people/logout", headers=bearer(token)).status_code == 200
        assert works(token)
        clock.move(30)
        fresh = client.post("/api/people/refresh-token", headers=bearer(token)).json()["refreshedToken"]
        clock.move(31)
        assert (works(token), works(fresh)) == (False, True)
        client.update_document("people", made["id"], {"password": "another good password"})
        assert not works(fresh)
        client.update_document("people", made["id"], {"password": PASSWORD})
        clock.move(1)
        last = opened()
        clock.move(1)
        client.post("/api/people/logout?allSessions=true", headers=bearer(last))
        assert not works(last)


def test_a_token_may_be_kept_to_the_cookie() -> None:
    """No body holds it; the cookie logs in, is renewed and is as it is declared."""
    cookies = {"name": "who", "same_site": "Strict", "secure": True, "domain": "shop.example"}
    with TestClient(users({"remove_token_from_responses": True, "cookies": cookies})) as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        answers = [client.post("/api/people/first-register", json=body), log_in(client, email="ada@example.com")]
        cookie = answers[-1].headers["set-cookie"]
        sent = {"cookie": cookie.partition(";")[0]}
        answers += [client.get("/api/people/me", headers=sent), client.post("/api/people/refresh-token", headers=sent)]
        assert [answer.json()["user"]["email"] for answer in answers] == ["ada@example.com"] * 4
        token = cookie.partition(";")[0].removeprefix("who=")
        for answer in answers:
            assert token not in answer.text
            assert "token" not in answer.json()
        for part in ("Domain=shop.example", "Secure=true", "HttpOnly=true", "SameSite=Strict"):
            assert part in cookie


def test_cookies_of_two_collections_do_not_get_in_each_others_way() -> None:
    """With a name of its own each is read; a route asks who is there of its own collection."""
    people = Collection("people", auth={"cookies": {"name": "people-token"}}, access=anyone, fields=[])
    with TestClient(Config(collections=[people])) as client:
        client.create("people", {"email": "ada@example.com", "password": PASSWORD})
        client.create("users", {"email": "boss@example.com", "password": PASSWORD})
        own = log_in(client, email="ada@example.com").headers["set-cookie"].partition(";")[0]
        boss = {"email": "boss@example.com", "password": PASSWORD}
        other = client.post("/api/users/login", json=boss).headers["set-cookie"].partition(";")[0]
        for slug, email in (("people", "ada@example.com"), ("users", "boss@example.com")):
            answer = client.get(f"/api/{slug}/me", headers={"cookie": f"{own}; {other}"})
            assert answer.json()["user"]["email"] == email


def test_a_declared_password_brings_its_rules_and_is_not_stored() -> None:
    """CVE-2026-105855: a field's rule for the password was not asked."""
    secret = fields.Text("password", access={"update": staff, "create": nobody})
    with TestClient(users(True, secret)) as client:
        made = client.create("people", {"email": "ada@example.com", "password": PASSWORD})
        boss = client.user("boss@example.com")
        url, sent = f"/api/people/{made['id']}", {"password": "another good password"}
        assert client.patch(url, json=sent).status_code == 200
        assert log_in(client, email="ada@example.com").status_code == 200
        assert client.patch(url, json=sent, as_=boss).status_code == 200
        assert log_in(client, email="ada@example.com").status_code == 401
        body = {"email": "eve@example.com", "password": PASSWORD}
        assert paths(client.post("/api/people", json=body, as_=boss)) == ["password"]
        assert "password" not in {column[1] for column in rows(client, "PRAGMA table_info(people)")}


def test_a_declared_address_is_the_one_they_log_in_by() -> None:
    """It stays unique and required, and has the label and the rules that it was given."""
    mine = fields.Email("email", label="Address at work", access={"update": nobody})
    with TestClient(users(True, mine)) as client:
        made = client.create("people", {"email": "Ada@example.com", "password": PASSWORD})
        client.patch(f"/api/people/{made['id']}", json={"email": "eve@example.com"})
        assert log_in(client, email="ada@example.com").status_code == 200
        again = client.post("/api/people", json={"email": "ada@example.com", "password": PASSWORD})
        assert paths(again) == ["email"]
        assert client.post("/api/people", json={"password": PASSWORD}).json()["errors"][0]["data"]["errors"] == [
            {"label": "Address at work", "message": "Please enter a valid email address.", "path": "email"}
        ]


@pytest.mark.parametrize("claim", ["id", "collection", "email", "sid", "iat", "exp"])
def test_a_field_in_the_token_cannot_take_a_claims_place(claim: str) -> None:
    """CVE-2026-105863: `saveToJWT` overwrote what a token says of its user."""
    with pytest.raises(ConfigError, match="reserved"), TestClient(users(True, fields.Text("x", save_to_jwt=claim))):
        pass


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"max_login_attempts": -1}, "max_login_attempts is 0 or more"),
        ({"lock_time": 0}, "lock_time is 1 or more"),
        ({"token_expiration": 0}, "token_expiration is 1 or more"),
        ({"login_with_username": "yes"}, "login_with_username is true, false or options"),
        ({"cookies": {"name": "a b"}}, "cannot be a cookie's name"),
    ],
)
def test_options_that_cannot_be_are_refused(auth: Any, said: str) -> None:
    """At the start, with what may stand there."""
    with pytest.raises(ConfigError, match=said), TestClient(users(auth)):
        pass


def test_a_log_in_under_way_does_not_survive_a_new_password() -> None:
    """Checked with the old password, it opens nothing once there is a new one."""
    with TestClient(users(True)) as client:
        made = client.create("people", {"email": "ada@example.com", "password": PASSWORD})
        verify = client.app.core.passwords.verify

        async def changing(stored: str | None, password: str, **options: Any) -> bool:
            right = await verify(stored, password, **options)
            await client.app.as_system().update("people", made["id"], {"password": "another good password"})
            return right

        client.app.core.passwords.verify = changing  # type: ignore[method-assign]
        assert log_in(client, email="ada@example.com").status_code == 401
        assert client.system.get("people", made["id"])["sessions"] == []
