"""Globals: one document each, which is there before anybody saved it, changed by many at once and never twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headless import (
    ApiError,
    Collection,
    Config,
    ConfigError,
    Conflict,
    Forbidden,
    Global,
    HookContext,
    ValidationError,
    anyone,
    authenticated,
    fields,
)
from headless.testing import TestClient

WRITERS = 20
NAMES = [f"f{number}" for number in range(WRITERS)]
PAGES = Collection("pages", fields=[fields.Text("title")])


def header(**options: Any) -> Config:
    """A header with a default, a group, rows and references."""
    declared = [
        fields.Text("title", default_value="Welcome", max_length=20),
        fields.Text("subtitle"),
        fields.Group("look", fields=[fields.Text("colour", default_value="red"), fields.Text("font")]),
        fields.Array("nav", fields=[fields.Relationship("page", relation_to="pages")]),
        fields.Relationship("start", relation_to="pages"),
    ]
    return Config(collections=[PAGES], globals=[Global("header", fields=declared, **options)])


def test_before_it_is_saved_it_is_the_defaults_of_its_fields() -> None:
    """Without an id, times and keys that have no value; a selection shows as much of it."""
    with TestClient(header()) as client:
        assert client.find_global("header") == {"title": "Welcome", "look": {"colour": "red"}, "nav": []}
        assert client.find_global("header", select={"title": True}) == {"title": "Welcome"}


def test_a_change_keeps_what_it_does_not_say() -> None:
    """Defaults become values at the first change; groups are merged; the id and the first time stay."""
    with TestClient(header()) as client:
        first = client.update_global("header", {"subtitle": "to the shop", "look": {"font": "serif"}})
        assert first["title"] == "Welcome"
        assert first["look"] == {"colour": "red", "font": "serif"}
        second = client.update_global("header", {"title": "Hello", "id": 7})
        assert second == client.find_global("header", depth=0)
        assert (second["subtitle"], second["look"]["font"]) == ("to the shop", "serif")
        assert (second["id"], second["createdAt"]) == (first["id"], first["createdAt"])
        assert second["globalType"] == "header"


def test_what_it_refuses_is_told_of_the_global() -> None:
    """And nothing is stored, so that it still reads as the defaults."""
    with TestClient(header()) as client:
        with pytest.raises(ValidationError) as refused:
            client.update_global("header", {"title": "x" * 21, "start": 99})
        assert refused.value.data["global"] == "header"
        assert {error["path"] for error in refused.value.errors} == {"title", "start"}
        assert "id" not in client.find_global("header")


def test_twenty_writers_of_a_global_nobody_has_saved_all_succeed() -> None:
    """One of them stores it, the others find it stored; every field is there in the end."""
    settings = Global("settings", fields=[fields.Text(name) for name in NAMES])

    async def race(client: TestClient) -> None:
        api = client.app.as_system()
        await asyncio.gather(*(api.update_global("settings", {name: name}) for name in NAMES))

    with TestClient(Config(globals=[settings])) as client:
        client.run(race(client))
        stored = client.find_global("settings")
        assert [stored[name] for name in NAMES] == NAMES
        assert client.run(client.app.as_system().global_revision("settings")) == WRITERS
        assert client.run(client.app.hub.log.highest()) == WRITERS


def test_twenty_writers_with_hooks_that_wait_all_succeed() -> None:
    """A hook runs once for each, and sees the global as the writer before left it."""
    seen: list[int] = []

    async def count(context: HookContext) -> None:
        await asyncio.sleep(0)
        seen.append(sum(context.doc[name] is not None for name in NAMES))

    settings = Global("settings", fields=[fields.Text(name) for name in NAMES], hooks={"after_change": count})

    async def race(client: TestClient) -> None:
        api = client.app.as_system()
        await asyncio.gather(*(api.update_global("settings", {name: name}) for name in NAMES))

    with TestClient(Config(globals=[settings])) as client:
        client.run(race(client))
    assert sorted(seen) == list(range(1, WRITERS + 1))


def test_a_writer_with_an_old_revision_is_told() -> None:
    """Also one that thinks the global was never saved, whose revision is 0."""
    with TestClient(header()) as client:
        client.update_global("header", {"title": "a"}, revision=0)
        with pytest.raises(Conflict):
            client.update_global("header", {"title": "b"}, revision=0)
        assert client.update_global("header", {"title": "c"}, revision=1)["title"] == "c"


def test_a_hook_after_the_change_that_fails_takes_it_back() -> None:
    """The first change and a later one, with what the hook itself wrote; after-commit hooks do not run."""
    committed: list[str] = []

    async def refuse(context: HookContext) -> None:
        await context.system.create("pages", {"title": "trace"})
        if context.doc["title"] == "bad":
            raise ApiError("Not this one.")

    hooks = {"after_change": refuse, "after_commit": lambda context: committed.append(context.doc["title"])}
    with TestClient(header(hooks=hooks)) as client:
        with pytest.raises(ApiError):
            client.update_global("header", {"title": "bad"})
        assert "id" not in client.find_global("header")
        client.update_global("header", {"title": "good"})
        with pytest.raises(ApiError):
            client.update_global("header", {"title": "bad"})
        assert client.find_global("header")["title"] == "good"
        assert client.find("pages").total_docs == 1
    assert committed == ["good"]


def test_what_hooks_of_a_change_are_given() -> None:
    """The global as it was, with its defaults before the first change, and its slug."""
    seen: list[Any] = []

    def note(context: HookContext) -> None:
        seen.append((context.collection, context.operation, context.previous["title"], context.doc["title"]))

    with TestClient(header(hooks={"after_change": note})) as client:
        client.update_global("header", {"title": "one"})
        client.update_global("header", {"title": "two"})
    assert seen == [("header", "update", "Welcome", "one"), ("header", "update", "one", "two")]


def test_hooks_change_what_is_read_and_written() -> None:
    """A hook before the operation the data, one after reading the document."""
    hooks = {
        "before_operation": lambda context: (
            {**context.data, "subtitle": "set"} if context.operation == "update" else None
        ),
        "after_read": lambda context: {**context.doc, "title": context.doc["title"].upper()},
    }
    with TestClient(header(hooks=hooks)) as client:
        assert client.find_global("header")["title"] == "WELCOME"
        changed = client.update_global("header", {"title": "hi"})
        assert (changed["title"], changed["subtitle"]) == ("HI", "set")
        assert client.fired[:3] == ["header.before_operation", "header.after_read", "header.before_operation"]


def test_a_rule_that_is_a_where_is_asked_of_the_stored_document() -> None:
    """Nobody but who may always is let in before it is saved, or when it does not match."""
    rules = {"read": {"title": {"equals": "open"}}, "update": {"subtitle": {"equals": "$user.email"}}}
    with TestClient(header(access=rules)) as client:
        ada = client.user("ada@example.com")
        for attempt in (client.api(ada).find_global, lambda slug: client.api(ada).update_global(slug, {})):
            with pytest.raises(Forbidden):
                attempt("header")
        client.update_global("header", {"title": "shut", "subtitle": "ada@example.com"})
        with pytest.raises(Forbidden):
            client.api(ada).find_global("header")
        client.api(ada).update_global("header", {"title": "open"})
        assert client.api(ada).find_global("header")["title"] == "open"
        client.update_global("header", {"subtitle": "grace@example.com"})
        with pytest.raises(Forbidden):
            client.api(ada).update_global("header", {"title": "mine"})


def test_without_rules_it_is_for_staff() -> None:
    """As a collection is."""
    config = Config(collections=[Collection("readers", auth=True, fields=[])], globals=[Global("header", fields=[])])
    with TestClient(config) as client:
        reader, member = client.user("a@example.com", collection="readers"), client.user("b@example.com")
        for api in (client.api(), client.api(reader)):
            with pytest.raises(Forbidden):
                api.find_global("header")
            with pytest.raises(Forbidden):
                api.update_global("header", {})
        assert client.api(member).update_global("header", {})["globalType"] == "header"


def test_rules_of_its_fields() -> None:
    """What the asker may not write keeps its value, what he may not read is not there, saved or not."""
    settings = Global(
        "settings",
        access=anyone,
        fields=[
            fields.Text("key", default_value="secret", access={"read": authenticated}),
            fields.Text("plan", default_value="free", access={"update": authenticated}),
        ],
    )
    with TestClient(Config(globals=[settings])) as client:
        assert client.find_global("settings", as_=None) == {"plan": "free"}
        changed = client.update_global("settings", {"key": "new", "plan": "gold"}, as_=None)
        assert (changed["plan"], "key" in changed) == ("free", False)
        assert client.find_global("settings")["key"] == "new"


def test_references_are_shown_and_let_go() -> None:
    """As documents in their place, under the target's rule; a document that goes leaves no reference behind."""
    with TestClient(header(access=anyone)) as client:
        page = client.create("pages", {"title": "Start"})
        client.update_global("header", {"start": page["id"], "nav": [{"page": page["id"]}]})
        shown = client.find_global("header", depth=1, populate={"pages": {"title": True}})
        assert shown["start"] == {"id": page["id"], "title": "Start"}
        assert shown["nav"][0]["page"] == {"id": page["id"], "title": "Start"}
        assert client.find_global("header", as_=None, depth=1)["start"] == page["id"]
        client.delete_document("pages", page["id"])
        left = client.find_global("header")
        assert (left["start"], left["nav"][0]["page"]) == (None, None)


