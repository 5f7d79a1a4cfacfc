"""The reference as pages: what the description says to whoever asks, safe to open, and with examples that would do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import jsonschema
import pytest

from headless.endpoints.reference.shape import Shapes
from headless.testing import TestClient, User
from tests.admin.plain_browser import Element, read_page
from tests.openapi.library import config, people

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(config()) as client:
        yield client


@pytest.fixture(scope="module")
def users(client: TestClient) -> dict[str, User | None]:
    return people(client)


@pytest.fixture(scope="module")
def pages(client: TestClient, users: dict[str, User | None]) -> dict[str, Element]:
    """Every page that staff find by the navigation."""
    found: dict[str, Element] = {}
    wanted = ["/api/docs"]
    while wanted:
        path = wanted.pop()
        answer = client.get(path, as_=users["staff"])
        assert answer.status_code == 200, path
        found[path] = read_page(answer.text)
        wanted += [link["href"] for link in found[path].one("nav").every("a") if link["href"] not in (*found, *wanted)]
        wanted = [path for path in wanted if path.startswith("/api/docs")]
    return found


def test_every_operation_has_its_place(client: TestClient, pages: dict[str, Element]) -> None:
    """On the first page as a link, on the page of its group with all that is said of it."""
    described = client.app.openapi()
    index = {link["href"] for link in pages["/api/docs"].one("main").every("a")}
    for path, item in described["paths"].items():
        for method, operation in item.items():
            place = f"/api/docs/{operation['tags'][0]}"
            assert f"{place}#{operation['operationId']}" in index
            shown = pages[place].one("details", id=operation["operationId"])
            assert shown.every("summary")[0].text == f"{method.upper()} {path} {operation['summary']}"
            for parameter in operation["parameters"]:
                shared = described["components"]["parameters"].get(parameter.get("$ref", "").rpartition("/")[2])
                assert shown.every(name=(shared or parameter)["name"])


def test_every_schema_has_its_place(client: TestClient, pages: dict[str, Element]) -> None:
    """With the properties that it has."""
    page = pages["/api/docs/schemas"]
    for name, schema in client.app.openapi()["components"]["schemas"].items():
        shown = page.one("div", id=name)
        names = {code.text for code in shown.every("code")}
        assert set(schema.get("properties", {})) <= names, name


def test_every_link_leads_somewhere(client: TestClient, pages: dict[str, Element]) -> None:
    """To a page that is there, and to a part of it that is there."""
    for place, page in pages.items():
        for link in page.every("a"):
            path, _, part = urljoin(place, link["href"]).partition("#")
            if path in pages:
                assert not part or pages[path].every(id=part) or part == "main", link["href"]
            else:
                assert path in ("/api/openapi.json", "/admin"), link["href"]


def test_nothing_on_a_page_comes_from_elsewhere_or_runs_inline(
    client: TestClient, users: dict[str, User | None], pages: dict[str, Element]
) -> None:
    """Its policy allows its own files only, and it has no other."""
    headers = client.get("/api/docs", as_=users["staff"]).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-cache"
    for page in pages.values():
        for element in page.every():
            assert "style" not in element.attributes
            assert not [name for name in element.attributes if name.startswith("on")]
            assert element.tag != "style"
            assert element.tag != "script" or (element["src"] and not element.text)
        sources = [element["src"] for element in page.every("script")] + [each["href"] for each in page.every("link")]
        for source in sources:
            answer = client.get(source)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
    assert client.get("/api/docs/static/old/reference.css").status_code == 404


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/books", "/api/docs/schemas"])
def test_strangers_see_what_they_may_use(client: TestClient, path: str) -> None:
    """As in the description."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert not re.search(r"Note|whisper|price|vault|Who may", answer.text)
    assert "nobody" in answer.text


def test_a_group_that_one_may_not_know_is_not_there(client: TestClient, users: dict[str, User | None]) -> None:
    """No more than one that does not exist."""
    assert client.get("/api/docs/notes").status_code == client.get("/api/docs/nothing").status_code == 404
    assert client.get("/api/docs/notes").json() == client.get("/api/docs/nothing").json()
    assert client.get("/api/docs/notes", as_=users["staff"]).status_code == 200


