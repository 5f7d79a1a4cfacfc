"""Endpoints of one's own over HTTP: methods, parameters, which one is taken, and what may be declared about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, Endpoint, JSONResponse, Request, anyone, fields
from headless.testing import TestClient
from tests.rest.watching import watched


@Endpoint.get("/about")
async def about(request: Request) -> dict[str, Any]:
    """Which method arrived."""
    return {"method": request.method}


async def only_head(request: Request) -> JSONResponse:
    return JSONResponse({}, headers={"x-only": "head"})


async def options(request: Request) -> JSONResponse:
    return JSONResponse({"allowed": ["GET"]}, headers={"x-own": "yes"})


POSTS = Collection(
    "posts",
    access=anyone,
    fields=[fields.Text("title")],
    endpoints=[Endpoint("head", "/light", only_head), Endpoint("options", "/light", options, access="nobody")],
)
CONFIG = Config(collections=[POSTS], endpoints=[about, Endpoint("options", "/about", options)])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with watched(CONFIG, cors=["https://www.example.com"]) as client:
        client.create("posts", {"title": "one"})
        yield client


@pytest.mark.parametrize("path", ["/api/posts", "/api/posts/1", "/api/posts/count", "/api/about", "/api/access"])
def test_head_is_answered_as_get_is(client: TestClient, path: str) -> None:
    """The same status and headers; the server leaves the body out."""
    get, head = client.get(path), client.request("HEAD", path)
    assert (head.status_code, head.headers["content-type"]) == (200, "application/json")
    if path != "/api/about":
        assert head.headers["content-length"] == get.headers["content-length"]
    assert client.request("HEAD", "/api/posts/99").status_code == 404


def test_an_endpoint_for_head_goes_before_the_one_for_get(client: TestClient) -> None:
    """Who declares one has it asked, and no other method reaches it."""
    assert client.request("HEAD", "/api/posts/light").headers["x-only"] == "head"
    assert client.get("/api/posts/light").status_code == 404


@pytest.mark.parametrize("path", ["/api", "/api/posts", "/api/posts/1", "/api/nope", "/api/posts/light"])
def test_a_browsers_question_is_always_answered(client: TestClient, path: str) -> None:
    """Before a request from elsewhere browsers ask by OPTIONS, as nobody: no endpoint and no rule stands in the way."""
    asked = {"origin": "https://www.example.com", "access-control-request-method": "POST"}
    answer = client.request("OPTIONS", path, headers=asked)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["access-control-allow-origin"] == "https://www.example.com"
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_other_questions_by_options_reach_their_endpoint(client: TestClient) -> None:
    """An endpoint of one's own for OPTIONS is asked when no browser's question is meant, under its rule."""
    answer = client.request("OPTIONS", "/api/about")
    assert (answer.json(), answer.headers["x-own"]) == ({"allowed": ["GET"]}, "yes")
    assert client.request("OPTIONS", "/api/posts/light").status_code == 403
    assert client.request("OPTIONS", "/api/posts").json() == {}
