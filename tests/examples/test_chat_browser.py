"""The chat in Chromium: two windows as two people, the admin beside them, and a line that drops."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.examples.running import Demo, demo
from tests.services import free_port

pytestmark = pytest.mark.browser

Open = Callable[[str], Page]

ARTICLE = """<!doctype html><ol></ol><script>
const list = document.querySelector("ol");
let messages = [];
const eventSource = new EventSource("SERVER/api/messages/sse");
eventSource.onmessage = (event) => {
  const data = JSON.parse(event.data);
  messages = [...messages, data];
  list.replaceChildren(...messages.flat().map((message) => {
    const item = document.createElement("li");
    item.textContent = `${message.sender.email} to ${message.receiver.email}: ${message.content}`;
    return item;
  }));
};
const send = (content) => fetch("SERVER/api/messages", {
  method: "POST", headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ content, sender: 1, receiver: 1 }),
}).then((answer) => answer.status);
</script>"""
"""What the article's client does with its stream and its form, without React."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("demo"), "--port", "0") as running:
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens pages that may not log an error."""
    complaints: list[str] = []
    context = browser.new_context(locale="en-GB")

    def opened(url: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield opened
    context.close()
    assert complaints == []


def chat(open_page: Open, running: Demo, who: int) -> Page:
    """The chat as one of the two, connected."""
    page = open_page(f"{running.address}/chat?as={who}")
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


def say(page: Page, text: str) -> None:
    """Types a message and sends it by the Enter key."""
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def test_a_message_typed_in_one_window_is_in_the_other(open_page: Open, running: Demo) -> None:
    """At once, without a reload; one's own is marked in words too, and the field is ready for the next."""
    ada, grace = chat(open_page, running, 1), chat(open_page, running, 2)
    say(ada, "Are you there?")
    expect(grace.get_by_role("listitem").last).to_contain_text("ada@example.com to you")
    expect(grace.get_by_role("listitem").last).to_contain_text("Are you there?")
    expect(ada.get_by_role("listitem").last).to_contain_text("You to grace@example.com")
    expect(ada.get_by_role("listitem").last).to_have_class("own")
    expect(ada.get_by_label("Message", exact=True)).to_have_value("")
    expect(ada.get_by_label("Message", exact=True)).to_be_focused()
    say(grace, "Here I am.")
    expect(ada.get_by_role("listitem").last).to_contain_text("Here I am.")


