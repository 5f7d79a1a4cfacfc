"""The reference's forms, driven in Chromium: they send with the session and show the answer."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from headless import Headless
from headless.security.passwords import LIGHT, Passwords
from tests.openapi.library import config

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"


class Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, app: Headless) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
        self.ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """The library on a port of its own, and the token of its first user."""
    declared = config().replace(database="sqlite:///:memory:", secret="x" * 40, server_url=None)
    server = Server(Headless(declared, passwords=Passwords(LIGHT)))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    assert server.ready.wait(30)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    first = {"email": "ada@example.com", "password": PASSWORD}
    token = httpx2.post(f"{url}/api/users/first-register", json=first).json()["token"]
    yield url, token
    server.should_exit = True
    thread.join(30)


@contextmanager
def opened(browser: Browser, served: tuple[str, str], path: str, **options: Any) -> Iterator[Page]:
    """A page with a session, if `session` does not say otherwise; whatever goes wrong in it fails the test."""
    url, token = served
    session = options.pop("session", True)
    context = browser.new_context(base_url=url, **{"viewport": {"width": 1440, "height": 900}, **options})
    if session:
        context.add_cookies([{"name": "payload-token", "value": token, "url": url}])
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: None if request.url.startswith(url) else wrong.append(request.url))
    page.goto(path)
    yield page
    assert not wrong
    context.close()


def form(page: Page, id: str) -> Any:
    """The form of an operation, unfolded."""
    operation = page.locator(f"#{id}")
    if operation.get_attribute("open") is None:
        operation.locator("> summary").click()
    operation.locator(".try > summary").click()
    return operation.locator(".try form")


def test_a_call_is_sent_with_the_session(browser: Browser, served: tuple[str, str]) -> None:
    """A create with the example as its body, then a query in brackets that finds what was created."""
    with opened(browser, served, "/api/docs/notes#createNotes") as page:
        create = form(page, "createNotes")
        create.locator("textarea").fill('{"whisper": "psst"}')
        create.get_by_role("button", name="Send POST").click()
        expect(create.locator(".answer .notice b")).to_have_text("201 Created")
        find = form(page, "findNotes")
        find.locator("[name=where]").fill("where[whisper][like]=psst")
        find.locator("[name=limit]").fill("5")
        find.get_by_role("button", name="Send GET").click()
        expect(find.locator(".answer .notice b")).to_have_text("200 OK")
        shown = json.loads(find.locator(".answer > pre").inner_text())
        assert (shown["limit"], [doc["whisper"] for doc in shown["docs"]]) == (5, ["psst"])
        assert "where[whisper][like]=psst" in find.locator(".answer details pre").text_content()


def test_what_is_refused_is_shown(browser: Browser, served: tuple[str, str]) -> None:
    """With its status and what the server says of it; parameters of the path are written into it."""
    with opened(browser, served, "/api/docs/notes#getNotes") as page:
        get = form(page, "getNotes")
        get.locator("[name=id]").fill("99")
        get.get_by_role("button").first.click()
        expect(get.locator(".answer .notice b")).to_have_text("404 Not Found")
        expect(get.locator(".answer > pre")).to_contain_text("Not Found")


def test_a_token_goes_before_the_session(browser: Browser, served: tuple[str, str]) -> None:
    """Nobody's session, and a token that is somebody's."""
    with opened(browser, served, "/api/docs/users#meUsers", session=False) as page:
        me = form(page, "meUsers")
        me.get_by_role("button").first.click()
        expect(me.locator(".answer > pre")).to_contain_text('"user": null')
        page.fill("#token", served[1])
        me.get_by_role("button").first.click()
        expect(me.locator(".answer > pre")).to_contain_text("ada@example.com")
        assert served[1] not in me.locator(".answer details pre").text_content()


def test_a_stream_is_followed_until_it_is_stopped(browser: Browser, served: tuple[str, str]) -> None:
    """Its events are shown as they come."""
    with opened(browser, served, "/api/docs/notes#watch_listNotes") as page:
        stream = form(page, "watchListNotes")
        stream.locator("[name=snapshot]").fill("true")
        stream.get_by_role("button", name="Send GET").click()
        expect(stream.locator(".answer > pre")).to_contain_text("event: snapshot")
        stream.get_by_role("button", name="Stop").click()
        expect(stream.get_by_role("button", name="Send GET")).to_be_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_everybody_can_use_it(browser: Browser, served: tuple[str, str], scheme: str, width: int) -> None:
    """No violation that axe knows of, and nothing to scroll sideways, in both themes and two widths."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    size = {"width": width, "height": 844}
    for path in ("/api/docs", "/api/docs/books#createBooks", "/api/docs/schemas"):
        with opened(browser, served, path, viewport=size, color_scheme=scheme, bypass_csp=True) as page:
            if "#" in path:
                form(page, "createBooks")
            found = axe.run(page).response["violations"]
            assert not found, [(each["id"], [node["html"][:120] for node in each["nodes"][:2]]) for each in found]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
