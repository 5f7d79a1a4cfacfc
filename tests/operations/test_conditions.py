"""Fields that a condition hides: not validated, yet never a reference to nothing, nor a failure of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.testing import TestClient

NEVER = {"condition": lambda data, siblings, context: False}


def body(node: Any) -> dict[str, Any]:
    return {"root": {"type": "root", "children": [node]}}


def refer(slug: Any, id: Any) -> dict[str, Any]:
    return body({"type": "relationship", "relationTo": slug, "value": id})


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    """Posts whose every field is hidden, and a tag."""
    inside = [fields.Text("name", required=True), fields.Relationship("tag", relation_to="tags", required=True)]
    hidden = [
        fields.Text("title", required=True, min_length=3, admin=NEVER),
        fields.Number("number", max=5, admin=NEVER),
        fields.Relationship("tag", relation_to="tags", required=True, admin=NEVER),
        fields.Relationship("any", relation_to=["tags", "posts"], has_many=True, admin=NEVER),
        fields.RichText("body", required=True, admin=NEVER),
        fields.Group("group", fields=inside, admin=NEVER),
        fields.Array("rows", fields=[*inside, fields.RichText("body")], required=True, admin=NEVER),
    ]
    posts = Collection("posts", access="anyone", fields=hidden)
    with TestClient(Config(collections=[Collection("tags", access="anyone", fields=[]), posts])) as client:
        client.create("tags", {})
        yield client


TAKEN: list[dict[str, Any]] = [
    {}, {"title": "x", "number": 7}, {"tag": "1"}, {"body": refer("tags", 1)}, {"group": {"tag": 1}}, {"rows": [{}]},
    {"rows": [{"tag": 1, "body": refer("tags", 1)}]}, {"title": None, "body": None},
]  # fmt: skip


@pytest.mark.parametrize("data", TAKEN, ids=repr)
def test_what_is_hidden_is_not_validated(client: TestClient, data: Any) -> None:
    """Neither required nor limited; a reference is read as always."""
    made = client.post("/api/posts?depth=0", json=data)
    assert made.status_code == 201, made.text
    assert client.get(f"/api/posts/{made.json()['doc']['id']}?depth=2").status_code == 200


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("tag", {"tag": 9}), ("tag", {"tag": [1]}), ("tag", {"tag": "x"}), ("any", {"any": [{"relationTo": "nope"}]}),
    ("any", {"any": [{"relationTo": "tags", "value": 9}]}),
    ("body", {"body": refer("tags", 9)}), ("body", {"body": refer("nope", 1)}), ("body", {"body": refer([], {})}),
    ("body", {"body": body({"type": "link", "fields": {"url": "javascript:x"}})}),
    ("group.tag", {"group": {"tag": 9}}), ("rows.0.tag", {"rows": [{"tag": {}}]}),
    ("rows.1.body", {"rows": [{}, {"body": refer("tags", 9)}]}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "data"), REFUSED, ids=[repr(data) for _, data in REFUSED])
def test_what_would_do_harm_is_refused_all_the_same(client: TestClient, path: str, data: Any) -> None:
    """References to nothing, and links that run programs."""
    answer = client.post("/api/posts", json=data)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]] == [path]


def test_what_cannot_be_stored_is_refused(client: TestClient) -> None:
    """A value that no column holds is the asker's mistake, not the server's."""
    for value in ([1], {"a": 1}):
        assert client.post("/api/posts", json={"number": value}).status_code == 400