def test_a_required_reference_holds_a_document() -> None:
    """It cannot be deleted while the global refers to it."""
    home = fields.Relationship("home", relation_to="pages", required=True)
    with TestClient(Config(collections=[PAGES], globals=[Global("site", label="Site", fields=[home])])) as client:
        page = client.create("pages", {"title": "Home"})
        client.update_global("site", {"home": page["id"]})
        with pytest.raises(ApiError, match="a Site refers to it as its Home"):
            client.delete_document("pages", page["id"])


def test_every_change_is_in_the_change_log() -> None:
    """As an update, with the old values of what changed; of the first change these are the defaults."""

    async def watched(client: TestClient) -> list[Any]:
        api = client.app.as_system()
        watch = api.watch_global("header", snapshot=True)
        told = []
        async for event in watch:
            told.append(event)
            if len(told) == 3:
                break
            await api.update_global("header", {"title": f"t{len(told)}"})
        return told

    with TestClient(header()) as client:
        snapshot, first, second = client.run(watched(client))
    assert snapshot.docs == [{"title": "Welcome", "look": {"colour": "red"}, "nav": []}]
    assert (first.name, first.doc["title"], first.doc["globalType"]) == ("update", "t1", "header")
    assert "title" in first.changed
    assert (second.name, second.doc["title"]) == ("update", "t2")
    assert set(second.changed) == {"title", "updatedAt"}


