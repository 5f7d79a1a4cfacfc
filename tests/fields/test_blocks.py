"""Blocks: what is written into them, and what is refused, with its path and its label."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ValidationError, fields
from headless.fields import Block, FieldContext
from headless.testing import TestClient

ALPHA = Block("alpha", fields=[fields.Text("a"), fields.Text("shared"), fields.Number("size", default_value=3)])
BETA = Block(
    "beta",
    labels={"singular": "The other"},
    fields=[fields.Number("b"), fields.Text("shared"), fields.Array("inners", fields=[fields.Text("z")])],
)
BLOCKS = fields.Blocks("blk", blocks=[ALPHA, BETA])

Data = dict[str, Any]


def client_of(*declared: Any, **options: Any) -> TestClient:
    return TestClient(Config(collections=[Collection("pages", access="anyone", fields=declared)], **options))


def refusals(client: TestClient, value: Any, **more: Any) -> list[tuple[str, str, str]]:
    """Path, label and message of each failure of a create."""
    with pytest.raises(ValidationError) as refused:
        client.create("pages", {"blk": value, **more})
    return [(error["path"], error["label"], error["message"]) for error in refused.value.errors]


def test_a_block_has_its_own_fields_an_id_a_name_and_its_kind() -> None:
    """In that order; what the declaration has no place for is dropped, defaults are put in."""
    with client_of(BLOCKS) as client:
        made = client.create("pages", {"blk": [
            {"blockType": "alpha", "a": "x", "nonsense": 1, "blockName": "first"}, {"blockType": "beta", "id": "mine"},
        ]})["blk"]  # fmt: skip
        assert len(made[0].pop("id")) == 24
        assert list(made[0].items()) == [
            ("a", "x"), ("shared", None), ("size", 3), ("blockName", "first"), ("blockType", "alpha"),
        ]  # fmt: skip
        assert made[1] == {
            "id": "mine", "b": None, "shared": None, "inners": [], "blockName": None, "blockType": "beta",
        }  # fmt: skip


def test_a_known_block_keeps_what_is_not_sent() -> None:
    """Also when it is moved; its rows keep theirs."""
    with client_of(BLOCKS) as client:
        made = client.create("pages", {"blk": [
            {"blockType": "alpha", "a": "1", "size": None},
            {"blockType": "beta", "b": 2, "inners": [{"z": "zz"}], "blockName": "kept"},
        ]})  # fmt: skip
        first, second = made["blk"]
        changed = client.update_document("pages", made["id"], {"blk": [
            {"id": second["id"], "blockType": "beta", "b": 20}, {"id": first["id"], "blockType": "alpha"},
        ]})  # fmt: skip
        assert changed["blk"] == [{**second, "b": 20}, first]


def test_a_known_id_of_another_kind_is_a_new_block() -> None:
    """Nothing of the old one shows in it, not even under a name that both have."""
    with client_of(BLOCKS) as client:
        made = client.create("pages", {"blk": [{"blockType": "alpha", "a": "1", "shared": "old", "blockName": "old"}]})
        id = made["blk"][0]["id"]
        (changed,) = client.update_document("pages", made["id"], {"blk": [{"id": id, "blockType": "beta"}]})["blk"]
        assert changed == {
            "id": id, "b": None, "shared": None, "inners": [], "blockName": None, "blockType": "beta",
        }  # fmt: skip
        (back,) = client.update_document("pages", made["id"], {"blk": [{"id": id, "blockType": "alpha"}]})["blk"]
        assert (back["a"], back["shared"], back["size"]) == (None, None, 3)


@pytest.mark.parametrize("kind", [None, "", "absent"])
def test_a_block_without_a_kind_is_refused(kind: Any) -> None:
    """Nothing is dropped in silence: neither the block nor the others that came with it."""
    block = {"a": "x"} if kind == "absent" else {"a": "x", "blockType": kind}
    with client_of(BLOCKS) as client:
        assert refusals(client, [{"blockType": "alpha"}, block]) == [
            ("blk.1.blockType", "Blk > Block 2 > Block Type", "This field is required.")
        ]


@pytest.mark.parametrize("kind", ["nope", "Alpha", 5, ["alpha"], {"a": 1}, True])
def test_a_block_of_an_unknown_kind_is_refused(kind: Any) -> None:
    """Every one of them, with those that there are."""
    with client_of(BLOCKS) as client:
        found = refusals(client, [{"blockType": kind}, {"blockType": kind}])
        assert [path for path, _, _ in found] == ["blk.0.blockType", "blk.1.blockType"]
        assert all("alpha, beta" in message for _, _, message in found)


@pytest.mark.parametrize("value", [5, "x", True, {}, {"blockType": "alpha"}, [1], [None], ["alpha"], [[]]])
def test_blocks_are_objects_in_a_list(value: Any) -> None:
    """Everything else is refused; null is an empty list."""
    with client_of(BLOCKS) as client:
        assert refusals(client, value) == [("blk", "Blk", "This field has an invalid input.")]
        assert client.create("pages", {"blk": None})["blk"] == []


def test_failures_inside_a_block_say_where() -> None:
    """The path is that of the data; the label counts from one and calls the block by its label."""
    declared = fields.Blocks("blk", label="Layout", blocks=[
        Block("heroBanner", fields=[fields.Text("heading", required=True)]),
        Block("beta", labels={"singular": "The other"}, fields=[
            fields.Array("rows", fields=[fields.Blocks("in", blocks=[Block("dot", fields=[fields.Number("n")])])]),
        ]),
    ])  # fmt: skip
    dot = {"blockType": "dot", "n": "abc"}
    with client_of(declared) as client:
        found = refusals(client, [{"blockType": "heroBanner"}, {"blockType": "beta", "rows": [{"in": [dot]}]}])
        assert [(path, label) for path, label, _ in found] == [
            ("blk.0.heading", "Layout > Block 1 (Hero Banner) > Heading"),
            ("blk.1.rows.0.in.0.n", "Layout > Block 2 (The other) > Rows 1 > In > Block 1 (Dot) > N"),
        ]


@pytest.mark.parametrize(
    ("count", "message"),
    [(1, "This field requires at least 2 Rows."), (4, "This field requires no more than 3 Rows."), (0, None)],
)
def test_limits(count: int, message: str | None) -> None:
    """An optional one may be empty whatever its minimum."""
    with client_of(fields.Blocks("blk", blocks=[ALPHA], min_rows=2, max_rows=3)) as client:
        given = [{"blockType": "alpha"}] * count
        if message is None:
            assert client.create("pages", {"blk": given})["blk"] == []
        else:
            assert refusals(client, given) == [("blk", "Blk", message)]


def test_two_blocks_of_one_id_are_refused() -> None:
    """An id says which block it is."""
    with client_of(BLOCKS) as client:
        given = [{"blockType": "alpha", "id": "x"}, {"blockType": "beta", "id": "x"}]
        assert refusals(client, given) == [("blk", "Blk", "Two rows have the same id.")]


def only_admins(context: FieldContext) -> Any:
    return True if context.data.get("free") else ["alpha"]


@pytest.mark.parametrize("allowed", [["alpha"], only_admins])
def test_filter_options_say_which_blocks_a_write_may_hold(allowed: Any) -> None:
    """As a list or as a function; the others are refused by name, unknown ones as ever."""
    declared = fields.Blocks("blk", blocks=[ALPHA, BETA], filter_options=allowed)
    with client_of(fields.Checkbox("free"), declared) as client:
        assert refusals(client, [{"blockType": "alpha"}, {"blockType": "beta"}]) == [
            ("blk", "Blk", "This field does not take these blocks here: beta.")
        ]
        assert refusals(client, [{"blockType": "nope"}])[0][0] == "blk.0.blockType"
        if callable(allowed):
            assert len(client.create("pages", {"free": True, "blk": [{"blockType": "beta"}]})["blk"]) == 1


def test_defaults_are_blocks_of_their_own() -> None:
    """Each document's get ids of their own."""
    default = [{"blockType": "alpha", "a": "hello"}]
    with client_of(fields.Blocks("blk", blocks=[ALPHA], default_value=default)) as client:
        one, two = (client.create("pages", {})["blk"][0] for _ in range(2))
        assert one["a"] == two["a"] == "hello"
        assert one["id"] != two["id"]
        assert client.create("pages", {"blk": []})["blk"] == []


