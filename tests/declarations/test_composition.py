"""Putting an application together: configs, plugins, endpoints, and living inside or beside other applications."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from headless import Collection, Config, ConfigError, Endpoint, Global, Headless, Request, authenticated, fields, plugin
from headless.testing import TestClient

NOTES = Collection("notes", access="anyone", fields=[fields.Text("title")])
SECRET = "a secret for tests that is long enough"


def test_a_config_is_changed_by_copies() -> None:
    """`replace` and the `with_…` methods leave the original as it was."""
    config = Config(collections=[NOTES])
    other = Collection("others", fields=[fields.Text("t")])
    again = Collection("notes", fields=[fields.Text("changed")])
    assert config.replace(default_depth=5).default_depth == 5
    assert config.default_depth == 2
    assert [c.slug for c in config.with_collections(other).collections] == ["notes", "others"]
    assert config.with_collections(again, other).collections == (again, other)
    header, footer = Global("header", fields=[]), Global("footer", fields=[])
    config_of_two = config.with_globals(header).with_globals(footer, Global("header", label="Top", fields=[]))
    assert [(one.slug, one.title) for one in config_of_two.globals] == [("header", "Top"), ("footer", "Footer")]
    endpoint = Endpoint("get", "/x", print)
    assert config.with_endpoints(endpoint).with_endpoints(endpoint).endpoints == (endpoint, endpoint)
    assert set(config.with_mounts({"/a/": print}).with_mounts({"/b": print}).mounts) == {"/a", "/b"}
    assert config.with_templates("later").with_templates(Path("first")).templates == (Path("first"), Path("later"))
    assert config == Config(collections=[NOTES])
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.default_depth = 1  # type: ignore[misc]
    with pytest.raises(ConfigError, match="'default_depth'"):
        config.replace(defaultt_depth=1)


def test_a_collection_is_found_by_slug() -> None:
    """And a misspelt one told with the nearest."""
    assert Config(collections=[NOTES]).collection("notes") is NOTES
    with pytest.raises(ConfigError, match="'notes'"):
        Config(collections=[NOTES]).collection("note")


def ordered(name: str, order: int, seen: list[str]) -> Any:
    @plugin(
        name, order=order, start=lambda app: seen.append(f"start {name}"), stop=lambda app: seen.append(f"stop {name}")
    )
    def setup(config: Config) -> Config:
        seen.append(name)
        return config

    return setup


def test_plugins_run_in_their_order() -> None:
    """By `order`, then as they are listed; they start in that order and stop in the other."""
    seen: list[str] = []
    plugins = [ordered("late", 10, seen), ordered("a", 0, seen), ordered("b", 0, seen), ordered("early", -1, seen)]
    with TestClient(Config(collections=[NOTES], plugins=plugins)):
        pass
    names = ["early", "a", "b", "late"]
    assert seen == [*names, *(f"start {name}" for name in names), *(f"stop {name}" for name in reversed(names))]


@plugin("notes")
def with_notes(config: Config, *, slug: str = "notes", open: bool = False) -> Config:
    """Adds a collection of notes."""
    access = {"read": "anyone"} if open else {}
    return config.with_collections(Collection(slug, access=access, fields=[fields.Text("title")]))


def test_a_plugin_takes_options() -> None:
    """The same plugin with and without; one it does not know is refused with the nearest."""
    with TestClient(Config(plugins=[with_notes(open=True, slug="memos")])) as client:
        assert client.get("/api/memos").status_code == 200
    with TestClient(Config(plugins=[with_notes])) as client:
        assert client.get("/api/notes").status_code == 403
    with pytest.raises(ConfigError, match=r"plugin 'notes'.*'opne'.*'open'"):
        with_notes(opne=True)


def test_a_plugin_answers_with_a_config() -> None:
    """Anything else is a mistake that names the plugin."""
    nothing: Any = lambda config: None  # noqa: E731
    broken = plugin("broken")(nothing)
    with pytest.raises(ConfigError, match="'broken' returned NoneType"):
        Headless(plugins=[broken])


def test_async_starts_and_stops_are_awaited() -> None:
    """As is `on_init`, which runs last."""
    seen: list[str] = []

    async def note(app: Headless) -> None:
        await asyncio.sleep(0)
        seen.append(f"plugin {await app.as_system().count('notes')}")

    async def init(app: Headless) -> None:
        await app.as_system().create("notes", {"title": "first"})
        seen.append("init")

    @plugin("p", start=note, stop=note)
    def setup(config: Config) -> Config:
        return config

    with TestClient(Config(collections=[NOTES], plugins=[setup], on_init=init)):
        pass
    assert seen == ["plugin 0", "init", "plugin 1"]


@Endpoint.get("/count/:id", access=authenticated)
async def counted(request: Request) -> dict[str, Any]:
    """How many notes there are."""
    return {
        "id": request.path_params["id"],
        "count": await request.api.count("notes"),
        "user": (request.user or {})["email"],
    }


@Endpoint.post("/import")
def imported(request: Request) -> Any:
    """Notes made by a sync function, which runs in a thread."""
    made = request.api.sync.create("notes", {"title": "imported"})
    found = request.api.sync.find("notes", where={"id": {"equals": made["id"]}}).docs
    changed = request.system.sync.update("notes", made["id"], {"title": "changed"})
    gone = request.api.sync.delete("notes", made["id"])
    count = request.api.sync.count("notes")
    return [found[0]["title"], changed["title"], request.api.sync.distinct("notes", "title"), gone["id"], count]


@Endpoint.delete("/nothing")
async def nothing(request: Request) -> None:
    """Answers with no content."""


CUSTOM = Config(
    collections=[Collection("notes", access="anyone", fields=NOTES.fields, endpoints=[counted])],
    endpoints=[imported, nothing],
)


def test_endpoints_of_collections_and_of_the_application() -> None:
    """Under the collection's path, and under `/api`; with rules, parameters, and answers of every kind."""
    with TestClient(CUSTOM) as client:
        ada = client.user("ada@example.com")
        assert client.get("/api/notes/count/7").status_code == 403
        assert client.get("/api/notes/count/7", as_=ada).json() == {"id": "7", "count": 0, "user": "ada@example.com"}
        assert client.get("/api/notes/count").json() == {"totalDocs": 0}
        assert (client.delete("/api/nothing").status_code, client.delete("/api/nothing").content) == (204, b"")


