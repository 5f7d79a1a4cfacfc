"""The change log: what every committed write leaves in it, and what never enters it."""

from __future__ import annotations

import pytest

from headless import Collection, Config, ValidationError, fields
from headless.testing import StillClock, TestClient
from tests.operations.watching import logged, rows

POSTS = Collection(
    "posts",
    access="authenticated",
    fields=[
        fields.Text("title", unique=True),
        fields.Group("seo", fields=[fields.Text("words"), fields.Number("weight")]),
        fields.Array("lines", fields=[fields.Text("text")]),
    ],
)


def test_a_create_is_logged_whole() -> None:
    """The image is the document as a read at depth 0 shows it; who and when are with it."""
    with TestClient(Config(collections=[POSTS]), clock=StillClock()) as client:
        ada = client.user("ada@example.com")
        made = client.post("/api/posts", json={"title": "x", "seo": {"words": "w"}, "lines": [{"text": "t"}]}, as_=ada)
        change = logged(client)[-1]
        assert (change.collection, change.id, change.operation) == ("posts", 1, "create")
        assert change.actor == {"collection": "users", "id": ada.id}
        assert change.at == "2026-01-01T00:00:00.000Z"
        assert change.before is None
        assert change.after == made.json()["doc"]


def test_an_update_holds_what_it_changed_and_the_whole_after() -> None:
    """`before` has the old values of the changed top-level fields; together they make the document before."""
    with TestClient(Config(collections=[POSTS]), clock=StillClock()) as client:
        made = client.create("posts", {"title": "x", "seo": {"words": "w", "weight": 1}})
        after = client.update_document("posts", 1, {"seo": {"weight": 2}})
        change = logged(client)[-1]
        assert change.before == {"seo": {"words": "w", "weight": 1}}
        assert change.after == after
        assert change.previous() == made
        assert change.actor is None


def test_a_user_is_kept_without_what_every_user_says() -> None:
    """The collection is in every document of a user: it is never among what changed."""
    with TestClient(Config(collections=[POSTS])) as client:
        ada = client.user("ada@example.com")
        client.update_document("users", ada.id, {"email": "grace@example.com"})
        assert set(logged(client)[-1].changed()) == {"email", "updatedAt"}


def test_a_delete_holds_what_was() -> None:
    """The last image of the document is in the log."""
    with TestClient(Config(collections=[POSTS])) as client:
        made = client.create("posts", {"title": "x"})
        client.delete_document("posts", 1)
        change = logged(client)[-1]
        assert (change.operation, change.before, change.after) == ("delete", made, None)


def test_sequence_is_commit_order() -> None:
    """One integer after the other, across collections."""
    with TestClient(Config(collections=[POSTS])) as client:
        for title in "abc":
            client.create("posts", {"title": title})
        client.update_document("posts", 2, {"title": "z"})
        assert [(change.seq, change.id) for change in logged(client)] == [(1, 1), (2, 2), (3, 3), (4, 2)]


def test_a_refused_write_is_not_logged() -> None:
    """Neither one that is invalid nor one that another's unique value stands against."""
    with TestClient(Config(collections=[POSTS])) as client:
        client.create("posts", {"title": "x"})
        for data in ({"title": "x"}, {"title": 5 * [1]}):
            with pytest.raises(ValidationError):
                client.create("posts", data)
        assert len(logged(client)) == 1


def test_a_bulk_update_is_one_change_a_document() -> None:
    """Those that fail leave none."""
    with TestClient(Config(collections=[POSTS])) as client:
        for title in "abc":
            client.create("posts", {"title": title})
        ada = client.user("ada@example.com")
        before = len(logged(client))
        answer = client.patch("/api/posts?where[id][exists]=true", json={"title": "same"}, as_=ada)
        assert (len(answer.json()["docs"]), len(answer.json()["errors"])) == (1, 2)
        assert len(logged(client)) == before + 1


def test_no_secret_enters_the_log() -> None:
    """Passwords, their hashes and sessions are in no image, whether made, changed, logged in or deleted."""
    with TestClient(Config(collections=[POSTS])) as client:
        ada = client.user("ada@example.com", password="the first secret")
        client.login(ada)
        client.update_document("users", ada.id, {"password": "the second secret", "name": "Ada"})
        client.delete_document("users", ada.id)
        text = repr(rows(client, "SELECT * FROM _changes"))
    assert "Ada" in text
    for secret in ("secret", "argon2", "password", "sessions", "expiresAt"):
        assert secret not in text


def test_logging_in_and_out_is_no_change_of_the_user() -> None:
    """Neither the log nor the document's revision knows of it."""
    with TestClient(Config(collections=[POSTS])) as client:
        ada = client.user("ada@example.com")
        before = rows(client, 'SELECT _rev, "updatedAt" FROM users')
        client.login(ada)
        assert client.post("/api/users/logout", as_=ada).status_code == 200
        assert rows(client, 'SELECT _rev, "updatedAt" FROM users') == before
        assert len(logged(client)) == 1


def test_hidden_fields_are_in_the_log_for_those_who_may_read_it_only() -> None:
    """A field hidden from answers is part of the document: the log keeps it, no stream shows it."""
    hidden = Collection("posts", access="anyone", fields=[fields.Text("title"), fields.Text("inner", hidden=True)])
    with TestClient(Config(collections=[hidden])) as client:
        with client.stream("/api/posts/stream") as stream:
            client.create("posts", {"title": "x", "inner": "unseen"})
            event = stream.next()
        assert (logged(client)[0].after or {})["inner"] == "unseen"
    assert "unseen" not in event.data
