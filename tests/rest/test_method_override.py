"""Reads asked for by POST, for queries that are too long for an address: what they may and what they may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from headless import Collection, Config, Endpoint, Request, anyone, fields
from headless.testing import TestClient
from tests.rest.watching import watched

FORM = "application/x-www-form-urlencoded"
READ = {"x-http-method-override": "GET", "content-type": FORM}


@Endpoint.get("/asked")
async def asked(request: Request) -> dict[str, Any]:
    """What a read has of the request."""
    return {"method": request.method, "query": request.query, "data": await request.data()}


CONFIG = Config(
    collections=[
        Collection("posts", access=anyone, fields=[fields.Text("title")]),
        Collection("owned", access={"read": {"owner": {"equals": "$user.id"}}, "create": anyone},
                   fields=[fields.Relationship("owner", relation_to="users")]),
    ],
    endpoints=[asked],
)  # fmt: skip


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(CONFIG) as client:
        for title in ("one", "two", "three"):
            client.create("posts", {"title": title})
        yield client


def titles(answer: Any) -> list[str]:
    return [doc["title"] for doc in answer.json()["docs"]]


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Payload-HTTP-Method-Override", "x-http-method-override"])
@pytest.mark.parametrize("method", ["GET", "get", " GET "])
def test_a_form_is_the_query_of_the_read(client: TestClient, name: str, method: str) -> None:
    """Either header will do; the answer is the one the GET would have."""
    query = urlencode({"where[title][equals]": "two"})
    answer = client.post("/api/posts", content=query, headers={name: method, "content-type": FORM})
    assert answer.status_code == 200
    assert answer.json() == client.get(f"/api/posts?{query}").json()
    assert client.find("posts").total_docs == 3


def test_the_query_string_counts_too(client: TestClient) -> None:
    """What stands in the address and what stands in the body are one query."""
    answer = client.post("/api/posts?sort=title", content="limit=2", headers=READ)
    assert titles(answer) == ["one", "three"]


def test_a_query_may_be_longer_than_an_address(client: TestClient) -> None:
    """A thousand large ids in one where are asked for at once."""
    ids = ",".join(map(str, [1, 2, 3, *range(10**17, 10**17 + 997)]))
    assert client.post("/api/posts", content=f"where[id][in]={ids}", headers=READ).json()["totalDocs"] == 3


@pytest.mark.parametrize("body", ["a" * 70_000, "where[title", "%ff=1", "a=%00"])
def test_a_bad_query_is_refused_as_in_an_address(client: TestClient, body: str) -> None:
    """Too long, malformed, no UTF-8: a clear 400."""
    answer = client.post("/api/posts", content=body, headers=READ)
    assert answer.status_code == 400, answer.text


def test_an_endpoint_cannot_tell_it_from_a_get(client: TestClient) -> None:
    """The method, the query, no body: what a handler of a GET is used to."""
    answer = client.post("/api/asked", content="a[b]=1", headers=READ)
    assert answer.json() == {"method": "GET", "query": {"a": {"b": "1"}}, "data": {}}


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "nonsense"])
def test_a_post_stands_for_no_other_method(client: TestClient, method: str) -> None:
    """Nothing is deleted, changed or, because it was not meant, created."""
    headers = {"x-http-method-override": method}
    assert client.post("/api/posts", json={"title": "x"}, headers=headers).status_code == 400
    assert client.post("/api/posts?where[id][exists]=true", headers=headers).status_code == 400
    assert client.post("/api/posts/1", json={"title": "x"}, headers=headers).status_code == 404
    assert sorted(titles(client.get("/api/posts"))) == ["one", "three", "two"]


def test_other_methods_are_what_they_are(client: TestClient) -> None:
    """Only a POST can stand for something else."""
    answer = client.delete("/api/posts/1", headers={"x-http-method-override": "GET"})
    assert answer.json()["message"] == "Deleted successfully."


def test_the_rules_are_those_of_the_read(client: TestClient) -> None:
    """That a collection may be written by anyone opens nothing of it for reading."""
    ada = client.user("ada@example.com")
    client.create("owned", {"owner": ada.id})
    assert client.post("/api/owned", headers=READ).json() == client.get("/api/owned").json()
    assert client.post("/api/owned", headers=READ, as_=ada).json()["totalDocs"] == 1


@pytest.mark.parametrize(("origin", "seen"), [("http://testserver", 1), ("https://evil.example", 0)])
def test_a_cookie_counts_as_it_does_for_a_post(client: TestClient, origin: str, seen: int) -> None:
    """A foreign page that makes a browser send it is nobody, as for every other POST."""
    ada = client.user("ada@example.com")
    client.create("owned", {"owner": ada.id})
    cookie = f"payload-token={client.login(ada)}"
    answer = client.post("/api/owned", headers={**READ, "cookie": cookie, "origin": origin})
    assert answer.json().get("totalDocs", 0) == seen
    without = {**READ, "cookie": cookie, "referer": f"{origin}/page"}
    assert client.post("/api/owned", headers=without).json().get("totalDocs", 0) == seen
