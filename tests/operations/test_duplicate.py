"""Duplicating: what a copy has of its original, what it never has, and who may make one."""

from __future__ import annotations

from typing import Any

import pytest

from headless import ApiError, Collection, Config, Forbidden, HookContext, NotFound, ValidationError, anyone, fields
from headless.access import AccessContext
from headless.testing import TestClient
from tests.operations.watching import logged


def is_boss(context: AccessContext) -> bool:
    return context.user is not None and context.user["email"] == "boss@example.com"


PAGES = Collection(
    "pages",
    access=anyone,
    fields=[
        fields.Text("title", required=True),
        fields.Text("slug", unique=True),
        fields.Textarea("motto", unique=True),
        fields.Number("number", unique=True),
        fields.Email("contact", unique=True),
        fields.Checkbox("live", default_value=True),
        fields.Group("seo", fields=[fields.Text("title"), fields.Text("code", unique=True)]),
        fields.Array("rows", fields=[
            fields.Text("word"),
            fields.Text("shut", access={"read": is_boss}),
            fields.Array("sub", fields=[fields.Text("leaf")]),
        ]),
        fields.Relationship("to", relation_to="pages"),
        fields.Relationship("many", relation_to="pages", has_many=True),
        fields.Json("data"),
    ],
)  # fmt: skip


PAGES_CONFIG = Config(collections=[PAGES])


def sole(*declared: Any, **options: Any) -> Config:
    return Config(collections=[Collection("notes", fields=list(declared), **{"access": anyone, **options})])


def test_a_copy_has_what_the_original_has() -> None:
    """Every value, also in groups and rows; its id, its times and the ids of its rows are its own."""
    with TestClient(PAGES_CONFIG) as client:
        whole = {
            "title": "One", "live": False, "seo": {"title": "S"}, "data": {"id": 1, "a": [1]}, "to": 1, "many": [1],
            "rows": [{"word": "w", "sub": [{"leaf": "l"}]}, {"word": "v"}],
        }  # fmt: skip
        client.create("pages", {"title": "Target"})
        original = client.create("pages", whole)
        copy = client.duplicate_document("pages", original["id"])
    assert (copy["id"], copy["title"], copy["live"], copy["seo"]) == (3, "One", False, {"title": "S", "code": None})
    assert (copy["data"], copy["to"], copy["many"]) == ({"id": 1, "a": [1]}, 1, [1])
    assert [(row["word"], [sub["leaf"] for sub in row["sub"]]) for row in copy["rows"]] == [("w", ["l"]), ("v", [])]
    assert not ids_of(copy["rows"]) & ids_of(original["rows"])
    assert len(ids_of(copy["rows"])) == 3


def ids_of(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows} | {sub["id"] for row in rows for sub in row["sub"]}


def test_what_is_given_goes_before_what_the_original_has() -> None:
    """Groups are merged, lists are replaced; rows given with ids of the original's get ids of their own."""
    with TestClient(PAGES_CONFIG) as client:
        original = client.create("pages", {"title": "One", "seo": {"title": "S", "code": "c"}, "rows": [{"word": "w"}]})
        row = {**original["rows"][0], "word": "x"}
        given = {"title": "Two", "seo": {"code": "d"}, "rows": [row, {"id": "mine", "word": "y"}], "id": 77}
        copy = client.duplicate_document("pages", original["id"], given)
    assert (copy["id"], copy["title"], copy["seo"]) == (2, "Two", {"title": "S", "code": "d"})
    assert [row["word"] for row in copy["rows"]] == ["x", "y"]
    assert copy["rows"][0]["id"] != original["rows"][0]["id"]
    assert copy["rows"][1]["id"] == "mine"


def test_unique_values_are_made_different() -> None:
    """Texts get an ending, also in groups; what cannot be told apart is left out; null and empty stay so."""
    unique = {"slug": "one", "motto": "go", "number": 5, "contact": "a@example.com", "seo": {"code": "c"}}
    with TestClient(PAGES_CONFIG) as client:
        client.create("pages", {"title": "One", **unique})
        copy = client.duplicate_document("pages", 1)
        assert (copy["slug"], copy["motto"], copy["seo"]["code"]) == ("one - Copy", "go - Copy", "c - Copy")
        assert (copy["number"], copy["contact"]) == (None, None)
        bare = client.duplicate_document("pages", client.create("pages", {"title": "Bare"})["id"])
        assert (bare["slug"], bare["motto"]) == (None, None)


def test_a_copy_of_what_was_copied_already_is_told_apart_by_its_maker() -> None:
    """The second copy would have the slug of the first: it is refused with the field's name, and may be given one."""
    with TestClient(PAGES_CONFIG) as client:
        client.create("pages", {"title": "One", "slug": "one"})
        client.duplicate_document("pages", 1)
        with pytest.raises(ValidationError) as raised:
            client.duplicate_document("pages", 1)
        assert [error["path"] for error in raised.value.errors] == ["slug"]
        assert client.duplicate_document("pages", 1, {"slug": "two"})["slug"] == "two"
        assert client.duplicate_document("pages", 2)["slug"] == "one - Copy - Copy"


