"""Blocks inside rich text: their fields are fields of the document, wherever in the text they stand."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from headless import (
    Collection,
    Config,
    ConfigError,
    HookContext,
    QueryError,
    ValidationError,
    anyone,
    authenticated,
    fields,
    nobody,
)
from headless.fields import Block
from headless.testing import TestClient
from tests.operations.watching import logged, rows, statements

HERO = Block(
    "hero",
    labels={"singular": "Banner"},
    fields=[
        fields.Text("heading", required=True),
        fields.Number("size", default_value=3),
        fields.Relationship("page", relation_to="targets"),
        fields.Array("links", fields=[fields.Text("label")]),
    ],
)
MENTION = Block("mention", fields=[fields.Relationship("who", relation_to="targets", required=True)])
BODY = fields.RichText("body", blocks=[HERO], inline_blocks=[MENTION])
Data = dict[str, Any]


def text(words: str) -> Data:
    return {"type": "text", "text": words, "format": 0}


def paragraph(*children: Data) -> Data:
    return {"type": "paragraph", "children": list(children)}


def body(*children: Any) -> Data:
    return {"root": {"type": "root", "children": list(children)}}


def block(kind: str, **values: Any) -> Data:
    return {"type": "block", "version": 2, "format": "", "fields": {**values, "blockType": kind}}


def inline(kind: str, **values: Any) -> Data:
    return {"type": "inlineBlock", "version": 1, "fields": {**values, "blockType": kind}}


def config(*declared: Any, **options: Any) -> Config:
    pages = Collection("pages", access=anyone, fields=declared or (BODY,))
    return Config(collections=[pages, Collection("targets", access=anyone, fields=[fields.Text("name")])], **options)


def client_of(*declared: Any, **options: Any) -> TestClient:
    return TestClient(config(*declared, **options))


def refusals(client: TestClient, value: Any) -> list[tuple[str, str, str]]:
    """Path, label and message of each failure of a create."""
    with pytest.raises(ValidationError) as refused:
        client.create("pages", {"body": value})
    return [(error["path"], error["label"], error["message"]) for error in refused.value.errors]


def inside(document: Data, *places: int) -> Data:
    """The fields of the block that stands at these places."""
    node = document["body"]["root"]
    for place in places:
        node = node["children"][place]
    found: Data = node["fields"]
    return found


def test_a_block_has_its_own_fields_an_id_a_name_and_its_kind() -> None:
    """Read, defaulted and completed as anywhere; the rest of its node and of the text stays as it came."""
    given = body(paragraph(text("Above")), {**block("hero", heading="Hi", nonsense=1), "mine": True})
    with client_of() as client:
        made = client.create("pages", {"body": given})
        node = made["body"]["root"]["children"][1]
        assert len(node["fields"].pop("id")) == 24
        assert node == {**block("hero"), "mine": True, "fields": {
            "heading": "Hi", "size": 3, "page": None, "links": [], "blockName": None, "blockType": "hero",
        }}  # fmt: skip
        assert made["body"]["root"]["children"][0] == paragraph(text("Above"))


def test_a_known_block_keeps_what_is_not_sent() -> None:
    """Also where it is moved to, deep inside; its rows have ids that they keep."""
    with client_of() as client:
        made = client.create("pages", {"body": body(block("hero", heading="Hi", links=[{"label": "L"}], size=9))})
        first = inside(made, 0)
        moved = body({"type": "quote", "children": [block("hero", id=first["id"])]})
        changed = client.update_document("pages", made["id"], {"body": moved})
        assert inside(changed, 0, 0) == first
        assert len(first["links"][0]["id"]) == 24


def test_a_copy_of_a_block_is_a_block_of_its_own() -> None:
    """Two with one id are what copying and pasting makes: the second has a new one."""
    with client_of() as client:
        made = client.create(
            "pages", {"body": body(block("hero", id="x", heading="1"), block("hero", id="x", heading="2"))}
        )
        assert inside(made, 0)["id"] == "x"
        assert len(inside(made, 1)["id"]) == 24


def test_failures_say_where() -> None:
    """With the path in the data, and a label that counts the blocks."""
    wrong = body(
        paragraph(text("a"), inline("mention")), block("hero", size="x", links=[{"label": [1]}]),
        block("hero", heading="fine", page=99),
    )  # fmt: skip
    with client_of() as client:
        assert [each[:2] for each in refusals(client, wrong)] == [
            ("body.root.children.0.children.1.fields.who", "Body > Block 1 (Mention) > Who"),
            ("body.root.children.1.fields.heading", "Body > Block 2 (Banner) > Heading"),
            ("body.root.children.1.fields.size", "Body > Block 2 (Banner) > Size"),
            ("body.root.children.1.fields.links.0.label", "Body > Block 2 (Banner) > Links 1 > Label"),
            ("body.root.children.2.fields.page", "Body > Block 3 (Banner) > Page"),
        ]


@pytest.mark.parametrize("node", [
    block("nope"), block("mention", who=1), inline("hero", heading="x"), {"type": "block", "fields": {"blockType": 5}},
], ids=str)  # fmt: skip
def test_a_block_of_an_unknown_kind_is_refused(node: Any) -> None:
    """One that may only stand in a line is unknown by itself, and the other way round."""
    given = body(node) if node["type"] == "block" else body(paragraph(node))
    with client_of() as client:
        client.create("targets", {})
        ((path, _, message),) = refusals(client, given)
        assert path.endswith("fields.blockType")
        assert message.startswith("There is no such block here")


@pytest.mark.parametrize("given", [None, 5, [], "x", {}])
def test_a_block_without_fields_is_refused(given: Any) -> None:
    """Whatever is in their place: nothing is kept that nobody has looked at."""
    with client_of() as client:
        ((path, _, message),) = refusals(client, body({"type": "block", "fields": given}))
        assert path.startswith("body.root.children.0.fields")
        assert message == "This field is required."


def test_where_no_blocks_are_declared_there_are_none() -> None:
    """An empty list allows none; without a list blocks are nodes that nobody knows, and are kept."""
    given = body(block("hero", anything=[1]))
    with client_of(fields.RichText("body", blocks=[])) as client:
        assert refusals(client, given)[0][0] == "body.root.children.0.fields.blockType"
    with client_of(fields.RichText("body")) as client:
        assert client.create("pages", {"body": given})["body"] == given


def test_features_do_not_stand_in_the_way_of_declared_blocks() -> None:
    """They say what else there may be."""
    with client_of(fields.RichText("body", features=["bold"], blocks=[HERO])) as client:
        assert client.create("pages", {"body": body(block("hero", heading="x"))})
        assert "heading is not enabled" in refusals(client, body({"type": "heading", "tag": "h1"}))[0][2]


def test_hooks_and_rules_of_fields_inside() -> None:
    """Run and are asked for each block: before validation and change, when read, when written, when shown."""

    def upper(context: HookContext) -> Any:
        return context.value.upper() if context.value else None

    def read(context: HookContext) -> Any:
        return f"{context.value}!"

    card = Block("card", fields=[
        fields.Text("code", hooks={"before_validate": upper, "after_read": read}),
        fields.Text("note", access={"read": authenticated}),
        fields.Text("fixed", access={"update": nobody}),
        fields.Text("secret", hidden=True),
    ])  # fmt: skip
    with client_of(fields.RichText("body", blocks=[card])) as client:
        given = body(block("card", code="x", note="n", fixed="f", secret="s"))
        made = client.create("pages", {"body": given}, as_=None)
        shown = inside(made, 0)
        assert (shown["code"], "note" in shown, shown["fixed"], "secret" in shown) == ("X!", False, "f", False)
        again = body(block("card", id=shown["id"], fixed="g"))
        client.update_document("pages", made["id"], {"body": again}, as_=None)
        stored = inside({"body": as_stored(client)}, 0)
        assert (stored["code"], stored["note"], stored["fixed"], stored["secret"]) == ("X", "n", "f", "s")


def as_stored(client: TestClient) -> Any:
    """The rich text in its row."""
    return json.loads(rows(client, "select body from pages")[0][0])


def test_references_inside_are_populated_and_selected() -> None:
    """With a depth the documents stand in the place of their ids; `select` chooses fields by the kind of block."""
    with client_of() as client:
        target = client.create("targets", {"name": "T"})
        given = body(block("hero", heading="Hi", page=target["id"]), paragraph(inline("mention", who=target["id"])))
        made = client.create("pages", {"body": given}, depth=0)
        assert (inside(made, 0)["page"], inside(made, 1, 0)["who"]) == (target["id"], target["id"])
        deep = client.get_document("pages", made["id"], depth=1)
        assert inside(deep, 0)["page"]["name"] == inside(deep, 1, 0)["who"]["name"] == "T"
        back = client.update_document("pages", made["id"], {"body": deep["body"]}, depth=0)
        assert back["body"] == made["body"]
        chosen = client.get_document("pages", made["id"], depth=0, select={"body": {"hero": {"heading": True}}})
        assert {*inside(chosen, 0)} == {"id", "heading", "blockType"}
        assert {*inside(chosen, 1, 0)} == {"id", "blockType"}


def test_hundreds_of_blocks_are_no_more_statements() -> None:
    """Neither to write nor to read with what they refer to."""

    def counted(client: TestClient, count: int) -> tuple[int, int]:
        ids = [client.create("targets", {"name": str(number)})["id"] for number in range(5)]
        given = body(*(block("hero", heading=str(number), page=ids[number % 5]) for number in range(count)))
        with statements(client) as written:
            made = client.create("pages", {"body": given}, depth=0)
        with statements(client) as read:
            assert client.get("/api/pages/" + str(made["id"]) + "?depth=1").status_code == 200
        return len(written.reads) + len(written.writes), len(read.reads)

    with client_of() as client:
        assert counted(client, 500) == counted(client, 2)
        assert rows(client, "select count(*) from pages__refs") == [(502,)]


@pytest.mark.parametrize(
    ("on_delete", "left"), [({}, "set_null"), ({"on_delete": "restrict"}, "restrict"), ({"on_delete": "cascade"}, "")]
)
def test_deleting_what_a_block_refers_to(on_delete: Data, left: str) -> None:
    """Clears the field, is refused, or takes the document along, as the field says."""
    card = Block("card", fields=[fields.Relationship("to", relation_to="targets", **on_delete)])
    with client_of(fields.RichText("body", blocks=[card])) as client:
        client.create("targets", {})
        client.create("pages", {"body": body({"type": "relationship", "relationTo": "targets", "value": 1},
                                             block("card", to=1))})  # fmt: skip
        answer = client.delete("/api/targets/1")
        assert answer.status_code == (409 if left == "restrict" else 200)
        if left == "set_null":
            assert inside(client.get_document("pages", 1), 1)["to"] is None
            assert [change.collection for change in logged(client)][-2:] == ["pages", "targets"]
        elif not left:
            assert client.find("pages").docs == []


def test_a_duplicate_has_blocks_of_its_own() -> None:
    """With everything in them but the ids, and without what the asker may not read."""
    card = Block("card", fields=[fields.Text("word"), fields.Text("shut", access={"read": authenticated})])
    with client_of(fields.RichText("body", blocks=[card])) as client:
        made = client.create("pages", {"body": body(paragraph(text("a")), block("card", word="w", shut="s"))})
        copy = client.duplicate_document("pages", made["id"], as_=None)
        whole = inside(client.get_document("pages", copy["id"]), 1)
        assert (whole["word"], whole["shut"]) == ("w", None)
        assert whole["id"] != inside(made, 1)["id"]
        given = client.duplicate_document("pages", made["id"], {"body": made["body"]})
        assert inside(given, 1)["id"] != inside(made, 1)["id"]


def test_queries_inside() -> None:
    """By the field's name, whatever kind it is of and however deep it stands; with the operators of its type."""
    deep = {"type": "quote", "children": [paragraph(inline("mention", who=1))]}
    elsewhere = {"type": "made-up", "fields": {"heading": "none", "blockType": "hero"}}
    with client_of() as client:
        client.create("targets", {"name": "T"})
        client.create("pages", {"body": body(block("hero", heading="One", size=5), deep)})
        client.create("pages", {"body": body(block("hero", heading="Two"), elsewhere)})

        def found(where: Data) -> list[int]:
            return [document["id"] for document in client.find("pages", where=where, sort="id").docs]

        assert found({"body.heading": {"equals": "One"}}) == [1]
        assert found({"body.size": {"less_than": 4}}) == [2]
        assert found({"body.who.name": {"equals": "T"}}) == [1]
        assert found({"body.heading": {"equals": "none"}}) == []
        assert found({"body.blockType": {"equals": "mention"}}) == [1]
        assert found({"and": [{"body.heading": {"equals": "One"}}, {"body.size": {"equals": 3}}]}) == []
        assert found({"body.root.children.type": {"equals": "quote"}}) == [1]
        assert found({"body": {"exists": True}}) == [1, 2]


