"""Slug: names for addresses, made once of another field, unique, in every script."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Headless, HookContext, ValidationError, fields
from headless.fields.slug import cut, slugify
from headless.testing import TestClient
from tests.rest.watching import watched

POSTS = Collection("posts", access="anyone", fields=[fields.Text("title"), fields.Slug()])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(Config(collections=[POSTS])) as client:
        yield client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A quiet launch", "a-quiet-launch"), ("  Hello,   World!  ", "hello-world"), ("under_score", "under_score"),
        ("Crème brûlée", "creme-brulee"), ("CRE\u0300ME", "creme"), ("Straße nach Łódź", "strasse-nach-lodz"),
        ("Ærø & Þórr", "aero-thorr"), ("don’t stop", "dont-stop"), ("1,000 years", "1-000-years"),
        ("a/b\\c.d", "a-b-c-d"), ("Привет, мир", "привет-мир"), ("日本語 の タイトル", "日本語-の-タイトル"),
        ("हिन्दी में", "हिन्दी-में"), ("ελληνικά", "ελληνικά"), ("ﬁne ｗｉｄｅ ½", "fine-wide-12"), ("İstanbul", "istanbul"),
        ("🎉", ""), ("!?", ""), ("", ""), ("--a--b--", "a-b"),
    ],
)  # fmt: skip
def test_how_slugs_are_written(text: str, expected: str) -> None:
    """Latin letters lose their marks, letters of other scripts stay, everything else parts words."""
    assert slugify(text) == expected
    assert slugify(expected) == expected


def test_a_long_one_ends_with_a_whole_word() -> None:
    """Where it can."""
    assert cut("a-quiet-launch", 14) == "a-quiet-launch"
    assert cut("a-quiet-launch", 10) == "a-quiet"
    assert cut("a-quiet-launch", 7) == "a-quiet"
    assert cut("unbreakable", 5) == "unbre"


def test_it_is_made_once(client: TestClient) -> None:
    """Of the title when a document is made; a later title leaves it as it is."""
    made = client.post("/api/posts", json={"title": "A quiet launch"}).json()["doc"]
    assert (made["slug"], made["generateSlug"]) == ("a-quiet-launch", False)
    changed = client.patch(f"/api/posts/{made['id']}", json={"title": "A loud one"}).json()["doc"]
    assert (changed["slug"], changed["generateSlug"]) == ("a-quiet-launch", False)


def test_it_is_made_again_when_an_update_says_so(client: TestClient) -> None:
    """By the checkbox beside it, which is off again afterwards."""
    id = client.create("posts", {"title": "A quiet launch"})["id"]
    again = client.patch(f"/api/posts/{id}", json={"title": "A loud one", "generateSlug": True}).json()["doc"]
    assert (again["slug"], again["generateSlug"]) == ("a-loud-one", False)
    same = client.patch(f"/api/posts/{id}", json={"generateSlug": True}).json()["doc"]
    assert same["slug"] == "a-loud-one"


def test_one_that_is_given_is_written_as_slugs_are(client: TestClient) -> None:
    """On creation and later; clearing it makes it anew."""
    made = client.create("posts", {"title": "Other", "slug": "My Own Slug!"})
    assert (made["slug"], made["generateSlug"]) == ("my-own-slug", False)
    changed = client.patch(f"/api/posts/{made['id']}", json={"slug": "Zweiter Öffentlicher"}).json()["doc"]
    assert changed["slug"] == "zweiter-offentlicher"
    for empty in ("", None):
        cleared = client.patch(f"/api/posts/{made['id']}", json={"slug": empty}).json()["doc"]
        assert cleared["slug"] == "other"


def test_made_ones_step_aside_and_given_ones_do_not(client: TestClient) -> None:
    """A second title of the same words gets a number; a slug that is given must be free."""
    slugs = [client.create("posts", {"title": "Same"})["slug"] for _ in range(3)]
    assert slugs == ["same", "same-2", "same-3"]
    refused = client.post("/api/posts", json={"title": "x", "slug": "same"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["data"]["errors"][0]["message"] == "Value must be unique"
    id = client.create("posts", {"title": "Last"})["id"]
    client.update_document("posts", id, {"title": "Same", "generateSlug": True})
    assert client.get_document("posts", id)["slug"] == "same-4"


def test_a_copy_gets_a_slug_of_its_own(client: TestClient) -> None:
    """Made of its title, as if it were new; one without a source says that it is a copy."""
    client.create("posts", {"title": "One", "slug": "by hand"})
    copies = [client.post("/api/posts/1/duplicate").json()["doc"]["slug"] for _ in range(2)]
    assert copies == ["one", "one-2"]
    keys = Collection("keys", access="anyone", fields=[fields.Slug("key", use_as_slug=None)])
    with TestClient(Config(collections=[keys])) as other:
        other.create("keys", {"key": "one"})
        assert other.post("/api/keys/1/duplicate").json()["doc"]["key"] == "one-copy"


def test_titles_of_the_same_moment_get_slugs_of_their_own(client: TestClient) -> None:
    """However many are created at once."""

    async def create() -> list[Any]:
        api = client.app.as_system()
        return await asyncio.gather(*(api.create("posts", {"title": "Same"}) for _ in range(8)))

    made = client.run(create())
    assert {post["slug"] for post in made} == {"same", *(f"same-{number}" for number in range(2, 9))}


def test_a_title_without_letters_gives_the_name_of_the_collection(client: TestClient) -> None:
    """An address there has to be."""
    assert [client.create("posts", {"title": "🎉"})["slug"] for _ in range(2)] == ["post", "post-2"]


@pytest.mark.parametrize("document", [{}, {"title": ""}, {"title": None}, {"title": "x", "slug": {"a": 1}}])
def test_what_it_cannot_be_made_of_is_refused(client: TestClient, document: dict[str, Any]) -> None:
    """A document without a title has to say its slug, in text."""
    answer = client.post("/api/posts", json=document)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]] == ["slug"]


def test_an_optional_one_waits_for_its_title() -> None:
    """The checkbox stays on until there is something to make it of."""
    drafts = Collection("drafts", access="anyone", fields=[fields.Text("title"), fields.Slug(required=False)])
    with TestClient(Config(collections=[drafts])) as client:
        made = client.create("drafts", {})
        assert (made["slug"], made["generateSlug"]) == (None, True)
        client.create("drafts", {})
        named = client.patch(f"/api/drafts/{made['id']}", json={"title": "Named"}).json()["doc"]
        assert (named["slug"], named["generateSlug"]) == ("named", False)


def shout(text: str, ctx: HookContext) -> str:
    return f"{ctx.data['kind']}-{text.upper()}"


async def whisper(text: str, ctx: HookContext) -> str:
    return text.lower()


@pytest.mark.parametrize(("function", "expected"), [(shout, "news-HELLO"), (whisper, "hello")])
def test_a_function_of_ones_own(function: Any, expected: str) -> None:
    """It is given the text and the context of a hook, and may be async."""
    slug = fields.Slug("path", field_to_use="heading", slugify=function)
    page = fields.Group("page", fields=[fields.Text("heading"), slug])
    things = Collection("things", fields=[fields.Text("kind"), page])
    with TestClient(Config(collections=[things])) as client:
        made = client.create("things", {"kind": "news", "page": {"heading": "Hello"}})
        assert made["page"] == {"heading": "Hello", "path": expected, "generatePath": False}


def test_a_source_may_be_anywhere_in_the_document() -> None:
    """Beside it, or by a path from the document; slugs in rows are not unique."""
    slug = fields.Slug("anchor", use_as_slug="meta.title", unique=False, index=False, checkbox_name="fresh")
    rows = fields.Array("rows", fields=[fields.Text("text"), slug])
    things = Collection("things", fields=[fields.Group("meta", fields=[fields.Text("title")]), rows])
    with TestClient(Config(collections=[things])) as client:
        made = client.create("things", {"meta": {"title": "Über uns"}, "rows": [{}, {"anchor": "Own one"}]})
        assert [(row["anchor"], row["fresh"]) for row in made["rows"]] == [("uber-uns", False), ("own-one", False)]


def test_hooks_of_ones_own_come_after_it() -> None:
    """They see the slug that was made."""
    slug = fields.Slug(hooks={"before_change": lambda ctx: f"{ctx.value}-hooked"})
    with TestClient(Config(collections=[Collection("posts", fields=[fields.Text("title"), slug])])) as client:
        assert client.create("posts", {"title": "One"})["slug"] == "one-hooked"


def test_mistakes_are_told_at_the_start() -> None:
    """A source that is not there, and a name that is taken."""
    with pytest.raises(ConfigError, match=r"field 'slug': there is no field 'titel'.*did you mean 'title'"):
        Headless(
            collections=[Collection("posts", fields=[fields.Text("title"), fields.Slug(use_as_slug="titel")])],
            database="sqlite:///:memory:",
        )
    with pytest.raises(ConfigError, match="two fields are called 'generateSlug'"):
        Collection("posts", fields=[fields.Text("title"), fields.Slug(), fields.Checkbox("generateSlug")])


def test_who_may_not_write_the_slug_may_not_have_it_made_again() -> None:
    """The checkbox is guarded as the slug is."""
    slug = fields.Slug(access={"update": "nobody"})
    things = Collection("things", access="anyone", fields=[fields.Text("title"), slug])
    with TestClient(Config(collections=[things])) as client:
        client.create("things", {"title": "One"})
        changed = client.patch("/api/things/1", json={"title": "Two", "generateSlug": True, "slug": "three"}).json()[
            "doc"
        ]
        assert (changed["title"], changed["slug"]) == ("Two", "one")


def test_a_slug_without_a_source_is_only_written_as_one() -> None:
    """It has no checkbox."""
    things = Collection("things", fields=[fields.Slug("key", use_as_slug=None)])
    with TestClient(Config(collections=[things])) as client:
        assert set(client.create("things", {"key": "Some Key"})) == {"id", "key", "createdAt", "updatedAt"}
        assert client.get_document("things", 1)["key"] == "some-key"
        with pytest.raises(ValidationError):
            client.create("things", {})
