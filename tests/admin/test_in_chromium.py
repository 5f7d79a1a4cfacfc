"""What JavaScript makes quicker, driven in Chromium; everything works without it too, as the other tests show."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from headless import Collection, Config, fields
from headless.richtext import from_markdown
from tests.admin import ledger, test_globals
from tests.admin.ledger import PASSWORD

pytestmark = pytest.mark.browser

POSTS = "/admin/collections/posts"


class Served:
    """The magazine on a port of its own, and its local API without restrictions."""

    def __init__(self, declared: Config | None = None) -> None:
        self.app = ledger.application(declared)
        self.server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_level="warning", lifespan="on"))
        self.loop: asyncio.AbstractEventLoop
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready = threading.Event()
        self.thread.start()
        assert self.ready.wait(30)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def _run(self) -> None:
        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            startup = self.server.startup

            async def started(sockets: Any = None) -> None:
                await startup(sockets)
                self.ready.set()

            self.server.startup = started  # type: ignore[method-assign]
            await self.server.serve()

        asyncio.run(serve())

    def do(self, name: str, *arguments: Any, **options: Any) -> Any:
        """A call of the local API."""
        call: Coroutine[Any, Any, Any] = getattr(self.app.as_system(), name)(*arguments, **options)
        return asyncio.run_coroutine_threadsafe(call, self.loop).result(30)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.app.hub.close(), self.loop).result(30)
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A magazine with two editors, sixty tags and twelve posts."""
    served = Served()
    for name in ("Ada", "Grace"):
        served.do("create", "users", {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD})
    for number in range(60):
        served.do("create", "tags", {"name": f"Tag {number}"})
    for number in range(1, 13):
        links = [{"label": label} for label in ("Home", "Docs", "Source")]
        served.do("create", "posts", {"title": f"Post {number}", "author": 2, "links": links})
    yield served
    served.stop()


@contextmanager
def editor(browser: Browser, served: Served, name: str, **options: Any) -> Iterator[Page]:
    """A page of a logged-in editor; whatever goes wrong in it fails the test."""
    settings: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
    context = browser.new_context(base_url=served.url, **settings)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: None if request.url.startswith(served.url) else wrong.append(request.url))
    page.goto("/admin/login")
    page.fill("#email", f"{name}@example.com")
    page.fill("#password", PASSWORD)
    page.click("form button")
    expect(page.locator("h1")).to_have_text("Dashboard")
    try:
        yield page
        assert wrong == []
    finally:
        context.close()


def following(page: Page, path: str) -> None:
    """Opens a page and waits until it follows."""
    page.goto(path)
    expect(page.locator("[data-live]")).to_contain_text("Live")


def test_an_open_list_follows_another_editor(browser: Browser, served: Served) -> None:
    """A changed row says who changed it, a new one waits, a deleted one goes, and the navigation counts."""
    with editor(browser, served, "ada") as ada, editor(browser, served, "grace") as grace:
        following(ada, POSTS)
        grace.goto(f"{POSTS}/12")
        grace.fill("#f-title", "Changed by Grace")
        grace.click(".sticky button")
        row = ada.locator("#r-12")
        expect(row).to_have_class("live")
        expect(row).to_contain_text("Changed by Grace")
        expect(row.locator(".by")).to_contain_text("Grace changed this")
        grace.goto(f"{POSTS}/create")
        grace.fill("#f-title", "Fresh")
        grace.click(".sticky button")
        expect(grace.locator(".notice.ok")).to_have_text("Created.")
        expect(ada.locator("[data-news]")).to_have_text("1 new")
        expect(ada.locator("nav [data-count=posts]")).to_have_text("13")
        grace.click("text=Delete…")
        grace.click("main button")
        expect(ada.locator("[data-news]")).to_be_hidden()
        expect(ada.locator("nav [data-count=posts]")).to_have_text("12")
        served.do("delete", "posts", 11)
        expect(ada.locator("#r-11")).to_have_count(0)
        served.do("create", "posts", {"title": "Post 11", "author": 2})


