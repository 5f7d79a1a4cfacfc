"""Documents made of blocks: what is shown of them, to whom, in how many statements, and what the log says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headless import Collection, Config, HookContext, fields
from headless.access import AccessContext
from headless.fields import Block
from headless.testing import TestClient
from tests.operations.watching import logged, rows, statements

TAGS = Collection(
    "tags", access="anyone", fields=[fields.Text("title"), fields.Relationship("parent", relation_to="tags")]
)
ALPHA = Block("alpha", fields=[fields.Text("a"), fields.Text("shared")])
BETA = Block("beta", fields=[
    fields.Number("b"), fields.Text("shared"), fields.Relationship("tag", relation_to="tags"),
    fields.Array("inners", fields=[fields.Text("z"), fields.Relationship("tags", relation_to="tags", has_many=True)]),
])  # fmt: skip
PAGES = Collection("pages", access="anyone", fields=[
    fields.Text("title"), fields.Blocks("blk", blocks=[ALPHA, BETA]), fields.Json("data"),
])  # fmt: skip
BLK = [
    {"id": "x", "blockType": "alpha", "a": "A", "shared": "S"},
    {"id": "y", "blockType": "beta", "b": 1, "inners": [{"id": "z", "z": "Z"}]},
]


def client_of(*collections: Collection, **options: Any) -> TestClient:
    return TestClient(Config(collections=[*collections, TAGS], **options))


SELECTED: list[tuple[str, list[dict[str, Any]]]] = [
    ("select[blk][alpha]=true", [
        {"id": "x", "a": "A", "shared": "S", "blockName": None, "blockType": "alpha"},
        {"id": "y", "blockType": "beta"},
    ]),
    ("select[blk][alpha][a]=true", [{"id": "x", "a": "A", "blockType": "alpha"}, {"id": "y", "blockType": "beta"}]),
    ("select[blk][beta][inners][z]=true&select[blk][beta][b]=true", [
        {"id": "x", "blockType": "alpha"},
        {"id": "y", "b": 1, "inners": [{"id": "z", "z": "Z"}], "blockType": "beta"},
    ]),
    ("select[blk][nope][a]=true", [{"id": "x", "blockType": "alpha"}, {"id": "y", "blockType": "beta"}]),
    ("select[blk][alpha]=false&select[blk][beta][inners]=false&select[blk][beta][blockType]=false", [
        {"id": "x", "blockType": "alpha"},
        {"id": "y", "b": 1, "shared": None, "tag": None, "blockName": None, "blockType": "beta"},
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "shown"), SELECTED, ids=lambda given: given if isinstance(given, str) else "")
def test_a_selection_goes_down_to_the_fields_of_a_kind(query: str, shown: list[dict[str, Any]]) -> None:
    """Blocks keep their id and their kind, so that they can be told apart; answers of writes select alike."""
    with client_of(PAGES) as client:
        written = client.post(f"/api/pages?depth=0&{query}", json={"blk": BLK})
        assert written.json()["doc"]["blk"] == shown
        assert client.get(f"/api/pages/1?depth=0&{query}").json()["blk"] == shown
        assert client.get(f"/api/pages?depth=0&{query}").json()["docs"][0]["blk"] == shown
        assert client.delete(f"/api/pages/1?depth=0&{query}").json()["doc"]["blk"] == shown


def test_json_is_selected_by_its_keys_whatever_they_are_called() -> None:
    """A `blockType` in data of one's own means nothing."""
    with client_of(PAGES) as client:
        client.create("pages", {"data": [{"blockType": "alpha", "alpha": 1, "a": 2}]})
        assert client.get("/api/pages/1?select[data][alpha]=true").json() == {"id": 1, "data": [{"alpha": 1}]}


def test_references_in_blocks_are_populated() -> None:
    """In every kind, in rows inside them too, level by level."""
    with client_of(PAGES) as client:
        client.create("tags", {"title": "root"})
        client.create("tags", {"title": "leaf", "parent": 1})
        client.create("pages", {"blk": [{"blockType": "beta", "tag": 2, "inners": [{"tags": [1, 2]}]}]})
        (block,) = client.get("/api/pages/1?depth=1&populate[tags][title]=true").json()["blk"]
        assert block["tag"] == {"id": 2, "title": "leaf"}
        assert [tag["title"] for tag in block["inners"][0]["tags"]] == ["root", "leaf"]
        (block,) = client.get("/api/pages/1?depth=2").json()["blk"]
        assert block["tag"]["parent"]["title"] == "root"


