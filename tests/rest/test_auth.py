"""Users over HTTP: the first one, logging in and out, tokens and cookies, and what is never told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from headless import Collection, Config, authenticated, fields
from headless.testing import StillClock, TestClient, User

POSTS = Collection("posts", access=authenticated, fields=[fields.Text("title")])
MEMBERS = Collection("members", auth={"token_expiration": 60}, access="anyone", fields=[fields.Text("name")])
CONFIG = Config(collections=[POSTS, MEMBERS])
PASSWORD = "correct horse battery staple"
EMAIL = "ada@example.com"
WRONG = "The email or password provided is incorrect."


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(CONFIG) as client:
        yield client


@pytest.fixture
def ada(client: TestClient) -> User:
    return client.user(EMAIL, password=PASSWORD)


def log_in(client: TestClient, email: str = EMAIL, password: Any = PASSWORD, slug: str = "users") -> httpx2.Response:
    return client.post(f"/api/{slug}/login", json={"email": email, "password": password})


def message(answer: httpx2.Response) -> str:
    body: dict[str, Any] = answer.json()
    return str(body["errors"][0]["message"])


def cookie_of(answer: httpx2.Response) -> dict[str, str]:
    """The cookie as a browser sends it back."""
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_the_first_user_registers_and_is_logged_in(client: TestClient) -> None:
    """`init` says whether there is a user; the answer holds a token that works."""
    assert client.get("/api/users/init").json() == {"initialized": False}
    answer = client.post("/api/users/first-register", json={"email": EMAIL, "password": PASSWORD})
    body = answer.json()
    assert (answer.status_code, body["message"], body["user"]["email"]) == (
        200,
        "Successfully registered first user.",
        EMAIL,
    )
    assert client.get("/api/posts", headers={"authorization": f"JWT {body['token']}"}).status_code == 200
    assert client.get("/api/users/init").json() == {"initialized": True}
    again = client.post("/api/users/first-register", json={"email": "eve@example.com", "password": PASSWORD})
    assert again.status_code == 403


def test_of_fifty_first_registers_at_once_one_succeeds(client: TestClient) -> None:
    """However many race for it, there is one first user; the others are refused."""

    async def race() -> list[int]:
        return await asyncio.gather(*(register(client.app, number) for number in range(50)))

    statuses = client.run(race(), timeout=30)
    assert sorted(statuses) == [200] + [403] * 49
    assert client.system.count("users") == 1


async def register(app: Any, number: int) -> int:
    body = json.dumps({"email": f"u{number}@example.com", "password": PASSWORD}).encode()
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.post(
            "/api/users/first-register", content=body, headers={"content-type": "application/json"}
        )
    return answer.status_code


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"email": "nonsense", "password": PASSWORD}, ["email"]),
        ({"email": EMAIL, "password": "short"}, ["password"]),
        ({"email": EMAIL}, ["password"]),
        ({}, ["email", "password"]),
        ({"email": EMAIL, "password": 12345678}, ["password"]),
        ({"email": EMAIL, "password": "x" * 1001}, ["password"]),
    ],
    ids=str,
)
def test_a_first_user_is_validated_like_any(client: TestClient, body: dict[str, Any], paths: list[str]) -> None:
    """What is wrong is told with its path, and there is still no user."""
    answer = client.post("/api/users/first-register", json=body)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]] == paths
    assert client.get("/api/users/init").json() == {"initialized": False}


def test_logging_in(client: TestClient, ada: User) -> None:
    """Token, second of its end, the user, and a cookie that scripts cannot read. Addresses are case-insensitive."""
    answer = log_in(client, " Ada@EXAMPLE.com ")
    body = answer.json()
    assert (answer.status_code, body["message"], body["user"]["id"]) == (200, "Authentication Passed", ada.id)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"payload-token={body['token']}; ")
    for part in ("HttpOnly", "Path=/", "SameSite=Lax", "Expires="):
        assert part in cookie


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_user_are_told_apart_by_nobody(
    client: TestClient, ada: User, email: str
) -> None:
    """The same answer, without a cookie."""
    answer = log_in(client, email, "wrong password")
    assert (answer.status_code, message(answer)) == (401, WRONG)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"email": EMAIL}, {"password": PASSWORD}, {"email": [EMAIL], "password": {}},
                                  {"email": "", "password": " "}], ids=str)  # fmt: skip
def test_a_log_in_without_credentials_is_a_mistake(client: TestClient, ada: User, body: dict[str, Any]) -> None:
    """Missing ones and those of a wrong kind are named."""
    answer = client.post("/api/users/login", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"]["errors"][0]["message"] == "This field is required."


@pytest.mark.parametrize("scheme", ["JWT", "Bearer"])
def test_a_token_in_the_header_says_who_asks(client: TestClient, ada: User, scheme: str) -> None:
    """With either word before it; `me` tells whose it is, how he came in and until when."""
    login = log_in(client).json()
    headers = {"authorization": f"{scheme} {login['token']}"}
    assert client.get("/api/posts", headers=headers).status_code == 200
    me = client.get("/api/users/me", headers=headers).json()
    assert (me["user"]["email"], me["collection"], me["strategy"], me["exp"], me["token"]) == (
        EMAIL, "users", "local-jwt", login["exp"], login["token"]
    )  # fmt: skip


def test_nobody_is_nobody(client: TestClient) -> None:
    """`me` without a user is no error."""
    assert client.get("/api/users/me").json() == {"user": None, "message": "Account"}


@pytest.mark.parametrize("value", ["JWT", "JWT ", "JWT x.y.z", "Basic YTpi", "JWT " + "x" * 5000])
def test_a_header_that_is_no_token_is_nobodys(client: TestClient, value: str) -> None:
    """It neither opens anything nor breaks anything."""
    answer = client.get("/api/users/me", headers={"authorization": value})
    assert (answer.status_code, answer.json()["user"]) == (200, None)


def test_a_token_of_a_changed_collection_or_user_is_worthless(client: TestClient, ada: User) -> None:
    """A deleted user's token opens nothing, and it never opens another collection's session."""
    token = log_in(client).json()["token"]
    client.delete_document("users", ada.id)
    headers = {"authorization": f"JWT {token}"}
    assert client.get("/api/posts", headers=headers).status_code == 403
    assert client.get("/api/users/me", headers=headers).json()["user"] is None


def test_a_bad_header_is_not_rescued_by_a_good_cookie(client: TestClient, ada: User) -> None:
    """Who says who he is in a header is judged by the header."""
    headers = cookie_of(log_in(client)) | {"authorization": "JWT not.a.token"}
    assert client.get("/api/users/me", headers=headers).json()["user"] is None


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({}, True),
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"referer": "https://evil.example/page"}, False),
    ],
    ids=str,
)
def test_a_cookie_from_a_foreign_page_is_nobodys(
    client: TestClient, ada: User, headers: dict[str, str], counts: bool
) -> None:
    """Also when no list of origins is configured; a header's token is not subject to it."""
    login = log_in(client)
    answer = client.post("/api/posts", json={"title": "x"}, headers=cookie_of(login) | headers)
    assert answer.status_code == (201 if counts else 403)
    token = {"authorization": f"JWT {login.json()['token']}"}
    assert client.post("/api/posts", json={"title": "x"}, headers=token | headers).status_code == 201