def test_a_required_unique_value_that_cannot_be_made_is_asked_for() -> None:
    """The error names the field; with a value of its own the copy is made."""
    with TestClient(sole(fields.Number("number", unique=True, required=True))) as client:
        client.create("notes", {"number": 1})
        with pytest.raises(ValidationError, match="Number"):
            client.duplicate_document("notes", 1)
        assert client.duplicate_document("notes", 1, {"number": 2})["number"] == 2


GUARDED = sole(
    fields.Text("title"),
    fields.Text("notes", access={"read": is_boss}),
    fields.Text("score", access={"create": is_boss}, default_value="none"),
    fields.Text("token", hidden=True),
    fields.Text("own", access={"read": {"title": {"equals": "x"}}}),
    fields.Group("vault", access={"read": is_boss}, fields=[fields.Text("pin")]),
    fields.Group("open", fields=[fields.Text("pin", access={"read": is_boss}), fields.Text("word")]),
    fields.Array("rows", fields=[fields.Text("word"), fields.Text("pin", access={"read": is_boss})]),
)
SECRET = {
    "title": "x", "notes": "secret", "score": "high", "token": "t", "own": "mine", "vault": {"pin": "1"},
    "open": {"pin": "2", "word": "w"}, "rows": [{"word": "a", "pin": "3"}],
}  # fmt: skip


def test_what_may_not_be_read_is_not_copied() -> None:
    """Nothing hidden or unreadable is in the copy, for nobody, wherever it stood; nor what may not be created."""
    with TestClient(GUARDED) as client:
        client.create("notes", SECRET)
        client.duplicate_document("notes", 1, as_=None)
        copy = client.get_document("notes", 2)
        assert (copy["title"], copy["open"]["word"], copy["rows"][0]["word"]) == ("x", "w", "a")
        assert (copy["notes"], copy["token"], copy["own"], copy["vault"]) == (None, None, None, {"pin": None})
        assert (copy["open"]["pin"], copy["rows"][0]["pin"], copy["score"]) == (None, None, "none")
        assert copy["rows"][0]["id"] != client.get_document("notes", 1)["rows"][0]["id"]


def test_who_may_read_more_copies_more() -> None:
    """What a field's rule opens is copied, but what is hidden only by the system."""
    with TestClient(GUARDED) as client:
        client.create("notes", SECRET)
        boss = client.user("boss@example.com")
        client.duplicate_document("notes", 1, as_=boss)
        copy = client.get_document("notes", 2)
        assert (copy["notes"], copy["score"], copy["vault"], copy["token"]) == ("secret", "high", {"pin": "1"}, None)
        assert client.duplicate_document("notes", 1)["token"] == "t"


def test_hooks_before_a_duplicate_decide_what_is_copied() -> None:
    """They see the value and what stands beside it, run inside out, and take the place of the ending of texts."""
    seen: list[Any] = []

    def fresh(context: HookContext) -> str:
        seen.append((context.path, context.value, context.sibling_data.get("word"), context.doc["id"]))
        return f"{context.value}!"

    def counted(context: HookContext) -> Any:
        seen.append((context.path, [row["word"] for row in context.value]))
        return context.value[:1]

    declared = sole(
        fields.Text("slug", unique=True, hooks={"before_duplicate": fresh}),
        fields.Array("rows", fields=[fields.Text("word", hooks={"before_duplicate": fresh})],
                     hooks={"before_duplicate": counted}),
    )  # fmt: skip
    with TestClient(declared) as client:
        client.create("notes", {"slug": "s", "rows": [{"word": "a"}, {"word": "b"}]})
        assert seen == []
        copy = client.duplicate_document("notes", 1)
    assert copy["slug"] == "s!"
    assert [row["word"] for row in copy["rows"]] == ["a!"]
    assert seen == [
        (("slug",), "s", None, 1), (("rows", 0, "word"), "a", "a", 1), (("rows", 1, "word"), "b", "b", 1),
        (("rows",), ["a!", "b!"]),
    ]  # fmt: skip


def test_the_hooks_of_a_create_run() -> None:
    """A copy is made like any other document; the first hook is told of which it is one."""
    seen: list[Any] = []

    def note(context: HookContext) -> None:
        seen.append((context.operation, context.args.get("duplicate_from"), (context.data or {}).get("title")))

    kinds = ("before_operation", "before_validate", "before_change", "after_change", "after_commit")
    with TestClient(sole(fields.Text("title"), hooks=dict.fromkeys(kinds, note))) as client:
        client.create("notes", {"title": "x"})
        seen.clear()
        client.duplicate_document("notes", 1)
    assert seen == [
        ("create", 1, None), ("create", None, "x"), ("create", None, "x"), ("create", None, "x"),
        ("create", None, None),
    ]  # fmt: skip