@pytest.mark.parametrize("size", [1, 500])
def test_a_document_of_many_blocks_costs_no_more_statements(size: int) -> None:
    """Written, read, listed, populated two levels deep and changed: as many statements as with one block."""
    with client_of(PAGES) as client:
        client.create("tags", {"title": "root"})
        for number in range(size):
            client.create("tags", {"title": f"tag {number}", "parent": 1})
        blocks = [{"blockType": "beta", "b": n, "tag": n + 2, "inners": [{"tags": [n + 2, 1]}]} for n in range(size)]
        with statements(client) as seen:
            client.create("pages", {"blk": blocks}, depth=0)
        written = (len(seen.reads), len(seen.writes))
        with statements(client) as seen:
            shown = client.get_document("pages", 1, depth=2)
        assert all(block["tag"]["parent"]["title"] == "root" for block in shown["blk"])
        read = len(seen.reads)
        with statements(client) as seen:
            client.find("pages", depth=2, where={"blk.inners.tags.title": {"like": "tag"}})
        listed = len(seen.reads)
        with statements(client) as seen:
            client.update_document("pages", 1, {"blk": [{**block, "tag": 1} for block in blocks]}, depth=0)
        assert (written, read, listed, len(seen.writes)) == ((0, 2), 3, 3, 3)


def test_the_references_of_a_block_are_kept_with_its_path_and_id() -> None:
    """Where two kinds have a reference of the same name, each is known by its own."""
    gamma = Block("gamma", fields=[fields.Relationship("tag", relation_to="tags")])
    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=[BETA, gamma])])
    with client_of(pages) as client:
        client.create("tags", {"title": "root"})
        client.create("pages", {"blk": [
            {"id": "x", "blockType": "beta", "tag": 1, "inners": [{"id": "z", "tags": [1]}]},
            {"id": "y", "blockType": "gamma", "tag": 1},
        ]})  # fmt: skip
        found = rows(client, "SELECT path, row FROM pages__refs ORDER BY path")
        assert found == [("blk.beta.inners.tags", "z"), ("blk.beta.tag", "x"), ("blk.gamma.tag", "y")]


def test_rules_of_a_field_know_its_block() -> None:
    """Read, create and update of a field of one kind, with the block's own values at hand."""

    def in_open_block(context: AccessContext) -> bool:
        return bool((context.sibling_data or {}).get("open"))

    note = fields.Text("note", access={"read": in_open_block, "create": in_open_block, "update": "nobody"})
    kinds = [Block("alpha", fields=[fields.Checkbox("open"), note]), Block("beta", fields=[fields.Text("note")])]
    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=kinds)])
    with client_of(pages) as client:
        given = [{"id": str(n), "blockType": "alpha", "open": n == 1, "note": "x"} for n in (1, 2)]
        given.append({"id": "3", "blockType": "beta", "note": "x"})
        client.post("/api/pages", json={"blk": given})
        assert [block["note"] for block in client.get_document("pages", 1)["blk"]] == ["x", None, "x"]
        assert ["note" in block for block in client.get("/api/pages/1").json()["blk"]] == [True, False, True]
        client.patch("/api/pages/1", json={"blk": [{**block, "note": "y"} for block in given]})
        assert [block["note"] for block in client.get_document("pages", 1)["blk"]] == ["x", None, "y"]


def test_hooks_of_a_field_run_for_each_block_that_has_it() -> None:
    """Before validation and change, after change and on reading; with the block around and the path."""
    seen: list[tuple[Any, ...]] = []

    def shout(context: HookContext) -> Any:
        seen.append((context.path, context.sibling_data["blockType"], context.previous_value))
        return (context.value or "").upper()

    def quote(context: HookContext) -> str:
        return f"“{context.value}”"

    a = fields.Text("a", hooks={"before_change": shout, "after_read": quote})
    pages = Collection(
        "pages", access="anyone", fields=[fields.Blocks("blk", blocks=[Block("alpha", fields=[a]), BETA])]
    )
    with client_of(pages) as client:
        made = client.create("pages", {"blk": [{"blockType": "beta"}, {"id": "x", "blockType": "alpha", "a": "hi"}]})
        assert made["blk"][1]["a"] == "“HI”"
        assert json.loads(rows(client, "SELECT blk FROM pages")[0][0])[1]["a"] == "HI"
        client.update_document("pages", 1, {"blk": [{"id": "x", "blockType": "alpha", "a": "ho"}]})
        assert seen == [(("blk", 1, "a"), "alpha", None), (("blk", 0, "a"), "alpha", "HI")]