def test_it_is_no_collection() -> None:
    """Asking for it as one says so, and a misspelt one is told with the nearest."""
    with TestClient(header()) as client:
        with pytest.raises(ConfigError, match="is a global, not a collection"):
            client.find("header")
        with pytest.raises(ConfigError, match="'header'"):
            client.find_global("haeder")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"collections": [PAGES], "globals": [Global("pages", fields=[])]}, "collection and a global are both called"),
        ({"globals": [Global("a", fields=[]), Global("a", fields=[])]}, "two globals are called 'a'"),
        ({"globals": [Global("a-b", fields=[]), Global("a_b", fields=[])]}, "would share the table 'a_b'"),
        ({"globals": [Global("a", fields=[fields.Text("id")])]}, "global 'a', field 'id': the platform adds"),
        ({"globals": [Global("a", fields=[fields.Text("globalType")])]}, "the platform adds this field itself"),
        ({"globals": [Global("a", fields=[fields.Text("createdAt")])]}, "global 'a': the platform adds"),
        ({"globals": [Global("a", fields=[fields.Relationship("x", relation_to="nope")])]}, "global 'a', field 'x'"),
        (
            {
                "collections": [PAGES],
                "globals": [Global("a", fields=[fields.Relationship("x", relation_to="pages", on_delete="cascade")])],
            },
            "a global cannot be deleted",
        ),
        (
            {"collections": [PAGES], "globals": [Global("a", fields=[fields.Join("x", collection="pages", on="y")])]},
            "global 'a', field 'x'",
        ),
        ({"globals": [Global("a", fields=[], access={"read": {"nope": {"equals": 1}}})]}, "global 'a', access.read"),
    ],
)  # fmt: skip
def test_what_a_global_cannot_be_is_a_mistake_at_the_start(options: dict[str, Any], said: str) -> None:
    """Told with its name."""
    with pytest.raises(ConfigError, match=said), TestClient(Config(**options)):
        pass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"acces": anyone}, "did you mean 'access'"),
        ({"access": {"create": anyone}}, "unknown operation 'create'"),
        ({"hooks": {"after_delete": print}}, "unknown kind of hook 'after_delete'"),
        ({"timestamps": False}, "unknown option 'timestamps'"),
    ],
)
def test_options_of_a_global_are_strict(options: dict[str, Any], said: str) -> None:
    """What a global has no use for is refused by name."""
    with pytest.raises(ConfigError, match=said):
        Global("header", fields=[], **options)
