"""Options of collections that change what their routes do: switches, selections, what there is no route for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Endpoint, Forbidden, Headless, Request, anyone, fields
from headless.compile.selection import parse_selection
from headless.testing import TestClient
from tests.rest.watching import watched


@Endpoint.get("/quiet/own")
async def own(request: Request) -> dict[str, Any]:
    """A route of the application below the slug of a collection that has none."""
    return {"mine": True}


GADGETS = Collection(
    "gadgets",
    access=anyone,
    force_select={"code": True, "seo": {"title": True}},
    default_populate={"title": True},
    disable_bulk_edit=True,
    disable_bulk_delete=True,
    fields=[
        fields.Text("title"), fields.Text("code"), fields.Text("region"), fields.Text("hush", hidden=True),
        fields.Group("seo", fields=[fields.Text("title"), fields.Text("text")]),
        fields.Relationship("peer", relation_to="gadgets"),
        fields.Relationship("shallow", relation_to="gadgets", max_depth=0),
    ],
)  # fmt: skip
QUIET = Collection("quiet", access=anyone, endpoints=False, fields=[fields.Text("title")])
POSTS = Collection("posts", access=anyone, fields=[
    fields.Text("title"), fields.Relationship("gadget", relation_to="gadgets"),
    fields.Relationship("gadgets", relation_to="gadgets", has_many=True),
])  # fmt: skip


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(Config(collections=[GADGETS, QUIET, POSTS], endpoints=[own])) as client:
        first = client.create("gadgets", {"title": "P", "code": "p", "region": "x", "seo": {"title": "T", "text": "t"}})
        client.create("gadgets", {"title": "Q", "code": "q", "peer": first["id"], "shallow": first["id"]})
        client.create("posts", {"title": "post", "gadget": 1, "gadgets": [2, 1]})
        yield client


def keys(document: Any) -> set[str]:
    return set(document) - {"id"}


@pytest.mark.parametrize(
    ("select", "shown"),
    [
        ("select[title]=true", {"title": "P", "code": "p", "seo": {"title": "T"}}),
        ("select[seo][text]=true", {"code": "p", "seo": {"title": "T", "text": "t"}}),
        ("select[seo]=true", {"code": "p", "seo": {"title": "T", "text": "t"}}),
        ("select[code]=true", {"code": "p", "seo": {"title": "T"}}),
    ],
)
def test_what_is_forced_is_added_to_every_selection(client: TestClient, select: str, shown: dict[str, Any]) -> None:
    """Lists, documents and the answers of writes show it; without a selection everything is shown anyway."""
    expected = {"id": 1, **shown}
    assert client.get(f"/api/gadgets/1?{select}").json() == expected
    assert client.get(f"/api/gadgets?where[id][equals]=1&{select}").json()["docs"] == [expected]
    assert client.patch(f"/api/gadgets/1?{select}", json={}).json()["doc"] == expected
    assert client.delete(f"/api/gadgets/1?{select}").json()["doc"] == expected


@pytest.mark.parametrize("select", ["select[code]=false", "select[seo]=false", "select[seo][title]=false"])
def test_what_is_forced_cannot_be_left_out(client: TestClient, select: str) -> None:
    """An exclusion of it has no effect, and excludes nothing else."""
    assert client.get(f"/api/gadgets/1?{select}&depth=0").json() == client.get("/api/gadgets/1?depth=0").json()


def test_an_exclusion_leaves_out_the_rest(client: TestClient) -> None:
    """Of a group, what is not forced can still be left out."""
    shown = client.get("/api/gadgets/1?select[seo][text]=false&select[region]=false").json()
    assert shown["seo"] == {"title": "T"}
    assert keys(shown) >= {"code", "title"}
    assert "region" not in shown


def test_forcing_a_hidden_field_shows_it_to_nobody() -> None:
    """The option is about what is selected, not about who may read."""
    secret = Collection("secrets", access=anyone, force_select={"hush": True},
                        fields=[fields.Text("title"), fields.Text("hush", hidden=True)])  # fmt: skip
    with watched(Config(collections=[secret])) as client:
        client.create("secrets", {"title": "x", "hush": "secret"})
        assert keys(client.get("/api/secrets/1?select[title]=true").json()) == {"title"}
        assert client.get_document("secrets", 1, select={"title": True})["hush"] == "secret"


@pytest.mark.parametrize(
    ("populate", "shown"),
    [
        ("", {"title", "code", "seo"}),
        ("&populate[gadgets][region]=true", {"region", "code", "seo"}),
        ("&populate[gadgets]=true", {"title", "code", "seo"}),
    ],
)
def test_documents_in_place_of_references_show_little(client: TestClient, populate: str, shown: set[str]) -> None:
    """What the collection says is shown there, unless the asker says otherwise; what is forced, always."""
    found = client.get(f"/api/posts/1?depth=1{populate}").json()
    assert keys(found["gadget"]) == shown
    assert [keys(gadget) for gadget in found["gadgets"]] == [shown, shown]
    assert keys(client.get(f"/api/gadgets/2?depth=1{populate}").json()["peer"]) == shown


def test_a_reference_of_no_depth_stays_an_id(client: TestClient) -> None:
    """However deep somebody asks."""
    assert client.get("/api/gadgets/2?depth=9").json()["shallow"] == 1


def test_streams_show_what_reads_show(client: TestClient) -> None:
    """A selection of a stream has what is forced too."""
    with client.stream("/api/gadgets/stream?select[title]=true&snapshot=true") as stream:
        assert [keys(doc) for doc in stream.next().json()["docs"]] == [{"title", "code", "seo"}] * 2
        client.update_document("gadgets", 1, {"title": "R"})
        assert keys(stream.next().json()["doc"]) == {"title", "code", "seo"}


def test_bulk_changes_can_be_switched_off(client: TestClient) -> None:
    """For everybody but the system; one document at a time may still be changed."""
    answer = client.patch("/api/gadgets?where[code][equals]=p", json={"title": "bulk"})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        403, "Collection gadgets has disabled bulk edit",
    )  # fmt: skip
    answer = client.delete("/api/gadgets?where[code][equals]=p")
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        403, "Collection gadgets has disabled bulk delete",
    )  # fmt: skip
    with pytest.raises(Forbidden):
        client.api().update("gadgets", where={"code": {"equals": "p"}}, data={"title": "bulk"})
    assert client.patch("/api/gadgets/1", json={"title": "one"}).status_code == 200
    assert len(client.system.update("gadgets", where={"code": {"equals": "p"}}, data={"title": "all"}).docs) == 1
    assert len(client.system.delete("gadgets", where={"code": {"equals": "q"}}).docs) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "/1", "/count", "/stream", "/access", "/nope/nope"])
def test_a_collection_without_endpoints_answers_nothing(client: TestClient, method: str, path: str) -> None:
    """501 for whatever is asked of it, and no document is told or changed."""
    client.create("quiet", {"title": "secret"})
    answer = client.request(method, f"/api/quiet{path}?depth=0", json={"title": "x"})
    assert answer.status_code == 501
    assert answer.json() == {"message": f"Cannot {method} http://testserver/api/quiet{path}?depth=0"}
    assert client.find("quiet").docs[0]["title"] == "secret"


def test_the_applications_endpoints_are_there_all_the_same(client: TestClient) -> None:
    """The option is about the collection's own routes; documents are there for Python as ever."""
    assert client.get("/api/quiet/own").json() == {"mine": True}
    assert all(not path.startswith("/api/quiet") or path == "/api/quiet/own" for _, path, _, _ in client.app.routes())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"force_select": {"title": False}}, "what is always shown is said with true"),
        ({"force_select": {"title": "maybe"}}, "a mapping of fields to true or false"),
        ({"force_select": {"tilte": True}}, "there is no field 'tilte' – did you mean 'title'?"),
        ({"default_populate": 5}, "a mapping of fields to true or false"),
        ({"default_populate": {"nope": True}}, "there is no field 'nope'"),
        ({"endpoints": True}, "endpoints"),
    ],
)
def test_mistakes_are_told_at_the_start(options: dict[str, Any], said: str) -> None:
    """A selection that could not do what it says is refused, with the nearest name."""
    with pytest.raises(ConfigError) as raised:
        Headless(collections=[Collection("posts", fields=[fields.Text("title")], **options)])
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("given", "forced", "result"),
    [
        ({"a": True}, {"b": True}, {"a": True, "b": True}),
        ({"g": {"x": True}}, {"g": True}, {"g": True}),
        ({"g": True}, {"g": {"x": True}}, {"g": True}),
        ({"g": {"x": True}}, {"g": {"y": True}}, {"g": {"x": True, "y": True}}),
        ({"a": False, "b": False}, {"b": True}, {"a": False}),
        ({"g": {"x": False, "y": False}}, {"g": {"y": True}}, {"g": {"x": False}}),
    ],
)
def test_a_selection_joined_with_what_is_forced(given: Any, forced: Any, result: Any) -> None:
    """Inclusions grow, exclusions shrink, also inside groups."""
    one, other = parse_selection(given), parse_selection(forced)
    assert one is not None
    assert other is not None
    assert one.forced(other) == parse_selection(result)


def test_bulk_changes_take_a_limit_and_an_order() -> None:
    """Only so many documents, those that come first."""
    posts = Collection("posts", access=anyone, fields=[fields.Number("n")])
    with watched(Config(collections=[posts])) as client:
        for n in (3, 1, 2, 4):
            client.create("posts", {"n": n})
        everything = "where[id][exists]=true"
        changed = client.patch(f"/api/posts?{everything}&sort=-n&limit=1", json={"n": 9}).json()
        assert [doc["id"] for doc in changed["docs"]] == [4]
        gone = client.delete(f"/api/posts?{everything}&sort=n&limit=2").json()
        assert [doc["n"] for doc in gone["docs"]] == [1, 2]
        assert client.delete(f"/api/posts?{everything}&limit=-1").status_code == 400
        assert sorted(doc["n"] for doc in client.find("posts").docs) == [3, 9]