def test_what_may_not_be_read_cannot_be_asked_for() -> None:
    """Neither by its name, nor through the JSON around it, nor by the words of the text."""
    card = Block("card", fields=[fields.Text("text", access={"read": authenticated}), fields.Text("open")])
    with client_of(fields.RichText("body", blocks=[card])) as client:
        client.create("pages", {"body": body(block("card", text="classified", open="yes"), paragraph(text("said")))})
        for path in ("body.text", "body.root.children.fields.text", "body.root.children.type"):
            with pytest.raises(QueryError):
                client.find("pages", where={path: {"equals": "classified"}}, as_=None)
        assert client.find("pages", where={"body": {"contains": "classified"}}, as_=None).docs == []
        assert client.find("pages", where={"body": {"contains": "said"}}, as_=None).total_docs == 1
        assert client.find("pages", where={"body.open": {"equals": "yes"}}, as_=None).total_docs == 1
        hidden = client.get("/api/pages?select[body][root][children][fields][text]=true").json()["docs"][0]
        assert "classified" not in str(hidden)


def test_an_indexed_field_inside_is_kept_by_itself() -> None:
    """As in rows: the query is served by the table of values."""
    card = Block("card", fields=[fields.Text("code", index=True)])
    with client_of(fields.RichText("body", blocks=[card])) as client:
        client.create("pages", {"body": body(block("card", code="a"), paragraph(text("x")), block("card", code="b"))})
        assert [row[0] for row in rows(client, "select body__card__code from pages__values order by id")] == ["a", "b"]
        assert client.find("pages", where={"body.code": {"equals": "b"}}).total_docs == 1