def test_a_foreign_page_logs_nobody_in(client: TestClient, ada: User) -> None:
    """Its form is answered, without the cookie: no visitor is somebody else without knowing it."""
    body = {"email": EMAIL, "password": PASSWORD}
    for origin, given in (("https://evil.example", False), ("null", False), ("http://testserver", True)):
        answer = client.post("/api/users/login", json=body, headers={"origin": origin})
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, given)


def test_a_listed_origin_may_use_the_cookie(ada: User) -> None:
    """`csrf` and the origins of `cors` that are named."""
    with TestClient(CONFIG.replace(csrf=["https://shop.example"])) as client:
        client.user(EMAIL, password=PASSWORD)
        cookie = cookie_of(log_in(client))
        for origin, status in (("https://shop.example", 201), ("https://other.example", 403)):
            assert (
                client.post("/api/posts", json={"title": "x"}, headers=cookie | {"origin": origin}).status_code
                == status
            )


def test_logging_out_ends_this_session(client: TestClient, ada: User) -> None:
    """The token is worthless at once, the cookie is taken back, other sessions go on; with `allSessions` none does."""
    tokens = [log_in(client).json()["token"] for _ in range(3)]
    headers = [{"authorization": f"JWT {token}"} for token in tokens]
    answer = client.post("/api/users/logout", headers=headers[0])
    assert (answer.status_code, answer.json()["message"]) == (200, "Logout successful.")
    assert "payload-token=;" in answer.headers["set-cookie"]
    assert [client.get("/api/posts", headers=header).status_code for header in headers] == [403, 200, 200]
    client.post("/api/users/logout?allSessions=true", headers=headers[1])
    assert [client.get("/api/posts", headers=header).status_code for header in headers] == [403, 403, 403]
    assert client.post("/api/users/logout", headers=headers[1]).status_code == 400


def test_a_session_ends_by_itself_and_is_prolonged() -> None:
    """After its time the token is nobody's; a renewal keeps the session and moves its end."""
    clock = StillClock()
    with TestClient(CONFIG, clock=clock) as client:
        client.user(EMAIL, password=PASSWORD, collection="members")
        token = log_in(client, slug="members").json()["token"]
        clock.move(50)
        answer = client.post("/api/members/refresh-token", headers={"authorization": f"JWT {token}"})
        fresh = answer.json()["refreshedToken"]
        assert (answer.status_code, answer.json()["user"]["email"]) == (200, EMAIL)
        clock.move(50)
        who = [
            client.get("/api/members/me", headers={"authorization": f"JWT {t}"}).json()["user"] for t in (token, fresh)
        ]
        assert who[0] is None
        assert who[1] is not None
        clock.move(11)
        assert client.post("/api/members/refresh-token", headers={"authorization": f"JWT {fresh}"}).status_code == 403