def test_ones_own_change_is_not_violet(browser: Browser, served: Served) -> None:
    """Violet is for other people."""
    with editor(browser, served, "ada") as ada:
        following(ada, POSTS)
        other = ada.context.new_page()
        other.goto(f"{POSTS}/10")
        other.fill("#f-title", "Changed by Ada")
        other.click(".sticky button")
        expect(ada.locator("#r-10")).to_have_class("mine")
        expect(ada.locator("#r-10 .by")).to_have_count(0)


def test_a_storm_of_changes_is_shown_calmly(browser: Browser, served: Served) -> None:
    """At most five paints a second, and the last state is the one that stays."""
    with editor(browser, served, "ada") as ada:
        following(ada, POSTS)
        ada.evaluate(
            """() => {
              window.paints = 0
              const rows = document.querySelector("tbody")
              new MutationObserver(() => window.paints++).observe(rows, { childList: true })
            }"""
        )
        for number in range(200):
            served.do("update", "posts", 9, {"title": f"Storm {number}"})
        expect(ada.locator("#r-9 th a")).to_have_text("Storm 199")
        assert ada.evaluate("window.paints") < 100


def test_rows_are_added_moved_and_copied_in_place(browser: Browser, served: Served) -> None:
    """Without a request but for the fresh row; what is saved is the order of the page."""
    with editor(browser, served, "ada") as ada:
        ada.goto(f"{POSTS}/8")
        ada.click("text=Add link")
        expect(ada.locator("[data-row]")).to_have_count(4)
        ada.keyboard.type("Fourth")
        expect(ada.locator("[data-row] summary b").nth(3)).to_have_text("Fourth")
        ada.locator("[data-row]").nth(3).locator("button[value^='up:']").click()
        ada.locator("[data-row]").nth(0).locator(".acts button[value^='copy:']").click()
        for row in ada.locator("[data-row] > summary").all():
            row.click()
        grip, target = ada.locator(".grip").nth(4).bounding_box(), ada.locator(".grip").nth(0).bounding_box()
        assert grip is not None
        assert target is not None
        ada.mouse.move(grip["x"] + 4, grip["y"] + 4)
        ada.mouse.down()
        ada.mouse.move(target["x"] + 4, target["y"] + 60, steps=8)
        ada.mouse.move(target["x"] + 4, target["y"] + 2, steps=8)
        ada.mouse.up()
        shown = ada.locator("[data-row] > summary b").all_inner_texts()
        assert shown == ["Source", "Home", "Home", "Docs", "Fourth"]
        ada.click(".sticky button")
        expect(ada.locator(".notice.ok")).to_have_text("Saved.")
        stored = served.do("get", "posts", 8, depth=0)["links"]
        assert [row["label"] for row in stored] == shown
        assert len({row["id"] for row in stored}) == 5


def test_documents_are_found_while_one_types(browser: Browser, served: Served) -> None:
    """What was chosen stays chosen."""
    with editor(browser, served, "ada") as ada:
        ada.goto(f"{POSTS}/7")
        search = ada.get_by_label("Search Tags")
        search.fill("tag 37")
        ada.locator("[data-f=tags]").get_by_label("Tag 37").check()
        search.fill("tag 5")
        ada.locator("[data-f=tags]").get_by_label("Tag 53").check()
        search.press("Enter")
        expect(ada.locator("[data-f=tags] input:checked")).to_have_count(2)
        ada.click(".sticky button")
        assert served.do("get", "posts", 7, depth=0)["tags"] == [38, 54]


def test_leaving_with_unsaved_changes_is_asked_about(browser: Browser, served: Served) -> None:
    """Only then."""
    with editor(browser, served, "ada") as ada:
        asked: list[str] = []

        def answer(dialog: Any) -> None:
            asked.append(dialog.type)
            dialog.accept()

        ada.on("dialog", answer)
        ada.goto(f"{POSTS}/6")
        ada.goto(POSTS)
        assert asked == []
        ada.goto(f"{POSTS}/6")
        ada.fill("#f-title", "Not kept")
        ada.goto(POSTS)
        assert asked == ["beforeunload"]


def test_errors_are_gone_to_and_go(browser: Browser, served: Served) -> None:
    """The summary has the focus, its links open what is folded, a mended field is no longer red."""
    with editor(browser, served, "ada") as ada:
        ada.goto(f"{POSTS}/5")
        ada.fill("#f-title", "")
        ada.fill("#f-links-1-label", "")
        ada.keyboard.press("Control+s")
        expect(ada.locator("#problems")).to_be_focused()
        ada.click("text=Search >> nth=0")
        ada.click("#problems a >> nth=1")
        expect(ada.locator("#f-links-1-label")).to_be_focused()
        ada.fill("#f-links-1-label", "Docs")
        expect(ada.locator(".bad")).to_have_count(1)