@pytest.mark.parametrize(
    ("options", "docs", "description"),
    [({"docs": False}, 404, 200), ({"enabled": False}, 404, 404), ({"access": "nobody"}, 403, 403)],
)
def test_it_can_be_switched_off(options: Any, docs: int, description: int) -> None:
    """Alone or with the description, and guarded with it."""
    with TestClient(config(), openapi=options) as client:
        assert client.get("/api/docs").status_code == docs
        assert client.get("/api/docs/books").status_code == docs
        assert client.get("/api/openapi.json").status_code == description


def test_what_is_declared_cannot_break_out_of_a_page() -> None:
    """Labels and descriptions are text."""
    declared = config()
    evil = "<script>alert(1)</script>`<b>`"
    books = declared.collections[0]
    from headless import Collection, fields

    hostile = Collection(
        "books",
        access=books.access,
        labels={"plural": evil},
        admin={"description": evil},
        fields=[fields.Text("title", default_value=evil, admin={"description": evil})],
    )
    with TestClient(declared.replace(collections=[hostile], endpoints=[])) as client:
        for path in ("/api/docs", "/api/docs/books", "/api/docs/schemas"):
            text = client.get(path).text
            assert "<script>alert" not in text
            assert "<b></code>" not in text


def test_it_has_the_colours_of_the_admin() -> None:
    """The same tokens, which neither takes from the other, since either may be left out."""
    own = ROOT / "endpoints" / "reference" / "static" / "tokens.css"
    assert own.read_text() == (ROOT / "admin_ui" / "static" / "css" / "0-tokens.css").read_text()


@pytest.fixture(scope="module")
def components(client: TestClient) -> Mapping[str, Any]:
    found: Mapping[str, Any] = client.app.openapi()["components"]
    return found


def test_every_example_would_do(components: Mapping[str, Any]) -> None:
    """What a form is filled with is accepted by the schema that it is for."""
    shapes = Shapes(components)
    for name, schema in components["schemas"].items():
        if not name.endswith("Where"):
            whole = {**schema, "components": components}
            jsonschema.validate(shapes.sample(schema), whole, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "anything"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "string", "format": "email"}, "string (email)"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "array of (“a” or “b”)"),
        ({"oneOf": [{"type": "integer"}, {"$ref": "#/components/schemas/Book"}]}, "integer or Book"),
        ({"const": True}, "true"),
        ({"oneOf": [{"type": "object"}, {"type": "object"}]}, "object"),
    ],
)
def test_types_are_told_in_words(components: Mapping[str, Any], schema: Any, text: str) -> None:
    """As people say them."""
    assert "".join(word.text for word in Shapes(components).words(schema)) == text


@pytest.mark.parametrize(
    ("schema", "notes"),
    [
        ({"minLength": 1, "maxLength": 5}, ["1 to 5 characters"]),
        ({"minItems": 1}, ["at least 1 item"]),
        ({"maximum": 4.5}, ["at most 4.5"]),
        ({"readOnly": True, "default": "x"}, ["written by the platform", "default “x”"]),
        ({"writeOnly": True}, ["never shown"]),
    ],
)
def test_limits_are_told_in_words(components: Mapping[str, Any], schema: Any, notes: list[str]) -> None:
    """Beside the type."""
    (row,) = Shapes(components).rows({"properties": {"a": schema}})
    assert row.notes == notes


def test_each_kind_of_part_is_told(components: Mapping[str, Any]) -> None:
    """Of a list whose parts differ, by what tells them apart."""
    rows = Shapes(components).rows(components["schemas"]["BookCreate"])
    (about,) = [row for row in rows if row.name == "about"]
    assert [row.name for row in about.rows] == ["relationTo: books", "relationTo: notes"]
    assert [row.name for row in about.rows[0].rows] == ["relationTo", "value"]