def test_blocks_may_be_named_and_hold_rich_text() -> None:
    """Blocks of the config by their slugs; a rich text in a block has blocks of its own."""
    quote = Block("quote", fields=[fields.RichText("words", blocks=["dot"])])
    dot = Block("dot", fields=[fields.Number("n", required=True)])
    with client_of(fields.RichText("body", blocks=["quote"], inline_blocks=["dot"]), blocks=[quote, dot]) as client:
        given = body(block("quote", words=body(block("dot", n=7))), paragraph(inline("dot", n=8)))
        made = client.create("pages", {"body": given})
        assert inside({"body": inside(made, 0)["words"]}, 0)["n"] == 7
        assert client.system.count("pages", {"body.words.n": {"equals": 7}}) == 1
        assert client.system.count("pages", {"body.n": {"equals": 7}}) == 0
        wrong = body(block("quote", words=body(block("dot"))))
        assert refusals(client, wrong)[0][0] == "body.root.children.0.fields.words.root.children.0.fields.n"


def test_mistakes_in_a_declaration_are_told() -> None:
    """Two blocks of one name, one name for two blocks, names that nobody has, a block in itself."""
    other = Block("hero", fields=[fields.Text("x")])
    for declared in (fields.RichText("body", blocks=[HERO, other]),
                     fields.RichText("body", blocks=[HERO], inline_blocks=[other]),
                     fields.RichText("body", blocks=["herro"])):  # fmt: skip
        with pytest.raises(ConfigError, match="her"), client_of(declared, blocks=[HERO]):
            pass
    looping = Block("loop", fields=[fields.RichText("words", blocks=["loop"])])
    with pytest.raises(ConfigError, match="contains itself"):
        Config(collections=[], blocks=[looping])


