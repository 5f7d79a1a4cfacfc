"""Rules: what can be declared as one, what each answers, and that anything doubtful denies."""

from __future__ import annotations

from typing import Any

import pytest

from headless import (
    AccessContext,
    Collection,
    Config,
    ConfigError,
    Headless,
    anyone,
    authenticated,
    fields,
    nobody,
    public,
    staff,
)
from headless.testing import TestClient

OWN = {"owner": {"equals": "$user.id"}}


def notes(rule: Any) -> Config:
    declared = [fields.Text("title"), fields.Number("owner"), fields.Checkbox("open")]
    members = Collection(
        "members", auth=True, access="anyone", fields=[fields.Group("team", fields=[fields.Number("id")])]
    )
    return Config(collections=[Collection("notes", access={"read": rule}, fields=declared), members])


def seen(client: TestClient, who: Any) -> list[str] | int:
    answer = client.get("/api/notes?sort=title", as_=who)
    return [doc["title"] for doc in answer.json()["docs"]] if answer.status_code == 200 else answer.status_code


def read_by(rule: Any) -> dict[str, Any]:
    """What a member, a user of the admin, and nobody see of three notes: the member's, another's, an open one."""
    with TestClient(notes(rule)) as client:
        member = client.user("m@example.com", collection="members", team={"id": 7})
        boss = client.user("b@example.com")
        client.create("notes", {"title": "mine", "owner": member.id})
        client.create("notes", {"title": "open", "owner": 8, "open": True})
        client.create("notes", {"title": "team", "owner": 7})
        return {"member": seen(client, member), "boss": seen(client, boss), "nobody": seen(client, None)}


EVERYTHING = ["mine", "open", "team"]


def raises(context: AccessContext) -> bool:
    raise RuntimeError(context.operation)


async def later(context: AccessContext) -> Any:
    return {"owner": {"equals": 7}} if context.user else False


RULES: dict[str, tuple[Any, Any, Any, Any]] = {
    "anyone": (anyone, EVERYTHING, EVERYTHING, EVERYTHING),
    "public": (public, EVERYTHING, EVERYTHING, EVERYTHING),
    "by name": ("authenticated", EVERYTHING, EVERYTHING, 403),
    "authenticated": (authenticated, EVERYTHING, EVERYTHING, 403),
    "staff": (staff, 403, EVERYTHING, 403),
    "nothing declared is staff": (None, 403, EVERYTHING, 403),
    "nobody": (nobody, 403, 403, 403),
    "a where": ({"open": {"equals": True}}, ["open"], ["open"], ["open"]),
    "a where of the user": (OWN, ["mine"], ["mine"], 403),
    "a deep path of the user": ({"owner": {"equals": "$user.team.id"}}, ["team"], 403, 403),
    "a path that the user lacks": ({"owner": {"equals": "$user.nope"}}, 403, 403, 403),
    "the user in a list": ({"owner": {"in": ["$user.id", 8]}}, ["mine", "open"], ["mine", "open"], 403),
    "any of a list": ([staff, OWN], ["mine"], EVERYTHING, 403),
    "any of wheres": ([OWN, {"open": {"equals": True}}], ["mine", "open"], ["mine", "open"], ["open"]),
    "a list within a list": ([nobody, [OWN, "staff"]], ["mine"], EVERYTHING, 403),
    "and, or": ({"or": [OWN, {"and": [{"open": {"equals": True}}]}]}, ["mine", "open"], ["mine", "open"], 403),
    "a function": (lambda context: context.user is not None, EVERYTHING, EVERYTHING, 403),
    "an async function that answers a where": (later, ["team"], ["team"], 403),
    "a function that answers with the user": (lambda context: OWN, ["mine"], ["mine"], 403),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "member", "boss", "nobody_"), RULES.values(), ids=RULES)
def test_what_a_rule_lets_see(rule: Any, member: Any, boss: Any, nobody_: Any) -> None:
    """To a member, to a user of the admin's collection, and to nobody; without the user it speaks of, it denies."""
    assert read_by(rule) == {"member": member, "boss": boss, "nobody": nobody_}


@pytest.mark.parametrize("garbage", [None, 1, 0, "yes", "", [], {}, [True], ("a",), 1.5], ids=repr)
def test_a_rule_that_answers_garbage_denies_and_says_so(garbage: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Anything but a bool or a where is no yes; the log names the rule, the operation and the collection."""

    def odd_rule(context: AccessContext) -> Any:
        return garbage

    with TestClient(notes(odd_rule)) as client:
        assert client.get("/api/notes").status_code == 403
    assert "odd_rule" in caplog.text
    assert "'notes'" in caplog.text
    assert "read" in caplog.text


def test_a_rule_that_fails_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """The client learns nothing but that something went wrong."""
    with TestClient(notes(raises)) as client:
        answer = client.get("/api/notes")
        assert (answer.status_code, answer.json()) == (500, {"errors": [{"message": "Something went wrong."}]})
    assert "raises" in caplog.text


def test_a_where_does_for_no_create() -> None:
    """There is no document yet that it could be asked of."""
    declared = Collection("notes", access={"create": OWN}, fields=[fields.Number("owner")])
    with TestClient(Config(collections=[declared])) as client:
        boss = client.user("b@example.com")
        assert client.post("/api/notes", json={"owner": boss.id}, as_=boss).status_code == 403


def test_one_rule_stands_for_every_operation() -> None:
    """`access="anyone"` opens all, also a where or a function does for all."""
    declared = Collection("notes", access="anyone", fields=[fields.Text("title")])
    with TestClient(Config(collections=[declared])) as client:
        assert client.post("/api/notes", json={"title": "x"}).status_code == 201
        assert client.patch("/api/notes/1", json={"title": "y"}).status_code == 200
        assert client.get("/api/notes/1").status_code == 200
        assert client.delete("/api/notes/1").status_code == 200


def test_what_a_rule_is_asked_with() -> None:
    """The user, the operation, the collection, the id and the data where there are some, and the request."""
    asked: list[tuple[Any, ...]] = []

    def rule(context: AccessContext) -> bool:
        path = context.request.url.path if context.request else None
        asked.append(
            (
                context.user and context.user["email"],
                context.operation,
                context.collection,
                context.id,
                context.data,
                path,
            )
        )
        return True

    declared = Collection("notes", access=rule, fields=[fields.Text("title")])
    with TestClient(Config(collections=[declared])) as client:
        boss = client.user("b@example.com")
        client.post("/api/notes", json={"title": "x"}, as_=boss)
        client.patch("/api/notes/1", json={"title": "y"}, as_=boss)
        client.get("/api/notes")
        client.delete("/api/notes/1")
        client.system.count("notes")
    assert asked == [
        ("b@example.com", "create", "notes", None, {"title": "x"}, "/api/notes"),
        ("b@example.com", "update", "notes", "1", {"title": "y"}, "/api/notes/1"),
        (None, "read", "notes", None, None, "/api/notes"),
        (None, "delete", "notes", "1", None, "/api/notes/1"),
    ]


async def test_a_rule_that_names_nothing_is_a_mistake_at_the_start() -> None:
    """A misspelt where rule would refuse everybody for ever: it is told before anybody asks."""
    notes = Collection(
        "notes", access={"read": [staff, {"ownr": {"equals": "$user.id"}}]}, fields=[fields.Text("owner")]
    )
    app = Headless(collections=[notes], database="sqlite:///:memory:", secret="s" * 40)
    with pytest.raises(ConfigError) as refused:
        await app.startup()
    assert refused.value.problems == [
        "collection 'notes', access.read: a rule cannot ask for 'ownr' – did you mean 'owner'?"
    ]
