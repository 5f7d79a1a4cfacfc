"""The pages of accounts: forgotten passwords, verified addresses, invitations, and one's own account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from headless import Collection, Headless, fields
from headless.mail import Outbox
from headless.security.passwords import LIGHT, Passwords
from tests.admin.plain_browser import PlainBrowser

PASSWORD = "correct horse battery staple"
FRESH = "another good password"


def application(**auth: Any) -> Headless:
    app = Headless(
        collections=[
            Collection("users", auth=auth or True, fields=[fields.Text("name")]),
            Collection("members", auth={"verify": True}, access="anyone", fields=[]),
            Collection("posts", fields=[fields.Text("title")]),
        ],
        database="sqlite:///:memory:",
        secret="for tests only: whoever knows this can log in as anybody",
        server_url="http://admin.example",
        passwords=Passwords(LIGHT),
    )
    app.mail = Outbox()
    return app


@contextmanager
def opened(**auth: Any) -> Iterator[tuple[PlainBrowser, Headless, Any]]:
    app = application(**auth)
    with PlainBrowser(app) as browser:
        assert browser.client.portal is not None
        call = browser.client.portal.call

        def do(method: str, *args: Any) -> Any:
            return call(lambda: getattr(app.as_system(), method)(*args))

        do("create", "users", {"email": "ada@example.com", "name": "Ada", "password": PASSWORD})
        yield browser, app, do


def code(browser: PlainBrowser, app: Headless) -> str:
    assert browser.client.portal is not None
    browser.client.portal.call(app.core.post.drain)
    assert isinstance(app.mail, Outbox)
    found = re.search(r"[0-9a-f]{64}", app.mail.last.text)
    assert found is not None
    return found[0]


def log_in(browser: PlainBrowser, password: str = PASSWORD) -> PlainBrowser:
    return browser.open("/admin/login").fill(email="ada@example.com", password=password).press("Log in")


def test_a_forgotten_password_is_set_anew_without_javascript() -> None:
    """The log-in leads there. The code is typed in from the mail, and logs in."""
    with opened() as (browser, app, _):
        browser.open("/admin/login")
        assert browser.page.one("a", href="/admin/forgot").text == "Forgotten your password?"
        browser.open("/admin/forgot").fill(email="ada@example.com").press("Send the mail")
        assert "If there is an account" in browser.page.text
        token = code(browser, app)
        assert isinstance(app.mail, Outbox)
        assert f"http://admin.example/admin/reset/users#{token}" in app.mail.last.text
        browser.open("/admin/reset/users").fill(token=token, password=FRESH, again=FRESH).press("Set the password")
        assert browser.url.rstrip("/") == "/admin"
        assert "Your new password is set." in browser.notice()


def test_whoever_is_unknown_is_told_the_same() -> None:
    """And is mailed nothing."""
    with opened() as (browser, app, _):
        browser.open("/admin/forgot").fill(email="eve@example.com").press("Send the mail")
        assert (browser.status, "If there is an account" in browser.page.text) == (200, True)
        assert isinstance(app.mail, Outbox)
        assert app.mail.messages == []


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ({"token": "wrong", "password": FRESH, "again": FRESH}, "Token is either invalid or has expired."),
        ({"password": FRESH, "again": "different"}, "The two passwords are not the same."),
        ({"password": "short", "again": "short"}, "longer than the minimum length of 8"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said(filled: dict[str, str], said: str) -> None:
    """The code stays filled in, and can be used again."""
    with opened() as (browser, app, _):
        browser.open("/admin/forgot").fill(email="ada@example.com").press("Send the mail")
        token = code(browser, app)
        browser.open("/admin/reset/users").fill(**{"token": token, **filled}).press("Set the password")
        assert browser.status in (403, 422)
        assert said in browser.page.text
        assert browser.value("token") == filled.get("token", token)


def test_an_address_is_verified_by_a_button() -> None:
    """A GET uses nothing up: programs that look into mails follow links."""
    with opened() as (browser, app, do):
        do("create", "members", {"email": "mia@example.com", "password": PASSWORD})
        token = code(browser, app)
        browser.open("/admin/verify/members")
        browser.fill(token="wrong").press("Confirm the address")
        assert (browser.status, "Verification token is invalid." in browser.page.text) == (403, True)
        browser.fill(token=token).press("Confirm the address")
        assert "Your address is confirmed" in browser.page.text
        assert do("find", "members").docs[0]["_verified"] is True


@pytest.mark.parametrize("path", ["/admin/reset/posts", "/admin/verify/nothing"])
def test_there_are_such_pages_for_those_who_log_in_only(path: str) -> None:
    """Other collections have none."""
    with opened() as (browser, _, _):
        assert browser.open(path).status == 404


@pytest.mark.parametrize("path", ["/admin/forgot", "/admin/reset/users"])
def test_a_form_of_another_site_does_nothing(path: str) -> None:
    """Whatever it holds."""
    with opened() as (browser, app, _):
        sent = {"email": "ada@example.com", "token": "x", "password": FRESH, "again": FRESH}
        headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert browser.client.post(path, data=sent, headers=headers).status_code == 403
        assert isinstance(app.mail, Outbox)
        assert app.mail.messages == []


def test_ones_own_password_is_changed_with_the_present_one() -> None:
    """This session stays; a wrong one is refused, and counts as at a log-in."""
    with opened() as (browser, _, _):
        log_in(browser).open("/admin/account")
        filled = {"password": FRESH, "again": FRESH}
        browser.fill(current="wrong", **filled).press("Change password")
        assert "The present password is wrong." in browser.page.text
        browser.fill(current=PASSWORD, password=FRESH, again="different").press("Change password")
        assert "The two passwords are not the same." in browser.page.text
        browser.fill(current=PASSWORD, **filled).press("Change password")
        assert "Your new password is set." in browser.notice()
        assert browser.open("/admin").status == 200
        browser.client.cookies.clear()
        assert log_in(browser, FRESH).url.rstrip("/") == "/admin"


def test_other_sessions_are_ended_from_the_account() -> None:
    """One, or all of them; the one that asks stays."""
    with opened() as (browser, _, _):
        body = {"email": "ada@example.com", "password": PASSWORD}
        others = [browser.client.post("/api/users/login", json=body).json()["token"] for _ in range(3)]
        browser.client.cookies.clear()

        def alive() -> list[bool]:
            answers = [browser.client.get("/api/users/me", headers={"authorization": f"JWT {t}"}) for t in others]
            return [answer.json()["user"] is not None for answer in answers]

        log_in(browser).open("/admin/account")
        browser.press("End")
        assert alive().count(True) == 2
        browser.press("End all others")
        assert alive() == [False] * 3
        assert browser.open("/admin/account").status == 200
        assert browser.page.text.count("This one") == 1


def test_an_api_key_is_shown_once() -> None:
    """It works, and can be replaced and switched off."""
    with opened(use_api_key=True) as (browser, _, _):
        log_in(browser).open("/admin/account").press("Make a key")
        key = browser.page.one("main").every("code")[0].text

        def works() -> bool:
            cookies, browser.client.cookies = browser.client.cookies, type(browser.client.cookies)()
            answer = browser.client.get("/api/users/me", headers={"authorization": f"users API-Key {key}"})
            browser.client.cookies = cookies
            return answer.json()["user"] is not None

        assert works()
        assert key not in browser.open("/admin/account").html
        browser.press("Switch it off")
        assert not works()


def test_staff_invite_a_user() -> None:
    """By the form of a new one, without a password; the mail leads to the page that sets it."""
    with opened() as (browser, app, _):
        log_in(browser).open("/admin/collections/users")
        assert browser.page.one("a", href="/admin/collections/users/_invite").text == "Invite…"
        browser.open("/admin/collections/users/_invite")
        assert browser.page.every("input", type="password") == []
        browser.fill(email="not an address").press("Send the invitation")
        assert (browser.status, "valid email" in browser.page.text) == (422, True)
        browser.fill(email="grace@example.com", name="Grace").press("Send the invitation")
        assert "Invited." in browser.notice()
        token = code(browser, app)
        browser.client.cookies.clear()
        browser.open("/admin/reset/users").fill(token=token, password=FRESH, again=FRESH).press("Set the password")
        assert "Grace" in browser.page.one("nav").text or "grace@example.com" in browser.page.one("nav").text