def test_edits_and_deletions_show_in_place(open_page: Open, running: Demo) -> None:
    """What is changed by the API changes where it stands, and is marked; what is deleted goes."""
    api = f"{running.address}/api/messages"
    page = chat(open_page, running, 1)
    count = page.get_by_role("listitem").count()
    message = httpx2.post(api, json={"sender": 2, "receiver": 1, "content": "helo"}).json()["doc"]
    item = page.locator(f"#message-{message['id']}")
    expect(item).to_contain_text("helo")
    httpx2.patch(f"{api}/{message['id']}", json={"content": "hello"})
    expect(item).to_contain_text("hello")
    expect(item.get_by_text("edited")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(count + 1)
    httpx2.delete(f"{api}/{message['id']}")
    expect(page.get_by_role("listitem")).to_have_count(count)


def test_what_users_write_is_text(open_page: Open, running: Demo) -> None:
    """Markup in a message is shown, not obeyed: by the server's page and by the script."""
    evil = "<img src=x onerror=\"document.body.textContent='owned'\"><b>bold</b>"
    page = chat(open_page, running, 1)
    say(page, evil)
    expect(page.get_by_role("listitem").last.locator(".text")).to_have_text(evil)
    again = chat(open_page, running, 2)
    expect(again.get_by_role("listitem").last.locator(".text")).to_have_text(evil)
    assert page.locator("img").count() + again.locator("img").count() == 0


def test_what_cannot_be_sent_is_said_and_kept(open_page: Open, running: Demo) -> None:
    """The reason stands below the field, is announced, and what was typed is still there."""
    page = chat(open_page, running, 1)
    page.evaluate("document.querySelector('#content').removeAttribute('maxlength')")
    say(page, "x" * 2001)
    expect(page.get_by_role("alert")).to_contain_text("max length of 2000")
    expect(page.get_by_label("Message", exact=True)).to_have_value("x" * 2001)
    say(page, "short enough")
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_reader_of_older_messages_stays_where_he_is(open_page: Open, running: Demo) -> None:
    """New ones are announced by a button that leads to them."""
    api = f"{running.address}/api/messages"
    for number in range(30):
        httpx2.post(api, json={"sender": 2, "receiver": 1, "content": f"filling the page {number}"})
    page = chat(open_page, running, 1)
    log = page.get_by_role("log")
    log.evaluate("log => { log.scrollTop = -400 }")
    httpx2.post(api, json={"sender": 2, "receiver": 1, "content": "below the edge"})
    expect(page.get_by_role("button", name="New messages below")).to_be_visible()
    assert log.evaluate("log => log.scrollTop") < -300
    page.get_by_role("button", name="New messages below").click()
    expect(page.get_by_text("below the edge")).to_be_in_viewport()
    expect(page.get_by_role("button", name="New messages below")).to_be_hidden()


def test_a_line_that_drops_is_said_and_taken_up_again(open_page: Open, tmp_path: Path) -> None:
    """While the server is away the page says so; when it is back the page is live by itself and has what it missed."""
    port = str(free_port())
    with demo(tmp_path, "--port", port) as first:
        page = chat(open_page, first, 1)
        first.end()
        expect(page.get_by_role("status")).to_have_text("Reconnecting …")
        say(page, "into the void")
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    with demo(tmp_path, "--port", port) as second:
        missed = {"sender": 2, "receiver": 1, "content": "while you were away"}
        httpx2.post(f"{second.address}/api/messages", json=missed)
        expect(page.get_by_role("status")).to_have_text("Live", timeout=30_000)
        expect(page.get_by_role("listitem").last).to_contain_text("while you were away")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("listitem").last).to_contain_text("into the void")


def test_the_page_fits_a_telephone(browser: Browser, running: Demo) -> None:
    """At 390 pixels nothing is cut off sideways and everything can be reached, in both schemes."""
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        page = context.new_page()
        for path in ("/chat?as=1", "/"):
            page.goto(running.address + path)
            assert page.evaluate("document.documentElement.scrollWidth") == 390
        context.close()


def test_without_a_script_one_reads_and_writes(browser: Browser, running: Demo) -> None:
    """The page shows the messages, sends by its form, and says how to see new ones."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{running.address}/chat?as=2")
    say(page, "sent by a plain form")
    expect(page.get_by_role("listitem").last).to_contain_text("You to ada@example.com")
    expect(page.get_by_role("listitem").last).to_contain_text("sent by a plain form")
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    expect(page.get_by_role("status")).to_be_hidden()
    context.close()


@contextlib.contextmanager
def page_elsewhere(html: str) -> Iterator[str]:
    """Serves one page from another origin, port 5173 as in the article unless that is taken."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    try:
        server = ThreadingHTTPServer(("127.0.0.1", 5173), Elsewhere)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_the_articles_client_works_from_its_own_origin(open_page: Open, running: Demo) -> None:
    """A page on another port posts with a preflight and without credentials, and hears arrays of messages."""
    with page_elsewhere(ARTICLE.replace("SERVER", running.address)) as url:
        page = open_page(url)
        expect(page.get_by_role("listitem")).to_have_count(10)
        assert page.evaluate("send('from the article')") == 201
        expect(page.get_by_role("listitem")).to_have_count(11)
        expect(page.get_by_role("listitem").last).to_have_text("ada@example.com to ada@example.com: from the article")