def test_a_new_password_ends_the_other_sessions(client: TestClient, ada: User) -> None:
    """Who changes his own keeps the session he does it in; the old password opens nothing."""
    mine, other = (log_in(client).json()["token"] for _ in range(2))
    headers = {"authorization": f"JWT {mine}"}
    answer = client.patch(f"/api/users/{ada.id}", json={"password": "another good password"}, headers=headers)
    assert answer.status_code == 200
    assert client.get("/api/posts", headers=headers).status_code == 200
    assert client.get("/api/posts", headers={"authorization": f"JWT {other}"}).status_code == 403
    assert log_in(client).status_code == 401
    assert log_in(client, password="another good password").status_code == 200


def test_an_address_is_one_users(client: TestClient, ada: User) -> None:
    """Whatever its case; the failure is told on `email`."""
    answer = client.post("/api/users", json={"email": "ADA@example.com", "password": PASSWORD}, as_=ada)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"]["errors"][0] == {
        "message": "A user with the given email is already registered.", "path": "email"
    }  # fmt: skip


def test_collections_of_users_are_apart(client: TestClient, ada: User) -> None:
    """A member is no user of the admin's collection, and logs out, renews and asks `me` only in his own."""
    member = client.user("mia@example.com", collection="members", password=PASSWORD)
    assert client.get("/api/users", as_=member).status_code == 403
    assert client.get("/api/users/me", as_=member).json()["user"] is None
    assert client.post("/api/users/logout", as_=member).status_code == 403
    assert client.post("/api/users/refresh-token", as_=member).status_code == 403
    assert log_in(client, "mia@example.com").status_code == 401
    assert log_in(client, "mia@example.com", slug="members").status_code == 200


def test_no_answer_holds_a_secret(client: TestClient, ada: User) -> None:
    """No route tells of passwords, their hashes, or anybody else's sessions, also not what `select` asks for."""
    eve = client.user("eve@example.com", password="another password")
    client.login(eve)
    client.login(ada)
    sid = (client.run(client.app.sessions.find_user(client.login(eve))) or {})["_sid"]
    hash_ = client.run(client.app.database.inspect(_stored_hash))
    assert hash_.startswith("$argon2")
    urls = [
        "/api/users", f"/api/users/{eve.id}", "/api/users?depth=2&select[_password]=true&select[sessions]=true",
        "/api/users?select[password]=true", "/api/users/me", "/api/access",
    ]  # fmt: skip
    answers = [client.get(url, as_=ada) for url in urls]
    answers.append(client.patch(f"/api/users/{eve.id}", json={"name": "Eve", "sessions": []}, as_=ada))
    answers.append(client.patch("/api/users?where[id][exists]=true", json={"_password": "x"}, as_=ada))
    answers.append(client.post("/api/users", json={"email": "new@example.com", "password": PASSWORD}, as_=ada))
    answers.append(client.post(f"/api/users/access/{eve.id}", json={}, as_=ada))
    assert client.get("/api/posts", as_=eve).status_code == 200
    answers.append(client.delete(f"/api/users/{eve.id}", as_=ada))
    for answer in answers:
        assert answer.status_code < 300, answer.text
        for secret in ("argon2", hash_, PASSWORD, "another password", "_password", str(sid)):
            assert secret not in answer.text, answer.url


@pytest.mark.parametrize("path", ["_password", "password", "sessions", "sessions.id", "salt", "hash"])
def test_no_query_touches_a_secret(client: TestClient, ada: User, path: str) -> None:
    """Neither a filter, however it is nested, nor distinct values; sorting by one changes nothing or is refused."""
    for url in (f"/api/users?where[{path}][exists]=true", f"/api/users/count?where[or][0][{path}][like]=a"):
        answer = client.get(url, as_=ada)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, "QueryError")
    sorted_by, plain = client.get(f"/api/users?sort={path}", as_=ada), client.get("/api/users", as_=ada)
    assert sorted_by.status_code == 400 or sorted_by.json()["docs"] == plain.json()["docs"]


def test_a_user_sees_his_own_sessions_only(client: TestClient, ada: User) -> None:
    """In his own document; never in another's."""
    eve = client.user("eve@example.com")
    client.login(eve)
    docs = {doc["email"]: doc for doc in client.get("/api/users", as_=ada).json()["docs"]}
    assert len(docs[EMAIL]["sessions"]) == 1
    assert docs["eve@example.com"]["sessions"] == []


def _stored_hash(connection: sa.Connection) -> str:
    return str(connection.exec_driver_sql("SELECT _password FROM users").scalars().first())
