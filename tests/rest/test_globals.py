"""Globals over HTTP: their routes, endpoints, permissions, streams and revisions."""

from __future__ import annotations

import pytest

from headless import Config, Endpoint, Global, Request, anyone, authenticated, fields, nobody
from headless.testing import TestClient

FLAT = Endpoint("get", "/flat", lambda request: {"global": request.global_, "collection": request.collection})
OVER = Endpoint("get", "/access", lambda request: {"mine": True})
HEADER = Global(
    "header",
    access={"read": anyone, "update": authenticated},
    fields=[
        fields.Text("title", default_value="Welcome"),
        fields.Text("note", access={"read": nobody}),
        fields.Number("size", max=9),
    ],
    endpoints=[FLAT, OVER],
)
PRIVATE = Global("private", fields=[fields.Text("note")])
CONFIG = Config(globals=[HEADER, PRIVATE, Global("quiet", fields=[], access=anyone, endpoints=False)])


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/globals/header", 200, '{"title":"Welcome"}'),
        ("GET", "/api/globals/private", 403, "not allowed"),
        ("POST", "/api/globals/header", 403, "not allowed"),
        ("PATCH", "/api/globals/header", 404, "Route not found"),
        ("PUT", "/api/globals/header", 404, "Route not found"),
        ("DELETE", "/api/globals/header", 404, "Route not found"),
        ("GET", "/api/globals", 404, "Route not found"),
        ("GET", "/api/globals/nope", 404, "Route not found"),
        ("GET", "/api/header", 404, "Route not found"),
        ("GET", "/api/globals/quiet", 501, "Cannot GET"),
        ("GET", "/api/globals/header?depth=x", 400, "'depth' is a whole number"),
        ("GET", "/api/globals/header/flat", 200, '{"global":"header","collection":null}'),
        ("GET", "/api/globals/header/access", 200, '{"mine":true}'),
    ],
)
def test_its_routes(method: str, path: str, status: int, said: str) -> None:
    """Reading and changing; its own endpoints beside them."""
    with TestClient(CONFIG) as client:
        answer = client.request(method, path)
        assert answer.status_code == status
        assert said in answer.text


def test_changing_it() -> None:
    """By POST, which answers the result; values that are refused and bodies that are no object are told."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com")
        answer = client.post("/api/globals/header", as_=ada, json={"title": "Hi", "note": "x"})
        assert answer.json()["message"] == "Updated successfully."
        assert answer.json()["result"]["title"] == "Hi"
        assert "note" not in answer.json()["result"]
        assert client.get("/api/globals/header").json() == answer.json()["result"]
        refused = client.post("/api/globals/header", as_=ada, json={"size": 12})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["data"]["global"] == "header"
        assert client.post("/api/globals/header", as_=ada, json=[1]).status_code == 400
        selected = client.post("/api/globals/header?select[title]=true", as_=ada, json={"size": 1})
        assert selected.json()["result"] == {"id": 1, "title": "Hi"}


def test_only_if_nobody_was_faster() -> None:
    """An ETag, of a global that nobody saved too, and 412 for one that is not the present one."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com")
        tag = client.get("/api/globals/header?revision=true").headers["etag"]
        assert tag == '"0"'
        for body, expected in (({"title": "a"}, 200), ({"title": "b"}, 412)):
            answer = client.post("/api/globals/header", as_=ada, json=body, headers={"if-match": tag})
            assert answer.status_code == expected
        assert client.get("/api/globals/header?revision=true").headers["etag"] == '"1"'


def test_a_repeated_change_with_a_key_is_made_once() -> None:
    """The second answer is the first one's."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com")
        headers = {"idempotency-key": "once"}
        first, second = (
            client.post("/api/globals/header", as_=ada, json={"title": "a"}, headers=headers) for _ in range(2)
        )
        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert client.run(client.app.as_system().global_revision("header")) == 1


def test_what_may_be_done_with_it() -> None:
    """Told of each global and of all, with its fields."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com")
        everything = client.get("/api/access").json()["globals"]
        assert set(everything) == {"header", "quiet"}
        assert everything["header"]["read"] is True
        assert "update" not in everything["header"]
        assert "note" not in everything["header"]["fields"]
        mine = client.post("/api/globals/header/access", as_=ada).json()
        assert mine["fields"]["title"] is True
        assert mine["fields"]["note"] == {"update": True}
        assert client.post("/api/globals/private/access", as_=ada).json() == {
            "fields": True, "read": True, "update": True,
        }  # fmt: skip


def test_its_stream() -> None:
    """A snapshot of the document, saved or not, then each change, as the asker sees it."""
    with TestClient(CONFIG) as client, client.stream("/api/globals/header/stream?snapshot=true") as stream:
        assert stream.next().json()["docs"] == [{"title": "Welcome"}]
        client.update_global("header", {"title": "Hi", "note": "x"})
        told = stream.next()
        assert (told.name, told.json()["doc"]["title"]) == ("update", "Hi")
        assert "note" not in told.json()["doc"]


def test_a_stream_needs_the_right_to_read() -> None:
    """Else it is refused before it begins."""
    with TestClient(CONFIG) as client:
        assert client.get("/api/globals/private/stream").status_code == 403


def test_the_applications_own_endpoint_comes_first() -> None:
    """One at the root answers before the global's own, and before the generated ones."""

    def own(request: Request) -> dict[str, bool]:
        return {"root": True}

    config = CONFIG.with_endpoints(Endpoint("get", "/globals/header", own), Endpoint("get", "/globals/:slug/flat", own))
    with TestClient(config) as client:
        for path in ("/api/globals/header", "/api/globals/header/flat"):
            assert client.get(path).json() == {"root": True}
        assert client.get("/api/globals/private").status_code == 403
