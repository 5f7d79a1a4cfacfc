"""Queries into blocks: by any name, in all the kinds that have it, on the same block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from headless import Collection, Config, QueryError, fields
from headless.access import AccessContext
from headless.fields import Block
from headless.testing import TestClient
from tests.operations.watching import statements

Where = dict[str, Any]

MARK = Block("mark", fields=[
    fields.Text("m"), fields.Relationship("who", relation_to="tags", has_many=True),
    fields.Relationship("thing", relation_to=["tags", "pages"]),
])  # fmt: skip
ALPHA = Block("alpha", fields=[fields.Text("a"), fields.Text("shared"), fields.Text("other")])
BETA = Block("beta", fields=[
    fields.Number("b"), fields.Text("shared"), fields.Number("other"),
    fields.Array("inners", fields=[fields.Text("z"), fields.Number("y")]), fields.Blocks("marks", blocks=[MARK]),
])  # fmt: skip
PAGES = Collection("pages", access="anyone", fields=[
    fields.Text("title"), fields.Blocks("blk", blocks=[ALPHA, BETA]),
    fields.Array("matrix", fields=[fields.Array("cells", fields=[fields.Blocks("marks", blocks=[MARK])])]),
])  # fmt: skip
TAGS = Collection("tags", access="anyone", fields=[fields.Text("title")])

DOCUMENTS: dict[str, Any] = {
    "one": {"blk": [{"blockType": "alpha", "a": "a1", "shared": "s1", "other": "word", "blockName": "top"}]},
    "two": {"blk": [
        {"blockType": "beta", "b": 2, "shared": "s1", "other": 7, "inners": [{"z": "z1", "y": 1}, {"z": "z2", "y": 2}]},
        {"blockType": "alpha", "a": "a2", "shared": "s2"},
    ]},
    "three": {"matrix": [{"cells": [
        {"marks": [{"blockType": "mark", "m": "b", "who": [1]}]},
        {"marks": [{"blockType": "mark", "m": "c", "thing": {"relationTo": "tags", "value": 1}},
                   {"blockType": "mark", "m": "d", "thing": {"relationTo": "pages", "value": 2}}]},
    ]}]},
    "four": {"blk": [{"blockType": "beta", "b": 5, "marks": [{"blockType": "mark", "m": "b", "who": [2]}]}]},
    "none": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with TestClient(Config(collections=[PAGES, TAGS])) as client:
        for title in ("NC", "XY"):
            client.create("tags", {"title": title})
        for title, data in DOCUMENTS.items():
            client.create("pages", {"title": title, **data})
        yield client


def found(client: TestClient, where: Where) -> list[str]:
    return [doc["title"] for doc in client.find("pages", where=where, sort="id", depth=0).docs]


FOUND: list[tuple[Where, list[str]]] = [
    ({"blk.a": {"equals": "a1"}}, ["one"]),
    ({"blk.shared": {"equals": "s1"}}, ["one", "two"]),
    ({"blk.shared": {"like": "S2"}}, ["two"]),
    ({"blk.b": {"greater_than": 1}}, ["two", "four"]),
    ({"blk.inners.z": {"equals": "z1"}}, ["two"]),
    ({"blk.blockName": {"equals": "top"}}, ["one"]),
    ({"blk.blockType": {"equals": "alpha"}}, ["one", "two"]),
    ({"blk.blockType": {"in": "alpha,beta"}}, ["one", "two", "four"]),
    ({"blk.blockType": {"in": ["nope"]}}, []),
    ({"blk": {"exists": True}}, ["one", "two", "four"]),
    ({"blk": {"exists": "false"}}, ["three", "none"]),
    ({"blk.marks": {"exists": True}}, ["four"]),
    ({"matrix.cells.marks": {"exists": True}}, ["three"]),
    ({"blk.marks.m": {"equals": "b"}}, ["four"]),
    ({"matrix.cells.marks.m": {"equals": "b"}}, ["three"]),
    ({"matrix.cells.marks.who": {"equals": 1}}, ["three"]),
    ({"matrix.cells.marks.who.title": {"equals": "NC"}}, ["three"]),
    ({"blk.marks.who.title": {"equals": "XY"}}, ["four"]),
    ({"matrix.cells.marks.thing.relationTo": {"equals": "pages"}}, ["three"]),
    ({"matrix.cells.marks.thing": {"equals": {"relationTo": "tags", "value": 1}}}, ["three"]),
    ({"matrix.cells.marks.thing": {"equals": {"relationTo": "tags", "value": 2}}}, []),
]


@pytest.mark.parametrize(("where", "titles"), FOUND, ids=lambda given: next(iter(given)) if given else "none")
def test_a_condition_holds_when_it_holds_for_one_block(client: TestClient, where: Where, titles: list[str]) -> None:
    """Of whichever kind, however deep, through relations too."""
    assert found(client, where) == titles
    assert client.system.count("pages", where) == len(titles)


NONE_OF_THEM: list[tuple[Where, list[str]]] = [
    ({"blk.shared": {"not_equals": "s1"}}, ["three", "four", "none"]),
    ({"blk.shared": {"not_in": ["s2"]}}, ["one", "three", "four", "none"]),
    ({"blk.blockType": {"not_equals": "alpha"}}, ["three", "four", "none"]),
    ({"blk.inners.z": {"not_equals": "z1"}}, ["one", "three", "four", "none"]),
    ({"blk.a": {"exists": False}}, ["three", "four", "none"]),
    ({"blk.marks.who.title": {"not_equals": "XY"}}, ["one", "two", "three", "none"]),
    ({"matrix.cells.marks.m": {"not_like": "c"}}, ["one", "two", "four", "none"]),
]


@pytest.mark.parametrize(("where", "titles"), NONE_OF_THEM, ids=lambda given: next(iter(given)) if given else "none")
def test_a_negation_means_no_block_of_any_kind(client: TestClient, where: Where, titles: list[str]) -> None:
    """So that a condition and its negation never hold together."""
    assert found(client, where) == titles
    ((path, (condition,)),) = ((path, tuple(conditions.items())) for path, conditions in where.items())
    name, value = condition
    positive = {path: {name.removeprefix("not_"): True if value is False else value}}
    assert sorted(found(client, positive) + titles) == sorted(DOCUMENTS)


SAME_BLOCK: list[tuple[Where, list[str]]] = [
    ({"blk.blockType": {"equals": "alpha"}, "blk.shared": {"equals": "s1"}}, ["one"]),
    ({"blk.blockType": {"equals": "beta"}, "blk.shared": {"equals": "s1"}}, ["two"]),
    ({"blk.blockType": {"equals": "beta"}, "blk.a": {"exists": True}}, []),
    ({"blk.a": {"equals": "a2"}, "blk.b": {"equals": 2}}, []),
    ({"blk.inners.z": {"equals": "z1"}, "blk.inners.y": {"equals": 1}}, ["two"]),
    ({"blk.inners.z": {"equals": "z1"}, "blk.inners.y": {"equals": 2}}, []),
    ({"blk.b": {"equals": 2}, "blk.inners.z": {"equals": "z2"}}, ["two"]),
    ({"blk.b": {"equals": 5}, "blk.marks.m": {"equals": "b"}, "blk.marks.who": {"in": [2]}}, ["four"]),
    ({"matrix.cells.marks.m": {"equals": "b"}, "matrix.cells.marks.who.title": {"equals": "NC"}}, ["three"]),
    ({"matrix.cells.marks.m": {"equals": "c"}, "matrix.cells.marks.who.title": {"equals": "NC"}}, []),
    ({"matrix.cells.marks.m": {"equals": "d"}, "matrix.cells.marks.thing": {"equals":
        {"relationTo": "tags", "value": 1}}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("where", "titles"), SAME_BLOCK, ids=lambda given: "-".join(given))
def test_conditions_that_are_anded_hold_of_the_same_block(client: TestClient, where: Where, titles: list[str]) -> None:
    """Written side by side or as a list; alternatives may be met by different ones."""
    assert found(client, where) == titles
    listed = [{path: condition} for path, condition in where.items()]
    assert found(client, {"and": listed}) == titles
    assert set(found(client, {"or": listed})) >= set(titles)


REFUSED = [
    ("blk.nope", "equals", "blk.nope"), ("blk.alpha", "equals", "blk.alpha"), ("blk.alpha.a", "equals", "blk.alpha"),
    ("blk.inners.nope", "equals", "blk.inners.nope"), ("blk.a", "near", "blk.a.near"), ("blk", "equals", "blk.equals"),
    ("blk.a.b", "equals", "blk.a.b"), ("blk.marks.who.nope", "equals", "nope"), ("blk.inners", "exists", "blk.inners"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "operator", "told"), REFUSED)
def test_what_no_block_has_cannot_be_queried(client: TestClient, path: str, operator: str, told: str) -> None:
    """The recorded server names the path as far as it could follow it."""
    with pytest.raises(QueryError) as refused:
        client.find("pages", where={path: {operator: "x"}})
    assert refused.value.paths == [told]


def test_a_name_of_several_types_is_searched_in_those_that_can_hold_the_value(client: TestClient) -> None:
    """A number is no text: neither is refused on account of the other, nor is an operator that only one of them has."""
    assert found(client, {"blk.other": {"equals": "word"}}) == ["one"]
    assert found(client, {"blk.other": {"equals": 7}}) == ["two"]
    assert found(client, {"blk.other": {"not_like": "word"}}) == ["two", "three", "four", "none"]


def test_kinds_that_have_a_field_in_common_are_asked_at_once() -> None:
    """The statement does not grow with the number of kinds, and holds none of their slugs."""
    kinds = [Block(f"kind{number}", fields=[fields.Text("shared")]) for number in range(40)]
    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=kinds)])
    with TestClient(Config(collections=[pages])) as client:
        client.create("pages", {"blk": [{"blockType": "kind39", "shared": "x"}]})
        with statements(client) as seen:
            assert client.find("pages", where={"blk.shared": {"equals": "x"}}).total_docs == 1
        assert all(sql.count("shared") == 1 for sql in seen.reads)
        assert "kind39" not in seen.reads[0]


def no_one(context: AccessContext) -> bool:
    return False


def test_an_unreadable_field_of_one_kind_is_as_good_as_none() -> None:
    """Hidden or forbidden: a query answers as if that kind did not have it, and is refused where no other has."""
    shown = Block("shown", fields=[fields.Text("shared")])
    secret = Block("secret", fields=[
        fields.Text("shared", access={"read": no_one}), fields.Text("own", access={"read": no_one}),
        fields.Text("veiled", hidden=True), fields.Group("deep", fields=[fields.Text("x", hidden=True)]),
    ])  # fmt: skip
    pages = Collection(
        "pages", access="anyone", fields=[fields.Text("title"), fields.Blocks("blk", blocks=[shown, secret])]
    )
    with TestClient(Config(collections=[pages])) as client:
        client.create("pages", {"blk": [{"blockType": "secret", "shared": "x", "own": "y", "veiled": "z"}]})
        client.create("pages", {"blk": [{"blockType": "shown", "shared": "x"}]})

        def answer(path: str) -> Any:
            return client.get(f"/api/pages?where[{path}][equals]=x")

        assert [doc["id"] for doc in answer("blk.shared").json()["docs"]] == [2]
        for path in ("blk.own", "blk.veiled"):
            assert answer(path).status_code == 400
            assert answer(path).text == answer("blk.nope").text.replace("blk.nope", path)
        assert answer("blk.deep.x").text == answer("blk.deep.y").text.replace("blk.deep.y", "blk.deep.x")
        (block,) = client.get("/api/pages/1").json()["blk"]
        assert set(block) == {"id", "deep", "blockName", "blockType"}
        assert block["deep"] == {}


def test_what_is_of_a_kind_that_is_not_declared_is_not_found() -> None:
    """A block that the declaration has no place for is neither read nor counted; the others of its document are."""
    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=[ALPHA])])
    gone, alpha = {"blockType": "gone", "a": "x"}, {"blockType": "alpha", "a": "y"}

    def store(db: sa.Connection) -> None:
        for id, blocks in ((1, [gone, alpha]), (2, [gone])):
            db.exec_driver_sql(f"UPDATE pages SET blk = '{json.dumps(blocks)}' WHERE id = {id}")

    with TestClient(Config(collections=[pages])) as client:
        for _ in range(2):
            client.create("pages", {})
        client.run(client.app.database.call_writer(store))
        assert [len(doc["blk"]) for doc in client.find("pages", sort="id").docs] == [1, 0]
        for where, ids in (
            ({"blk.a": {"equals": "x"}}, []), ({"blk.a": {"equals": "y"}}, [1]), ({"blk": {"exists": True}}, [1]),
            ({"blk.blockType": {"equals": "gone"}}, []), ({"blk.blockType": {"not_equals": "alpha"}}, [2]),
        ):  # fmt: skip
            assert [doc["id"] for doc in client.find("pages", where=where).docs] == ids


def test_a_query_stays_within_bounds() -> None:
    """However many kinds there are in kinds: it is refused, not worked at."""

    def kinds(depth: int) -> list[Block]:
        inner = [fields.Blocks("in", blocks=kinds(depth - 1))] if depth else []
        return [Block(f"k{depth}x{number}", fields=[fields.Text("t"), *inner]) for number in range(9)]

    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=kinds(3))])
    with TestClient(Config(collections=[pages])) as client:
        assert client.get("/api/pages?where[blk.t][equals]=x").status_code == 200
        assert client.get("/api/pages?where[blk.in.in.t][equals]=x").status_code == 200
        answer = client.get("/api/pages?where[blk.in.in.in.t][equals]=x")
        assert (answer.status_code, "at most" in answer.text) == (400, True)