def test_a_sync_endpoint_uses_the_sync_api() -> None:
    """From its thread, as the asker and as the system."""
    with TestClient(CUSTOM) as client:
        assert client.post("/api/import").json() == ["imported", "changed", [], 1, 0]


def test_every_route_is_listed_with_its_rule() -> None:
    """`routes` tells who may ask what, and where it comes from."""
    app = Headless(CUSTOM, database="sqlite:///:memory:", secret=SECRET)
    routes = {(method, path): (rule, source) for method, path, rule, source in app.routes()}
    assert routes["GET", "/api/notes/count/{id}"] == ("authenticated", "collection notes")
    assert routes["POST", "/api/import"] == ("anyone", "config")
    assert routes["GET", "/api/notes"][1] == "generated for notes"
    assert ("POST", "/api/users/login") in routes
    assert ("POST", "/api/notes/login") not in routes


async def ask(app: Any, path: str, method: str = "GET", **options: Any) -> httpx2.Response:
    """One request, without a lifespan."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver") as client:
        return await client.request(method, path, **options)


async def test_mounted_in_another_application_it_starts_itself() -> None:
    """No server runs a mounted lifespan: the first request does, once, also when 20 come at the same time."""
    started: list[str] = []
    app = Headless(
        Config(collections=[NOTES], on_init=lambda app: started.append("yes")),
        database="sqlite:///:memory:",
        secret=SECRET,
    )
    outer = Starlette(routes=[Mount("/cms", app=app)])
    try:
        answers = await asyncio.gather(*(ask(outer, "/cms/api/notes") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert started == ["yes"]
        made = await ask(outer, "/cms/api/notes", "POST", json={"title": "x"})
        assert made.json()["doc"]["title"] == "x"
        assert (await ask(outer, "/cms/api/notes/1")).json()["title"] == "x"
        assert (await ask(outer, "/api/notes")).status_code == 404
    finally:
        await app.aclose()


async def test_two_applications_in_one_process_share_nothing() -> None:
    """Neither documents, nor users, nor statements, nor plugins."""
    apps = [
        Headless(Config(collections=[Collection("notes", access="anyone", fields=[fields.Text(name)])]),
                 database="sqlite:///:memory:", secret=SECRET + name)
        for name in ("one", "two")
    ]  # fmt: skip
    try:
        for app, name in zip(apps, ("one", "two"), strict=True):
            made = await ask(app, "/api/notes", "POST", json={"one": "1", "two": "2"})
            assert [key for key in ("one", "two") if key in made.json()["doc"]] == [name]
        assert [await app.as_system().count("notes") for app in apps] == [1, 1]
        user = {"email": "ada@example.com", "password": "correct horse battery"}
        token = (await ask(apps[0], "/api/users/first-register", "POST", json=user)).json()["token"]
        headers = {"authorization": f"JWT {token}"}
        assert [(await ask(app, "/api/users", headers=headers)).status_code for app in apps] == [200, 403]
    finally:
        for app in apps:
            await app.aclose()


async def test_starting_twice_and_closing_twice_is_harmless() -> None:
    """A closed application can be started again on a file."""
    app = Headless(Config(collections=[NOTES]), database="sqlite:///:memory:", secret=SECRET)
    await app.aclose()
    await asyncio.gather(app.startup(), app.startup())
    await app.startup()
    assert await app.as_system().count("notes") == 0
    await app.aclose()
    await app.aclose()
