"""Queries inside JSON: where a path leads, what is compared with what lies there, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, fields
from headless.query.binding import bind_where
from headless.query.inside import LONGEST
from headless.testing import TestClient
from tests.fields.example import Everything, Shelf

STORED: dict[str, Any] = {
    "number": {"k": 1},
    "text": {"k": "1"},
    "flag": {"k": True},
    "null": {"k": None},
    "empty": {},
    "list": {"k": [2, "Red", None]},
    "rows": {"k": [{"name": "Ada"}, {"name": "Bob", "age": 36.6}]},
    "none": {"k": []},
    "deep": {"k": {"name": {"first": "Eve"}}},
    "top": [{"k": 7}, 8],
    "huge": {"k": 2**64 - 1},
}


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    """Things with these values, called by their keys; notes that refer to them."""
    own = fields.Json("own", access={"read": lambda ctx: False})
    things = [fields.Text("name"), fields.Json("data"), fields.Json("secret", hidden=True), own]
    notes = [fields.Relationship("thing", relation_to="things"), fields.Array("rows", fields=[fields.Json("data")])]
    collections = [
        Collection("things", access="anyone", fields=things),
        Collection("notes", access="anyone", fields=notes),
    ]
    with TestClient(Config(collections=collections)) as client:
        for name, data in STORED.items():
            made = client.create("things", {"name": name, "data": data, "secret": data, "own": data})
            client.create("notes", {"thing": made["id"], "rows": [{"data": data}, {"data": '{"k": "no object"}'}]})
        yield client


def found(client: TestClient, query: str) -> set[str]:
    """The names of the things that a query finds."""
    answer = client.get(f"/api/things?limit=0&depth=0&{query}")
    assert answer.status_code == 200, answer.text
    return {doc["name"] for doc in answer.json()["docs"]}


ANSWERS: list[tuple[str, set[str]]] = [
    ("where[data.k][equals]=1", {"number", "text"}),
    ("where[data.k][equals]=1.0", {"number"}),
    ("where[data.k][equals]=true", {"flag"}),
    ("where[data.k][equals]=Red", {"list"}),
    ("where[data.k][equals]=red", set()),
    ("where[data.k][exists]=true", {"number", "text", "flag", "list", "rows", "none", "deep", "top", "huge"}),
    ("where[data.k][exists]=false", {"null", "empty"}),
    ("where[data.k][equals]=null", {"null", "empty"}),
    ("where[data.k][not_equals]=1", set(STORED) - {"number", "text"}),
    ("where[data.k][in]=1,Red", {"number", "text", "list"}),
    ("where[data.k][not_in]=1,Red", set(STORED) - {"number", "text", "list"}),
    ("where[data.k][greater_than]=1", {"list", "top", "huge"}),
    ("where[data.k][less_than_equal]=2", {"number", "list"}),
    ("where[data.k][greater_than]=A", {"list"}),
    ("where[data.k][like]=rED", {"list"}),
    ("where[data.k][not_like]=red", set(STORED) - {"list"}),
    ("where[data.k][contains]=%25", set()),
    ("where[data.k.name][equals]=Bob", {"rows"}),
    ("where[data.k.name][not_equals]=Bob", set(STORED) - {"rows"}),
    ("where[data.k.1.name][equals]=Bob", {"rows"}),
    ("where[data.k.0.name][equals]=Bob", set()),
    ("where[data.k.01.name][equals]=Bob", set()),
    ("where[data.k.age][greater_than]=36.5", {"rows"}),
    ("where[data.k.name.first][equals]=Eve", {"deep"}),
    ("where[data.0.k][equals]=7", {"top"}),
    ("where[data.k][greater_than]=9e18", {"huge"}),
    ("where[data__k][equals]=Red", {"list"}),
    ("where[data.nope.nowhere][exists]=true", set()),
]


@pytest.mark.parametrize(("query", "names"), ANSWERS, ids=[query for query, _ in ANSWERS])
def test_a_query_goes_on_inside_a_value(client: TestClient, query: str, names: set[str]) -> None:
    """Through objects, lists and places in lists; kinds are kept apart; a negation means none of the values."""
    assert found(client, query) == names


@pytest.mark.parametrize(("query", "names"), ANSWERS, ids=[query for query, _ in ANSWERS])
def test_through_a_relation_as_well(client: TestClient, query: str, names: set[str]) -> None:
    """And with the same answers."""
    query = query.replace("[data", "[thing.data", 1)
    answer = client.get(f"/api/notes?limit=0&depth=1&{query}")
    assert {doc["thing"]["name"] for doc in answer.json()["docs"]} == names


def test_in_the_rows_of_an_array(client: TestClient) -> None:
    """A text that spells JSON is a text there too."""
    for query, count in (("[equals]=Red", 1), ("[not_equals]=Red", len(STORED) - 1), ("[equals]=no%20object", 0)):
        assert client.get(f"/api/notes/count?where[rows.data.k]{query}").json() == {"totalDocs": count}


TYPED: list[tuple[Any, set[str]]] = [(1, {"number"}), ("1", {"number", "text"}), (True, {"flag"}), (1.0, {"number"})]


@pytest.mark.parametrize(("value", "names"), TYPED, ids=[repr(value) for value, _ in TYPED])
def test_a_value_of_a_kind_finds_its_kind(client: TestClient, value: Any, names: set[str]) -> None:
    """Where a query has kinds, as JSON has, they count; a text may have come out of a query string."""
    where = json.dumps({"data.k": {"equals": value}})
    assert found(client, f"where={where}") == names


REFUSED = [
    ("data.k.nope", "[data.k][nope]=1"), ("data.k' OR 1=1", "[data.k%27 OR 1=1][equals]=1"),
    ("data.k-l", "[data.k-l][equals]=1"), ("data..k", "[data..k][equals]=1"), ("name.k", "[name.k][equals]=1"),
    ("data" + ".k" * (LONGEST + 1), f"[data{'.k' * (LONGEST + 1)}][exists]=true"),
    ("secret.k", "[secret.k][exists]=true"), ("own.k", "[own.k][exists]=true"),
    ("absent.k", "[absent.k][exists]=true"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query"), REFUSED, ids=[path for path, _ in REFUSED])
def test_a_path_that_leads_nowhere_is_refused(client: TestClient, path: str, query: str) -> None:
    """As are those through fields that the asker may not read: the answer is the same for what is not there."""
    answer = client.get(f"/api/things?where{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"] == [{"path": path}]


@pytest.mark.parametrize("value", [{"a": 1}, [1], [[1]]], ids=repr)
@pytest.mark.parametrize("operator", ["equals", "greater_than", "like", "in"])
def test_values_that_are_no_single_ones_are_told(client: TestClient, operator: str, value: Any) -> None:
    """With a message, never as a failure of the server."""
    where = json.dumps({"data.k": {operator: value}})
    status = client.get(f"/api/things?where={where}").status_code
    assert status == (200 if operator == "in" and value == [1] else 400)


async def test_keys_are_bound_like_values() -> None:
    """Whatever a path names, the text of the statement is the same."""
    shelf = Shelf("json", "plain")
    texts = set()
    for key in ("alpha", "beta"):
        where = {f"value.{key}.{key}.0": {"equals": key}}
        bound = await bind_where(where, shelf.collection, Everything({}))
        texts.add((bound.shape, shelf.statement(bound).sql))
        assert list(bound.values()) == [key, key, "0", key]
    assert len(texts) == 1
    assert "alpha" not in str(texts)


def test_a_longest_path_is_answered(client: TestClient) -> None:
    """A query of as many steps as there may be, of which each crosses lists."""
    nested: Any = "end"
    for _ in range(LONGEST):
        nested = [{"k": nested}, {"k": nested}] if len(json.dumps(nested)) < 20_000 else [{"k": nested}]
    made = client.create("things", {"name": "deepest", "data": nested})
    assert found(client, f"where[data{'.k' * LONGEST}][equals]=end") == {"deepest"}
    client.delete_document("things", made["id"])


def test_a_rule_can_look_inside() -> None:
    """By who asks, as any rule; nobody is the owner of what has none."""
    notes = Collection("notes", access={"read": {"data.owner": {"equals": "$user.id"}}}, fields=[fields.Json("data")])
    with TestClient(Config(collections=[notes])) as client:
        ada, bob = client.users("ada@example.org", "bob@example.org")
        for data in ({"owner": ada.id}, {"owner": bob.id}, {"owner": str(ada.id)}, {}):
            client.create("notes", {"data": data})
        shown = client.get("/api/notes", as_=ada).json()
        assert [doc["data"] for doc in shown["docs"]] == [{"owner": ada.id}]
        assert client.get("/api/notes").json().get("totalDocs", 0) == 0