def test_blocks_are_declared_once_and_named_often() -> None:
    """By `block_references`, by a slug among `blocks`, inside other blocks, in groups, rows and tabs."""
    quote = Block("quote", fields=[fields.Text("text", required=True)])
    columns = Block("columns", fields=[fields.Array("cells", fields=[
        fields.Blocks("content", block_references=["quote"]),
    ])])  # fmt: skip
    named = fields.Blocks("blk", blocks=[ALPHA, "columns"], block_references=["quote"])
    declared = [
        fields.Group("aside", fields=[named]), fields.Array("rows", fields=[named]),
        fields.Tabs(tabs=[fields.Tab("tab", fields=[fields.Row(fields=[named])])]),
    ]  # fmt: skip
    nested = {"blockType": "columns", "cells": [{"content": [{"blockType": "quote", "text": "deep"}]}]}
    given = [{"blockType": "alpha"}, {"blockType": "quote", "text": "t"}, nested]
    with client_of(*declared, blocks=[quote, columns]) as client:
        made = client.create("pages", {"aside": {"blk": given}, "rows": [{"blk": given}], "tab": {"blk": given}})
        for found in (made["aside"]["blk"], made["rows"][0]["blk"], made["tab"]["blk"]):
            assert [block["blockType"] for block in found] == ["alpha", "quote", "columns"]
            assert found[2]["cells"][0]["content"][0]["text"] == "deep"
        assert client.system.count("pages", {"rows.blk.cells.content.text": {"equals": "deep"}}) == 1


def test_the_json_schema_tells_the_blocks_apart() -> None:
    """By a discriminator, as generators of clients read it."""
    schema = BLOCKS.stored_schema()
    kinds = [item["properties"]["blockType"]["const"] for item in schema["items"]["oneOf"]]
    assert kinds == ["alpha", "beta"]
    assert schema["items"]["discriminator"] == {"propertyName": "blockType"}
