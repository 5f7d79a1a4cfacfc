"""Hooks of log-in: what they are given, what they take the place of, and what their failing leaves."""

from __future__ import annotations

from typing import Any

import pytest

from headless import ApiError, Collection, Config, HookContext, fields
from headless.testing import TestClient
from tests.operations.watching import rows


def users(**hooks: Any) -> Config:
    return Config(collections=[Collection("users", auth=True, fields=[fields.Text("name")], hooks=hooks)])


def fail(context: HookContext) -> None:
    raise ApiError("Not today.", status=409)


def sessions(client: TestClient) -> list[Any]:
    return [row[0] for row in rows(client, "SELECT sessions FROM users") if row[0] not in (None, "[]")]


def test_they_know_the_request_and_what_was_opened() -> None:
    """The address they were asked at, one state for the whole request, the token and the second it ends."""
    seen: dict[str, Any] = {}

    def first(context: HookContext) -> None:
        context.state["from"] = context.request and context.request.headers["user-agent"]
        seen["data"] = dict(context.data)

    def last(context: HookContext) -> None:
        seen.update(state=context.state["from"], **context.args)

    with TestClient(users(before_operation=first, after_login=last)) as client:
        ada = client.user("ada@example.com")
        seen.clear()
        credentials = {"email": ada.email, "password": ada.password}
        answer = client.post("/api/users/login", json=credentials, headers={"user-agent": "a browser"}).json()
    assert seen == {"data": credentials, "state": "a browser", "token": answer["token"], "exp": answer["exp"]}


def test_the_first_hook_may_change_what_is_sent() -> None:
    """Such as the address by which somebody is known elsewhere."""

    def by_name(context: HookContext) -> Any:
        if context.operation == "login":
            return {**context.data, "email": f"{context.data['name']}@example.com"}
        return None

    with TestClient(users(before_operation=by_name)) as client:
        ada = client.user("ada@example.com")
        answer = client.post("/api/users/login", json={"name": "ada", "password": ada.password})
        assert answer.json()["user"]["id"] == ada.id


@pytest.mark.parametrize("kind", ["before_login", "after_login", "after_operation"])
def test_a_log_in_that_fails_leaves_no_session(kind: str) -> None:
    """Whichever hook fails, there is no session that nobody has the token of."""

    def only_login(context: HookContext) -> None:
        if context.operation == "login":
            fail(context)

    with TestClient(users(**{kind: only_login})) as client:
        ada = client.user("ada@example.com")
        answer = client.post("/api/users/login", json={"email": ada.email, "password": ada.password})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (409, "Not today.")
        assert "set-cookie" not in answer.headers
        assert sessions(client) == []


def test_a_first_user_is_admitted_like_any_other() -> None:
    """The hooks of log-in run; when one fails there is no user either, so that it can be tried again."""
    ran: list[str] = []
    data = {"email": "ada@example.com", "password": "correct horse"}
    with TestClient(users(before_login=lambda context: ran.append("before"),
                          after_login=lambda context: ran.append("after"))) as client:  # fmt: skip
        assert client.post("/api/users/first-register", json=data).status_code == 200
        assert ran == ["before", "after"]
    with TestClient(users(after_login=fail)) as client:
        assert client.post("/api/users/first-register", json=data).status_code == 409
        assert client.get("/api/users/init").json() == {"initialized": False}


def test_a_renewal_that_fails_prolongs_nothing() -> None:
    """The session is as it was."""
    with TestClient(users(after_refresh=fail)) as client:
        ada = client.user("ada@example.com")
        client.login(ada)
        before = sessions(client)
        assert client.post("/api/users/refresh-token", as_=ada).status_code == 409
        assert sessions(client) == before


def test_a_log_out_is_done_whatever_its_hook_does() -> None:
    """Who wants to be out is out."""
    with TestClient(users(after_logout=fail)) as client:
        ada = client.user("ada@example.com")
        client.login(ada)
        assert client.post("/api/users/logout", as_=ada).status_code == 409
        assert sessions(client) == []


def test_a_hook_answers_who_one_is() -> None:
    """In place of the operation; the hooks after it see what it answered, and the first that answers counts."""

    def known_elsewhere(context: HookContext) -> Any:
        assert context.doc["email"] == "ada@example.com"
        return {"user": {"id": "elsewhere"}, "exp": 5}

    def mark(context: HookContext) -> None:
        context.doc["mark"] = True

    hooks: dict[str, Any] = {"me": [lambda context: None, known_elsewhere, fail], "after_me": mark}
    with TestClient(users(**hooks)) as client:
        ada = client.user("ada@example.com")
        answer = client.get("/api/users/me", as_=ada).json()
        assert (answer["user"], answer["exp"]) == ({"id": "elsewhere", "mark": True}, 5)
        assert answer["collection"] == "users"
        assert client.get("/api/users/me").json() == {"user": None, "message": "Account"}


def test_a_hook_renews_a_session_its_own_way() -> None:
    """Its token is answered without a cookie; the platform's session is not touched."""

    def elsewhere(context: HookContext) -> Any:
        return {"user": {"id": context.id}, "token": "of somebody else", "exp": 5}

    with TestClient(users(refresh=elsewhere)) as client:
        ada = client.user("ada@example.com")
        client.login(ada)
        before = sessions(client)
        answer = client.post("/api/users/refresh-token", as_=ada)
        assert "set-cookie" not in answer.headers
        assert answer.json() == {
            "message": "Token refresh successful.", "exp": 5, "refreshedToken": "of somebody else", "setCookie": False,
            "strategy": "local-jwt", "user": {"id": ada.id},
        }  # fmt: skip
        assert sessions(client) == before
        assert client.post("/api/users/refresh-token").status_code == 403
