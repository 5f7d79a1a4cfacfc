"""Endpoints of one's own over HTTP: methods, parameters, which one is taken, and what may be declared about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Endpoint, JSONResponse, Request, anyone, fields
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


def answering(name: str) -> Any:
    """A handler that says its name and the parameters it was given."""

    async def handler(request: Request) -> dict[str, Any]:
        return {"by": name, **request.path_params}

    return handler


POSTS = Collection(
    "posts",
    access=anyone,
    fields=[fields.Text("title")],
    endpoints=[
        Endpoint("head", "/light", only_head),
        Endpoint("options", "/light", options, access="nobody"),
    ],
)
OWN = Collection(
    "own",
    access=anyone,
    fields=[fields.Text("title")],
    endpoints=[
        Endpoint("get", "/:id", answering("own id")),
        Endpoint("get", "/by-slug/:slug", answering("by slug")),
        Endpoint("get", "/{id}/parts/{part}", answering("parts")),
        Endpoint("get", "/count/parts/{part}", answering("words first")),
        Endpoint("post", "/", answering("own create")),
        Endpoint("put", "/:id", answering("put")),
        Endpoint("get", "/maybe/:id?", answering("maybe")),
        Endpoint("get", "/sync", lambda request: {"by": "sync"}),
    ],
)
CONFIG = Config(
    collections=[POSTS, OWN, Collection("tags", access=anyone, fields=[fields.Text("title")])],
    endpoints=[
        about,
        Endpoint("options", "/about", options),
        Endpoint("get", "/tags/:id/root", answering("root")),
        Endpoint("delete", "/tags/:id", answering("root delete")),
        Endpoint("get", "/tags/count", answering("root count"), custom={"note": ["a"]}),
    ],
)


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


@pytest.mark.parametrize(
    ("method", "path", "by", "parameters"),
    [
        ("GET", "/api/own/7", "own id", {"id": "7"}),
        ("GET", "/api/own/a%20b", "own id", {"id": "a b"}),
        ("GET", "/api/own/by-slug/hello", "by slug", {"slug": "hello"}),
        ("GET", "/api/own/by-slug/hello/", "by slug", {"slug": "hello"}),
        ("GET", "/api/own/9/parts/x", "parts", {"id": "9", "part": "x"}),
        ("GET", "/api/own/count/parts/x", "words first", {"part": "x"}),
        ("POST", "/api/own", "own create", {}),
        ("PUT", "/api/own/7", "put", {"id": "7"}),
        ("GET", "/api/own/maybe/7", "maybe", {"id": "7"}),
        ("GET", "/api/own/sync", "sync", {}),
        ("GET", "/api/tags/3/root", "root", {"id": "3"}),
        ("DELETE", "/api/tags/3", "root delete", {"id": "3"}),
        ("GET", "/api/tags/count", "root count", {}),
    ],
)
def test_which_endpoint_is_taken(
    client: TestClient, method: str, path: str, by: str, parameters: dict[str, str]
) -> None:
    """The application's before the collection's, those before the generated ones; a word before a parameter."""
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()) == (200, {"by": by, **parameters})


def test_the_generated_ones_are_there_where_none_of_ones_own_is(client: TestClient) -> None:
    """An endpoint takes the place of those with its method whose paths it matches, and of no other."""
    client.create("own", {"title": "one"})
    assert client.get("/api/own").json()["totalDocs"] == 1
    assert client.get("/api/own/count").json() == {"by": "own id", "id": "count"}
    assert client.patch("/api/own/1", json={"title": "two"}).json()["doc"]["title"] == "two"
    assert client.put("/api/tags/1").status_code == 404
    assert client.get("/api/own/9/parts").status_code == 404


def test_data_of_ones_own_is_kept(client: TestClient) -> None:
    """`custom` is for those who read declarations, such as plugins; it cannot be changed."""
    (counting,) = [endpoint for endpoint in client.app.config.endpoints if endpoint.path == "/tags/count"]
    assert counting.custom == {"note": ("a",)}


@pytest.mark.parametrize(
    "path", ["nope", "", "/{a}{b}", "/x{id}", "/{id}x", "/{1}", "/{id", "/id}", "/{}", "/{a}/x/{a}", "/:a/:a", None, 5]
)
def test_a_path_that_could_not_be_matched_is_a_mistake(path: Any) -> None:
    """It is told at once, and not by a route that never answers."""
    with pytest.raises(ConfigError):
        Endpoint("get", path, options)
