"""The application under test: a small magazine with every type of field, two editors and a reader."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headless import Collection, Config, Headless, authenticated, fields, nobody, staff
from headless.security.passwords import LIGHT, Passwords
from tests.admin.plain_browser import PlainBrowser

PASSWORD = "correct horse"

USERS = Collection(
    "users",
    auth=True,
    admin={"use_as_title": "name", "group": "People"},
    fields=[fields.Text("name")],
)
READERS = Collection("readers", auth=True, access=staff, fields=[fields.Text("name")])
TAGS = Collection("tags", admin={"use_as_title": "name"}, fields=[fields.Text("name", required=True)])
POSTS = Collection(
    "posts",
    admin={"use_as_title": "title", "default_columns": ["title", "author", "status", "featured", "updatedAt"]},
    fields=[
        fields.Text("title", required=True, max_length=60),
        fields.Row(fields=[fields.Number("rating", min=0, max=10), fields.Email("contact")]),
        fields.Textarea("summary", admin={"description": "One or two sentences."}),
        fields.RichText("body"),
        fields.Tabs(tabs=[
            fields.Tab(label="Links", fields=[
                fields.Array("links", labels={"singular": "Link", "plural": "Links"}, fields=[
                    fields.Text("label", required=True),
                    fields.Text("url"),
                    fields.Array("notes", fields=[fields.Text("note")]),
                ]),
            ]),
            fields.Tab("seo", label="Search", fields=[fields.Text("title"), fields.Textarea("description")]),
            fields.Tab(label="More", fields=[
                fields.Json("meta"),
                fields.Collapsible("Folded", fields=[fields.Text("inside")]),
            ]),
        ]),
        fields.Group("address", fields=[fields.Text("street"), fields.Text("city", required=False)]),
        fields.Select("status", options=["draft", "published"], default_value="draft", admin={"position": "sidebar"}),
        fields.Select("channels", options=["web", "mail"], has_many=True),
        fields.Radio("layout", options=["wide", "narrow"]),
        fields.Relationship("author", relation_to="users"),
        fields.Relationship("tags", relation_to="tags", has_many=True),
        fields.Relationship("related", relation_to=["posts", "tags"]),
        fields.Checkbox("featured"),
        fields.Text("featuredNote", admin={"condition": lambda data, siblings, context: bool(data.get("featured"))}),
        fields.Date("publishedAt"),
        fields.Text("slug", unique=True),
        fields.Text("internal", access={"read": nobody, "create": nobody, "update": nobody}),
        fields.Text("reviewed", access={"update": nobody}),
    ],
)  # fmt: skip
MESSAGES = Collection(
    "messages",
    access={"read": {"sender": {"equals": "$user.id"}}, "create": authenticated, "update": nobody, "delete": nobody},
    fields=[fields.Relationship("sender", relation_to="users"), fields.Text("content", required=True)],
)


def config(**options: Any) -> Config:
    """The magazine's declaration."""
    return Config(
        collections=(POSTS, TAGS, MESSAGES, USERS, READERS),
        database="sqlite:///:memory:",
        secret="a secret of the tests, long enough",
        admin={"name": "Ledger"},
        **options,
    )


def application(declared: Config | None = None) -> Headless:
    """The magazine."""
    return Headless(declared or config(), passwords=Passwords(LIGHT))


@contextmanager
def opened(declared: Config | None = None, *, users: bool = True) -> Iterator[tuple[PlainBrowser, Any]]:
    """A browser at the magazine, and its local API without restrictions for calls from the test's thread."""
    app = application(declared)
    with PlainBrowser(app) as browser:
        api = System(app, browser)
        if users:
            api.create("users", {"name": "Ada", "email": "ada@example.com", "password": PASSWORD})
            api.create("users", {"name": "Grace", "email": "grace@example.com", "password": PASSWORD})
        yield browser, api


def log_in(browser: PlainBrowser, email: str = "ada@example.com", password: str = PASSWORD) -> PlainBrowser:
    """Logs in by the form."""
    browser.open("/admin/login")
    return browser.fill(email=email, password=password).press("Log in")


class System:
    """The local API without restrictions, called from the test's thread."""

    def __init__(self, app: Headless, browser: PlainBrowser) -> None:
        self.app = app
        self._browser = browser

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            portal = self._browser.client.portal
            assert portal is not None

            async def run() -> Any:
                return await asyncio.wait_for(getattr(self.app.as_system(), name)(*arguments, **options), 30)

            return portal.call(run)

        return call