def test_an_open_form_hears_of_another_editor(browser: Browser, served: Served) -> None:
    """Before one saves; and what both changed is shown, not lost."""
    with editor(browser, served, "ada") as ada, editor(browser, served, "grace") as grace:
        ada.goto(f"{POSTS}/4")
        ada.fill("#f-title", "Ada's")
        grace.goto(f"{POSTS}/4")
        grace.fill("#f-title", "Grace's")
        grace.click(".sticky button")
        expect(ada.locator("[data-elsewhere]")).to_contain_text("Grace changed this while you have it open.")
        ada.click(".sticky button")
        expect(ada.locator(".theirs")).to_contain_text("Grace's")
        assert ada.input_value("#f-title") == "Ada's"


def test_an_open_form_of_a_global_hears_of_another_editor(browser: Browser) -> None:
    """Its rows are added without a reload, and what another one saved meanwhile is told."""
    served = Served(test_globals.magazine())
    try:
        for name in ("Ada", "Grace"):
            served.do("create", "users", {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD})
        with editor(browser, served, "ada") as ada, editor(browser, served, "grace") as grace:
            ada.goto(test_globals.PATH)
            ada.click("text=Add row")
            ada.fill("[name$='.word']", "ink")
            grace.goto(test_globals.PATH)
            grace.fill("#f-title", "Grace's")
            grace.click(".sticky button")
            expect(ada.locator("[data-elsewhere]")).to_contain_text("Grace changed this while you have it open.")
            ada.click(".sticky button")
            expect(ada.locator(".notice").first).to_contain_text("Somebody else changed this")
            ada.click(".sticky button")
            expect(ada.locator(".notice.ok")).to_have_text("Saved.")
        stored = served.do("find_global", "header")
        assert (stored["title"], [row["word"] for row in stored["seo"]["words"]]) == ("Grace's", ["ink"])
    finally:
        served.stop()


def test_the_keyboard_is_enough(browser: Browser, served: Served) -> None:
    """Two Tabs to the first row or the first field, by the skip link; Escape closes a menu."""
    with editor(browser, served, "ada") as ada:
        ada.goto(f"{POSTS}/3")
        ada.keyboard.press("Tab")
        expect(ada.get_by_text("Skip to content")).to_be_focused()
        ada.keyboard.press("Enter")
        ada.keyboard.press("Tab")
        expect(ada.locator("#f-title")).to_be_focused()
        ada.goto(POSTS)
        ada.keyboard.press("Tab")
        ada.keyboard.press("Enter")
        ada.keyboard.press("Tab")
        expect(ada.locator("tbody a").first).to_be_focused()
        ada.locator("summary", has_text="Columns").focus()
        ada.keyboard.press("Enter")
        expect(ada.locator("details.menu[open]")).to_have_count(1)
        ada.keyboard.press("Escape")
        expect(ada.locator("details.menu[open]")).to_have_count(0)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("dark", 390), ("light", 320)])
