"""Lists of values in queries: which elements a condition is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.testing import TestClient
from tests.rest.watching import watched

POSTS = Collection(
    "posts",
    access="anyone",
    default_sort="id",
    fields=[
        fields.Text("title"),
        fields.Text("tags", has_many=True),
        fields.Number("sizes", has_many=True),
        fields.Select("channels", has_many=True, options=["web", "mail"]),
        fields.Relationship("related", relation_to="posts", has_many=True),
        fields.Relationship("parent", relation_to="posts"),
    ],
)
DOCUMENTS: list[dict[str, Any]] = [
    {"title": "a", "tags": ["news", "Newsletter"], "sizes": [1, 2.5], "channels": ["web", "mail"]},
    {"title": "b", "tags": ["news"], "sizes": [2], "channels": ["mail"], "related": [1], "parent": 1},
    {"title": "c", "related": [1, 2], "parent": 2},
]


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with watched(Config(collections=[POSTS])) as client:
        for document in DOCUMENTS:
            client.create("posts", document)
        yield client


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("where[tags][equals]=news", "ab"), ("where[tags][not_equals]=Newsletter", "bc"),
        ("where[tags][contains]=news", "ab"), ("where[tags][contains]=new", ""), ("where[tags][like]=LETTER", "a"),
        ("where[tags][in]=Newsletter,other", "a"), ("where[tags][not_in]=Newsletter", "bc"),
        ("where[tags][exists]=false", "c"),
        ("where[tags][all]=news", "ab"), ("where[tags][all]=news,Newsletter", "a"),
        ("where[tags][all]=news,news", "ab"),
        ("where[tags][all][0]=news&where[tags][all][1]=other", ""), ("where[tags][all]=", ""),
        ("where[sizes][all]=2.5,1", "a"), ("where[sizes][all]=1,x", ""), ("where[sizes][contains]=2", "b"),
        ("where[sizes][greater_than]=2", "a"),
        ("where[channels][all]=web,mail", "a"), ("where[channels][all]=mail", "ab"),
        ("where[related][all]=1,2", "c"), ("where[related][all]=1", "bc"), ("where[related][all]=1,x", ""),
        ("where[parent.tags][all]=news,Newsletter", "b"), ("where[related.tags][all]=news,Newsletter", "bc"),
    ],
)  # fmt: skip
def test_what_a_condition_finds(client: TestClient, where: str, found: str) -> None:
    """One element that fulfils it is enough, none does for a negation, and `all` wants each value of some element."""
    answer = client.get(f"/api/posts?{where}&depth=0")
    assert "".join(doc["title"] for doc in answer.json()["docs"]) == found


@pytest.mark.parametrize("path", ["title", "parent", "id"])
def test_all_is_for_lists(client: TestClient, path: str) -> None:
    """A field of one value does not have it."""
    answer = client.get(f"/api/posts?where[{path}][all]=1")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"] == [{"path": f"{path}.all"}]


def test_all_counts_as_many_conditions(client: TestClient) -> None:
    """So that no query asks more of the database than another may."""
    listed = ",".join(str(number) for number in range(65))
    assert client.get(f"/api/posts?where[sizes][all]={listed}").status_code == 400