def test_what_is_not_stored_is_made_in_each_block() -> None:
    """A virtual field of one kind, which nobody can write."""
    twice = fields.Number("twice", virtual=True, hooks={"after_read": lambda context: context.sibling_data["b"] * 2})
    pages = Collection(
        "pages", access="anyone",
        fields=[fields.Blocks("blk", blocks=[ALPHA, Block("beta", fields=[fields.Number("b"), twice])])],
    )  # fmt: skip
    with client_of(pages) as client:
        client.create("pages", {"blk": [{"blockType": "beta", "b": 2, "twice": 9}, {"blockType": "alpha"}]})
        assert client.get("/api/pages/1").json()["blk"][0]["twice"] == 4
        assert json.loads(rows(client, "SELECT blk FROM pages")[0][0])[0].get("twice") is None


def test_permissions_are_told_by_kind() -> None:
    """In the shape of the recorded server: the fields of each block under its slug; the kind itself is no field."""
    closed = Block("beta", fields=[fields.Text("note", access={"update": "nobody"}), fields.Text("free")])
    pages = Collection("pages", access="anyone", fields=[fields.Blocks("blk", blocks=[ALPHA, closed])])
    with client_of(pages) as client:

        async def asked() -> Any:
            return await client.app.as_user(None).permissions("pages")

        blocks = client.run(asked())["fields"]["blk"]["blocks"]
        assert blocks["alpha"] is True
        assert blocks["beta"]["fields"]["note"] == {"create": True, "read": True}
        assert blocks["beta"]["fields"]["blockName"] is True
        assert "blockType" not in blocks["beta"]["fields"]


def test_the_log_and_the_filters_of_streams_know_blocks() -> None:
    """A watch on a condition inside blocks is told of what enters and leaves it, judged without the database."""
    path = "/api/pages/stream?where[blk.a][equals]=yes&where[blk.blockType][equals]=alpha&snapshot=false"
    with client_of(PAGES) as client, client.stream(path) as stream:
        client.create("pages", {"blk": [{"id": "x", "blockType": "alpha", "a": "no"}]})
        client.update_document("pages", 1, {"blk": [{"id": "x", "blockType": "alpha", "a": "yes"}]})
        event = stream.next()
        assert (event.name, event.json()["doc"]["blk"][0]["a"]) == ("enter", "yes")
        client.update_document("pages", 1, {"blk": [{"id": "x", "blockType": "beta", "shared": "yes"}]})
        assert stream.next().name == "leave"
        change = logged(client)[-1]
        assert (change.before or {})["blk"][0]["a"] == "yes"
        assert (change.after or {})["blk"][0]["blockType"] == "beta"


def no(*_: Any) -> bool:
    return False


@pytest.mark.parametrize(
    "value", ["x", 5, {"a": 1}, ["x"], [1], [{"blockType": "nope"}], [{"blockType": "beta", "inners": "x"}],
              [{"blockType": "beta", "b": "abc"}], [{"blockType": "beta", "tag": 99}]],
)  # fmt: skip
def test_nothing_that_breaks_queries_is_stored_under_a_false_condition(value: Any) -> None:
    """What is not shown is not checked, but what no query could read is refused even there."""
    hidden = fields.Blocks("blk", required=True, blocks=[ALPHA, BETA], admin={"condition": no})
    with client_of(Collection("pages", access="anyone", fields=[hidden])) as client:
        assert client.post("/api/pages", json={}).status_code == 201
        assert client.post("/api/pages", json={"blk": value}).status_code == 400
        for path in ("blk.inners.z", "blk.b", "blk.tag", "blk.blockType"):
            assert client.get(f"/api/pages?where[{path}][equals]=1").status_code == 200
