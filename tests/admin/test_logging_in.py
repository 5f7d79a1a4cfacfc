"""The door: the first user, logging in and out, and who gets no further."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.admin.ledger import PASSWORD, application, log_in, opened
from tests.admin.plain_browser import PlainBrowser

PAGES = [
    "/admin",
    "/admin/collections/posts",
    "/admin/collections/posts/create",
    "/admin/collections/posts/1",
    "/admin/_counts",
]


def test_the_first_user_is_made_in_the_browser() -> None:
    """An empty application leads everybody to the form, which works once."""
    with opened(users=False) as (browser, api):
        browser.open("/admin/collections/posts")
        assert browser.url == "/admin/create-first-user"
        browser.fill(email="ada@example.com", password=PASSWORD, password___again=PASSWORD, name="Ada").press(
            "Create user"
        )
        assert browser.url in ("/admin", "/admin/")
        assert "You are the first user" in browser.notice()
        assert "Ada" in browser.page.one("nav").text
        assert api.count("users") == 1
        browser.client.cookies.clear()
        assert browser.open("/admin/create-first-user").url == "/admin/login"
        browser.client.post("/admin/create-first-user", data={"email": "eve@example.com", "password": PASSWORD})
        assert api.count("users") == 1


def test_a_first_user_without_a_password_is_told_so() -> None:
    """Values are kept, the error is beside the field and in the summary."""
    with opened(users=False) as (browser, _):
        browser.open("/admin/create-first-user").fill(email="ada@example.com").press("Create user")
        assert browser.status == 422
        assert browser.value("email") == "ada@example.com"
        assert "Password" in browser.problems()
        assert browser.input("password")["aria-invalid"] == "true"


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_logged_in_is_led_to_the_log_in(path: str) -> None:
    """And from there back to the page."""
    with opened() as (browser, api):
        api.create("posts", {"title": "First"})
        browser.open(path)
        assert browser.url.startswith("/admin/login")
        browser.fill(email="ada@example.com", password=PASSWORD).press("Log in")
        assert browser.url.rstrip("/") == path
        assert browser.status == 200


def test_a_wrong_password_says_nothing_of_the_user() -> None:
    """The same words for a wrong password and for a user that does not exist; the address is kept."""
    with opened() as (browser, _):
        log_in(browser, password="wrong")
        known = browser.problems()
        assert browser.status == 401
        assert browser.value("email") == "ada@example.com"
        log_in(browser, "nobody@example.com")
        assert browser.problems() == known != ""


def test_logging_out_ends_the_session() -> None:
    """The cookie is worth nothing afterwards."""
    with opened() as (browser, _):
        log_in(browser)
        kept = browser.client.cookies["payload-token"]
        browser.press("Log out")
        assert browser.url == "/admin/login"
        assert "logged out" in browser.notice()
        browser.client.cookies.set("payload-token", kept)
        assert browser.open("/admin").url.startswith("/admin/login")


def test_a_link_to_the_log_out_logs_nobody_out() -> None:
    """Only the form does."""
    with opened() as (browser, _):
        log_in(browser).open("/admin/logout")
        assert browser.open("/admin").status == 200


def test_users_of_another_collection_get_no_further() -> None:
    """Being logged in is not enough."""
    with opened() as (browser, api):
        api.create("readers", {"name": "Eve", "email": "eve@example.com", "password": PASSWORD})
        browser.client.post("/api/readers/login", json={"email": "eve@example.com", "password": PASSWORD})
        for path in PAGES:
            assert browser.open(path).status == 403
        assert "Posts" not in browser.html


def test_a_form_of_another_site_logs_nobody_in() -> None:
    """Nor does it register anybody."""
    with opened() as (browser, _):
        sent = {"email": "ada@example.com", "password": PASSWORD}
        answer = browser.client.post("/admin/login", data=sent, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
        assert "payload-token" not in browser.client.cookies


def test_a_form_of_another_site_changes_nothing() -> None:
    """The cookie does not count for it, so it is led to the log-in."""
    with opened() as (browser, api):
        api.create("posts", {"title": "First"})
        log_in(browser)
        for path in (
            "/admin/collections/posts/1/delete",
            "/admin/collections/posts/1",
            "/admin/collections/posts/create",
        ):
            headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
            answer = browser.client.post(path, data={"title": "Evil"}, headers=headers)
            assert answer.headers["location"] == "/admin/login"
        assert api.get("posts", 1)["title"] == "First"
        assert api.count("posts") == 1


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/admin/..//evil.example", "/api/posts"]
)
def test_the_log_in_leads_nowhere_else(wanted: str) -> None:
    """Logged in and out, by link and by form."""
    with opened() as (browser, _):
        for _ in range(2):
            answer = browser.client.get("/admin/login", params={"next": wanted})
            assert "evil" not in answer.headers.get("location", "")
            assert "/api/" not in answer.headers.get("location", "")
            sent = {"email": "ada@example.com", "password": PASSWORD, "next": wanted}
            assert browser.client.post("/admin/login", data=sent).headers["location"] == "/admin"


def test_every_answer_is_guarded() -> None:
    """A strict policy, nothing framed, nothing kept, and no script or style in the page itself."""
    with opened() as (browser, api):
        api.create("posts", {"title": "First", "links": [{"label": "Home"}]})
        browser.open("/admin/login")
        pages = ["/admin/login", *PAGES, "/admin/collections/posts/1/delete", "/admin/nothing"]
        log_in(browser)
        for path in pages:
            browser.open(path)
            policy = browser.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert browser.headers["cache-control"] == "no-store"
            assert browser.headers["x-content-type-options"] == "nosniff"
            assert not browser.page.every("style")
            assert not any(script.text for script in browser.page.every("script"))
            assert not any(
                name == "style" or name.startswith("on") for each in browser.page.every() for name in each.attributes
            )


def test_other_methods_are_refused() -> None:
    """A page is opened or sent, nothing else."""
    with opened() as (browser, _):
        log_in(browser)
        assert browser.client.request("DELETE", "/admin/collections/posts").status_code == 405


def test_the_admin_works_inside_another_application() -> None:
    """Mounted below a path, every address it makes is below that path."""
    app = application()
    outer = Starlette(routes=[Mount("/cms", app)])
    with PlainBrowser(outer) as browser:
        assert browser.open("/cms/admin").url == "/cms/admin/create-first-user"
        browser.fill(email="ada@example.com", password=PASSWORD, password___again=PASSWORD).press("Create user")
        assert browser.url.rstrip("/") == "/cms/admin"
        browser.follow("New tag").fill(name="Ink").press("Create")
        assert browser.url == "/cms/admin/collections/tags/1"
        addresses = [each["href"] or each["src"] for each in browser.page.every() if each["href"] or each["src"]]
        assert all(address.startswith(("/cms/admin", "#")) for address in addresses)
        assert all(browser.client.get(script["src"]).status_code == 200 for script in browser.page.every("script"))