def test_every_page_is_for_everybody(browser: Browser, served: Served, theme: Any, width: int) -> None:
    """No violation that axe knows of, and nothing to scroll sideways, in both themes and three widths."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    size = {"width": width, "height": 900}

    def check(page: Page, name: str) -> None:
        found = axe.run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    body = from_markdown("# Title\n\n- [ ] to do\n- [link](/x) `code` <mark>m</mark>\n\n> said\n\n" + "long" * 100)
    served.do("update", "posts", 2, {"body": body})
    with editor(browser, served, "ada", viewport=size, color_scheme=theme, bypass_csp=True) as ada:
        check(ada, "dashboard")
        for path in (POSTS, f"{POSTS}?where[and][0][status][equals]=draft&q=post", f"{POSTS}?q=zz", f"{POSTS}?sort=x"):
            ada.goto(path)
            check(ada, path)
        ada.goto(POSTS)
        for menu in ada.locator("details.menu summary").all():
            menu.click()
            check(ada, "menu")
        for path in (
            f"{POSTS}/2",
            f"{POSTS}/create",
            f"{POSTS}/2/delete",
            "/admin/collections/users/1",
            "/admin/collections/users/_invite",
            "/admin/account",
            "/admin/nothing",
        ):
            ada.goto(path)
            for fold in ada.locator(".seen summary").all():
                fold.click()
            check(ada, path)
        ada.goto(f"{POSTS}/create")
        ada.click(".sticky button")
        check(ada, "errors")
        ada.goto("/admin")
        ada.click("text=Log out")
        check(ada, "log-in")
        for path in ("/admin/forgot", "/admin/reset/users", "/admin/reset/users#code", "/admin/verify/users"):
            ada.goto(path)
            check(ada, path)


def test_rich_text_is_marked_by_buttons_and_seen_as_it_reads(browser: Browser, served: Served) -> None:
    """Buttons and keys write Markdown, which undoing takes back; the bar is one stop; the preview follows."""
    with editor(browser, served, "ada") as page:
        page.goto(f"{POSTS}/5")
        box = page.locator("#f-body")
        box.fill("hello world")
        page.evaluate("document.querySelector('#f-body').setSelectionRange(6, 11)")
        page.click("[data-mark=bold]")
        expect(box).to_have_value("hello **world**")
        page.keyboard.press("Control+i")
        expect(box).to_have_value("hello ***world***")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+b")
        expect(box).to_have_value("hello world")
        page.keyboard.press("Control+k")
        page.keyboard.type("/there")
        expect(box).to_have_value("hello [world](/there)")
        page.click("[data-mark=bullet]")
        expect(box).to_have_value("- hello [world](/there)")
        page.click("[data-mark=number]")
        page.click(".seen summary")
        expect(page.locator(".seen a")).to_have_attribute("href", "/there")
        box.press("End")
        page.keyboard.type(" **again**")
        expect(page.locator(".seen li strong")).to_have_text("again")
        page.focus("[data-mark=bold]")
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-mark=italic]")).to_be_focused()
        page.keyboard.press("End")
        expect(page.locator("[data-mark=quote]")).to_be_focused()
        page.keyboard.press("Tab")
        expect(box).to_be_focused()
        page.click(".sticky button")
        expect(page.locator(".notice.ok")).to_have_text("Saved.")
        expect(box).to_have_value("1. hello [world](/there) **again**")


def test_blocks_are_put_into_rich_text_by_buttons(browser: Browser) -> None:
    """One by itself between empty lines, one in a line where the cursor is; what is to be filled in is marked."""
    quote = fields.Block("quote", fields=[fields.Text("words", required=True)])
    mention = fields.Block("mention", fields=[fields.Relationship("who", relation_to="users")])
    notes = Collection("notes", fields=[fields.RichText("body", blocks=[quote], inline_blocks=[mention])])
    served = Served(ledger.config().replace(collections=(notes, ledger.USERS)))
    served.do("create", "users", {"name": "Ada", "email": "ada@example.com", "password": PASSWORD})
    try:
        with editor(browser, served, "ada") as page:
            page.goto("/admin/collections/notes/create")
            box = page.locator("#f-body")
            box.fill("Ask .\n\nEnd")
            page.evaluate("document.querySelector('#f-body').setSelectionRange(4, 4)")
            page.click("text=+ Mention")
            page.keyboard.type("1")
            page.evaluate(
                "at => document.querySelector('#f-body').setSelectionRange(at, at)", len(box.input_value()) - 5
            )
            page.click("text=+ Quote")
            page.keyboard.type("At last")
            expect(box).to_have_value(
                'Ask [mention](<block:{"who":1}>).\n\n```block quote\n{\n  "words": "At last"\n}\n```\n\nEnd'
            )
            page.click(".sticky button")
            expect(page.locator(".notice.ok")).to_be_visible()
            page.click("text=see how it reads")
            expect(page.locator(".rich p.ref")).to_have_text("Quote · Words At last")
            box.fill("```block quote\n{}\n```")
            page.click(".sticky button")
            expect(page.locator("[data-f=body] .err")).to_have_text("Block 1 (Quote) > Words: This field is required.")
            expect(box).to_have_attribute("aria-invalid", "true")
    finally:
        served.stop()