def test_a_failing_hook_leaves_no_copy() -> None:
    """Whatever hook fails, nothing is stored and nothing told."""

    def fail(context: HookContext) -> None:
        raise ApiError("no", status=409)

    declared = sole(fields.Text("title", hooks={"before_duplicate": fail}))
    with TestClient(declared) as client:
        client.create("notes", {"title": "x"})
        with pytest.raises(ApiError):
            client.duplicate_document("notes", 1)
        assert client.find("notes").total_docs == 1
        assert [change.operation for change in logged(client)] == ["create"]


def test_only_what_may_be_read_can_be_duplicated() -> None:
    """What somebody else owns is not there; who may read or create nothing is refused."""
    owned = sole(fields.Relationship("owner", relation_to="users"), fields.Text("title"),
                 access={"read": {"owner": {"equals": "$user.id"}}, "create": anyone})  # fmt: skip
    with TestClient(owned) as client:
        ada, bob = client.users("ada@example.com", "bob@example.com")
        client.create("notes", {"title": "x", "owner": ada.id})
        others: list[Any] = [1, 99, "abc", True, 1.5, "1 or 1=1"]
        for id in others:
            with pytest.raises(NotFound):
                client.duplicate_document("notes", id, {"owner": bob.id}, as_=bob)
        assert client.duplicate_document("notes", "1", as_=ada)["title"] == "x"
    for access in ({"read": anyone, "create": "nobody"}, {"read": "nobody", "create": anyone}):
        with TestClient(sole(fields.Text("title"), access=access)) as client:
            client.create("notes", {"title": "x"})
            with pytest.raises(Forbidden):
                client.duplicate_document("notes", 1, as_=None)


def test_the_rule_for_creating_sees_the_whole_copy() -> None:
    """A rule about what is created is about the copy with what it was given."""

    def only_drafts(context: AccessContext) -> bool:
        return context.data is not None and context.data.get("status") == "draft"

    declared = sole(fields.Text("status"), fields.Text("title"), access={"read": anyone, "create": only_drafts})
    with TestClient(declared) as client:
        client.create("notes", {"status": "live", "title": "x"})
        with pytest.raises(Forbidden):
            client.duplicate_document("notes", 1, as_=None)
        assert client.duplicate_document("notes", 1, {"status": "draft"}, as_=None)["title"] == "x"


def test_users_are_not_duplicated_unless_the_declaration_says_so() -> None:
    """And then the copy has an address and a password of its own, and none of the sessions."""
    people = Collection("people", auth=True, access=anyone, fields=[fields.Text("name")])
    with TestClient(Config(collections=[people])) as client:
        client.user("ada@example.com", collection="people")
        assert client.post("/api/people/1/duplicate").status_code == 404
        with pytest.raises(Forbidden):
            client.duplicate_document("people", 1, as_=None)
    people = Collection("people", auth=True, access=anyone, disable_duplicate=False, fields=[fields.Text("name")])
    with TestClient(Config(collections=[people])) as client:
        ada = client.user("ada@example.com", collection="people", name="Ada")
        client.login(ada)
        answer = client.post("/api/people/1/duplicate", json={})
        assert answer.status_code == 400
        assert {error["path"] for error in answer.json()["errors"][0]["data"]["errors"]} >= {"email"}
        fresh = {"email": "eve@example.com", "password": "another password"}
        copy = client.post("/api/people/1/duplicate", json=fresh).json()["doc"]
        assert (copy["name"], copy["email"], copy["sessions"]) == ("Ada", "eve@example.com", [])
        login = {"email": "eve@example.com", "password": ada.password}
        assert client.post("/api/people/login", json=login).status_code == 401
        assert client.post("/api/people/login", json=fresh).status_code == 200


def test_the_route() -> None:
    """The copy with a message; how it is shown is said as for a create; what is sent may be nothing at all."""
    with TestClient(PAGES_CONFIG) as client:
        client.create("pages", {"title": "One", "to": None})
        answer = client.post("/api/pages/1/duplicate?select[title]=true")
        assert (answer.status_code, answer.json()) == (
            200, {"doc": {"id": 2, "title": "One"}, "message": "Page successfully duplicated."},
        )  # fmt: skip
        answer = client.post("/api/pages/1/duplicate?depth=1", json={"title": "Two", "to": 1})
        assert answer.json()["doc"]["to"]["title"] == "One"
        assert client.post("/api/pages/99/duplicate").json() == {"errors": [{"message": "Not Found"}]}
        assert client.post("/api/pages/1/duplicate", json={"title": ""}).status_code == 400
        assert client.post("/api/pages/1/duplicate", content="[]").status_code == 400
        assert client.get("/api/pages/1/duplicate").status_code == 404


def test_the_route_can_be_switched_off() -> None:
    """There is none, and Python's calls are refused for everybody but the system."""
    with TestClient(sole(fields.Text("title"), disable_duplicate=True)) as client:
        client.create("notes", {"title": "x"})
        answer = client.post("/api/notes/1/duplicate")
        assert (answer.status_code, answer.json()["message"]) == (404, 'Route not found "/api/notes/1/duplicate"')
        with pytest.raises(Forbidden):
            client.api().duplicate("notes", 1)
        assert client.system.duplicate("notes", 1)["title"] == "x"