def test_html_on_the_wire_does_not_tell_what_is_hidden_in_blocks() -> None:
    """A function is given everything, so it decides; a block without one says its kind and its id."""
    card = Block("card", fields=[fields.Text("open"), fields.Text("shut", access={"read": nobody})])
    dot = Block("dot", fields=[fields.Text("shut", hidden=True)])
    text = fields.RichText("body", blocks=["card"], inline_blocks=[dot])
    own = fields.HtmlOf(text, "own", blocks={"card": lambda fields: f"<i>{fields['open']}</i>"})
    with client_of(text, fields.HtmlOf(text), own, blocks=[card]) as client:
        given = body(block("card", id="a", open="yes", shut="no"), paragraph(inline("dot", id="b", shut="no")))
        client.create("pages", {"body": given})
        (shown,) = client.get("/api/pages").json()["docs"]
        dot_html = '<p><span data-inline-block="dot" data-id="b"></span></p>'
        assert shown["body_html"] == f'<div data-block="card" data-id="a"></div>{dot_html}'
        assert shown["own"] == f"<i>yes</i>{dot_html}"


def test_schemas_tell_of_the_blocks() -> None:
    """Answers and bodies fit the API's description, which refuses what the field does."""
    with client_of() as client:
        client.create("targets", {"name": "T"})
        described = client.get("/api/openapi.json").json()
        given = {"body": body(block("hero", heading="Hi"), paragraph(text("a"), inline("mention", who=1)))}
        shown = client.post("/api/pages?depth=1", json=given).json()["doc"]

        def problems(name: str, value: Any) -> list[str]:
            schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
            return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]

        assert problems("PageCreate", given) == []
        assert problems("Page", shown) == []
        assert problems("PageCreate", {"body": body(block("hero"))})
        assert problems("PageCreate", {"body": body(paragraph(inline("hero", heading="x")))})
        assert "body.heading" in described["components"]["schemas"]["PageWhere"]["properties"]
        assert "body" in described["components"]["schemas"]["PageWhere"]["properties"]
