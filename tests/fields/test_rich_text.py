"""Rich text: what is kept, what is refused and how that is told, and the documents it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Headless, ValidationError, authenticated, fields
from headless.fields import FieldContext, HtmlOf, RichText
from headless.lexical.nodes import DEEPEST, MOST_NODES
from headless.testing import TestClient


def body(*children: Any) -> dict[str, Any]:
    """A rich text with these nodes."""
    return {"root": {"type": "root", "children": list(children)}}


def text(words: str, format: int = 0) -> dict[str, Any]:
    return {"type": "text", "text": words, "format": format}


def paragraph(*children: Any, **more: Any) -> dict[str, Any]:
    return {"type": "paragraph", "children": list(children), **more}


def link(url: Any, **more: Any) -> dict[str, Any]:
    return {"type": "link", "fields": {"linkType": "custom", "url": url, **more}, "children": [text("there")]}


def to(relation: Any, value: Any) -> dict[str, Any]:
    return {
        "type": "link",
        "fields": {"linkType": "internal", "doc": {"relationTo": relation, "value": value}},
        "children": [text("there")],
    }


def wrong(value: Any, **options: Any) -> str:
    """What the field says against a value; empty when it takes it."""
    field = RichText("body", **options)
    return field.check(field.coerce(value), FieldContext("create", {}, {})) or ""


EMPTY: list[Any] = [
    {}, [], "text", {"root": {}}, body(), body(paragraph()), body(paragraph(text(""))), {"root": {"children": "x"}},
]  # fmt: skip


@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_what_is_empty_is_not_enough_for_a_required_field(value: Any) -> None:
    """And fine for an optional one, which keeps it as Payload does."""
    assert wrong(value, required=True) == "This field is required."
    assert wrong(value) == ""


@pytest.mark.parametrize(
    "child", [paragraph(text(" ")), paragraph(text(""), text("")), {"type": "horizontalrule"}, paragraph(link("/"))]
)
def test_a_document_with_something_in_it_is_not_empty(child: Any) -> None:
    """One paragraph without text is empty, nothing else."""
    assert wrong(body(child), required=True) == ""


KNOWN: list[Any] = [
    paragraph(text("a", 1 | 2 | 64), {"type": "linebreak"}, {"type": "tab", "text": "\t"}, format="center", indent=2),
    {"type": "heading", "tag": "h6", "children": [text("a")]},
    {"type": "quote", "children": [text("a")]},
    {"type": "list", "listType": "check", "children": [{"type": "listitem", "checked": True, "children": []}]},
    paragraph(link("https://example.org"), link("/a?b#c"), link("mailto:a@example.org"), link("tel:+1"), link("#top")),
    paragraph({"type": "autolink", "fields": {"url": "http://example.org"}, "children": []}),
    {"type": "horizontalrule"},
    {"type": "made-up", "children": [{"type": "too", "text": 5}], "anything": {"goes": [1]}},
    {"type": "upload", "relationTo": "media", "value": None},
    {"type": "link", "fields": {"linkType": "internal", "doc": None}, "children": []},
]


@pytest.mark.parametrize("child", KNOWN[:-1], ids=lambda child: child["type"])
def test_what_editors_make_is_taken(child: Any) -> None:
    """Nodes of Payload's own editor, of unknown editors, and such whose target is gone."""
    assert wrong(body(child)) == ""
    assert wrong(body(paragraph(KNOWN[-1]))) == ""


REFUSED: list[tuple[Any, str]] = [
    ("x", "root.children.0: a node is an object with a type."),
    ({"type": []}, "root.children.0: a node is an object with a type."),
    ({"type": "list", "listType": []}, "root.children.0: listType is one of bullet, number, check."),
    ({"type": 5}, "root.children.0: a node is an object with a type."),
    (text("x"), "root.children.0: text stands in a paragraph, not by itself."),
    (paragraph(children="x"), "root.children.0: children are a list of nodes."),
    (paragraph({"type": "text"}), "root.children.0.children.0: text is a text."),
    (paragraph(text("x", -1)), "root.children.0.children.0: format is a number, a bit for each way to format."),
    (paragraph(text("a\x00b")), "root.children.0.children.0: a text has characters that cannot be stored."),
    (paragraph(format="up"), "root.children.0: format is one of left, start, center, right, end, justify."),
    (paragraph(indent=-1), "root.children.0: indent is a number from 0 to 100."),
    ({"type": "heading", "tag": "h7"}, "root.children.0: tag is one of h1, h2, h3, h4, h5, h6."),
    ({"type": "list", "listType": "x"}, "root.children.0: listType is one of bullet, number, check."),
    (
        {"type": "list", "listType": "bullet", "children": [paragraph()]},
        "root.children.0: a list holds nodes of the type listitem.",
    ),
    (paragraph({"type": "link"}), "root.children.0.children.0: a link has fields."),
    (paragraph(link(None)), "root.children.0.children.0: a link has an address."),
    (
        {"type": "relationship", "value": 1},
        "root.children.0: a reference says its collection in relationTo, and in value the id.",
    ),
]


@pytest.mark.parametrize(("child", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_wrong_is_told_with_the_place_of_its_node(child: Any, message: str) -> None:
    """So that whoever sent it finds it."""
    assert wrong(body(child)) == message


def test_no_more_than_the_first_mistakes_are_told() -> None:
    """A message stays short whatever was sent."""
    assert wrong(body(*[text("x")] * 1_000)).count("root.children") == 5


HOSTILE = [
    "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "\x01javascript:x",
    "java\tscript:alert(1)", "vbscript:x", "data:text/html,x", "file:///etc/passwd", "blob:x", "view-source:x",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("type_", ["link", "autolink"])
def test_a_link_runs_no_program(url: str, type_: str) -> None:
    """However the scheme is written: browsers leave out control characters before they read it."""
    assert "address" in wrong(body(paragraph({**link(url), "type": type_}))) or "a link leads" in wrong(
        body(paragraph({**link(url), "type": type_}))
    )


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = paragraph()
    for _ in range(levels - 1):
        node = {"type": "box", "children": [node]}
    return body(node)


def test_nesting_has_an_end() -> None:
    """A document is refused before it is deeper than anything that reads it can go."""
    assert wrong(nested(DEEPEST)) == ""
    assert f"nested more than {DEEPEST} deep" in wrong(nested(DEEPEST + 1))
    assert f"nested more than {DEEPEST} deep" in wrong(nested(100_000))


def test_there_are_not_endless_nodes() -> None:
    """So many that rendering them would take a server's time."""
    assert wrong(body(*[paragraph()] * MOST_NODES)) == ""
    assert wrong(body(*[paragraph()] * (MOST_NODES + 1))) == f"There are more than {MOST_NODES:,} nodes."


FEATURES: list[tuple[str, Any]] = [
    ("bold", paragraph(text("x", 1))),
    ("inline_code", paragraph(text("x", 16))),
    ("heading", {"type": "heading", "tag": "h1", "children": []}),
    ("link", paragraph(link("/"))),
    ("checklist", {"type": "list", "listType": "check", "children": []}),
    ("align", paragraph(format="right")),
    ("indent", paragraph(indent=1)),
    ("blockquote", {"type": "quote", "children": []}),
    ("horizontal_rule", {"type": "horizontalrule"}),
    ("upload", {"type": "upload", "relationTo": "media", "value": None}),
    ("relationship", {"type": "relationship", "relationTo": "media", "value": None}),
]


@pytest.mark.parametrize(("name", "child"), FEATURES)
def test_what_is_not_enabled_is_refused(name: str, child: Any) -> None:
    """With `features` a field takes them and nothing else."""
    assert wrong(body(child), features=[name]) == ""
    others = [other for other, _ in FEATURES if other != name]
    assert f"{name.replace('_', ' ')} is not enabled for this field" in wrong(body(child), features=others)


def test_with_features_nothing_unknown_is_taken() -> None:
    """Neither unknown nodes nor values that are no document."""
    assert "made-up is not enabled" in wrong(body({"type": "made-up"}), features=["bold"])
    assert wrong("text", features=["bold"]) == "This field has an invalid input."


def test_unknown_features_are_mistakes_of_the_declaration() -> None:
    """They are told with the nearest good name; camelCase is read."""
    assert RichText("body", features=["inlineCode"]).features == ("inline_code",)
    with pytest.raises(ConfigError, match="did you mean 'heading'"):
        Collection("posts", fields=[RichText("body", features=["headings"])])


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Posts with a body, pages that everybody reads, notes that only users read, and a hidden collection."""
    named = [fields.Text("name")]
    body_and_rows = [RichText("body"), fields.Array("rows", fields=[RichText("note")])]
    collections = [
        Collection("posts", access="anyone", fields=body_and_rows),
        Collection("pages", access="anyone", fields=[*named, fields.Relationship("next", relation_to="pages")]),
        Collection("notes", access={"read": authenticated}, fields=named),
        Collection("secrets", admin={"hidden": True}, fields=named),
        Collection("stories", access="anyone", fields=[RichText("body", relation_to="pages", max_depth=1)]),
    ]
    with TestClient(Config(collections=collections)) as client:
        client.create("pages", {"name": "last"})
        client.create("pages", {"name": "first", "next": 1})
        client.create("notes", {"name": "mine"})
        client.create("secrets", {"name": "hush"})
        yield client


def refer(slug: str, id: Any) -> dict[str, Any]:
    return body({"type": "relationship", "relationTo": slug, "value": id}, paragraph(to(slug, id)))


def values(document: dict[str, Any]) -> tuple[Any, Any]:
    """What stands in the place of the two references that `refer` makes."""
    block, line = document["body"]["root"]["children"]
    return block["value"], line["children"][0]["fields"]["doc"]["value"]


def test_references_are_shown_as_deep_as_asked(client: TestClient) -> None:
    """At depth 0 an id, at depth 1 the document with its references as ids, at depth 2 theirs as well."""
    client.create("posts", {"body": refer("pages", 2)})
    at = [values(client.get("/api/posts/1", params={"depth": depth}).json()) for depth in (0, 1, 2)]
    assert at[0] == (2, 2)
    assert [value["name"] for value in at[1]] == ["first", "first"]
    assert [value["next"] for value in at[1]] == [1, 1]
    assert [value["next"]["name"] for value in at[2]] == ["last", "last"]


def test_what_was_read_with_a_depth_can_be_sent_back(client: TestClient) -> None:
    """Documents in the place of ids are taken as their ids."""
    client.create("posts", {"body": refer("pages", 2), "rows": [{"note": refer("pages", 1)}]})
    before = client.get("/api/posts/1?depth=0").json()
    shown = client.get("/api/posts/1?depth=2").json()
    assert shown["rows"][0]["note"]["root"]["children"][0]["value"]["name"] == "last"
    assert client.patch("/api/posts/1?depth=0", json=shown).status_code == 200
    after = client.get("/api/posts/1?depth=0").json()
    assert {**after, "updatedAt": 0} == {**before, "updatedAt": 0}


def test_a_target_that_the_asker_may_not_read_stays_an_id(client: TestClient) -> None:
    """The rule of the target's collection is asked, whoever may read the text."""
    client.create("posts", {"body": refer("notes", 1)})
    assert values(client.get("/api/posts/1?depth=1").json()) == (1, 1)
    ada = client.user("ada@example.org")
    seen = values(client.get("/api/posts/1?depth=1", as_=ada).json())
    assert [value["name"] for value in seen] == ["mine", "mine"]


def test_max_depth_keeps_ids(client: TestClient) -> None:
    """A rich text that is itself shown behind a reference can keep its own as ids."""
    client.create("stories", {"body": refer("pages", 1)})
    client.create("posts", {"body": refer("stories", 1)})
    shown = client.get("/api/posts/1?depth=3").json()
    assert values(values(shown)[0]) == (1, 1)


@pytest.mark.parametrize(
    ("slug", "id"), [("pages", 99), ("pages", "x"), ("nope", 1), ("secrets", 1), ("pages", {}), ("pages", [1])]
)
def test_a_reference_to_nothing_is_refused(client: TestClient, slug: str, id: Any) -> None:
    """To what does not exist, to a collection that does not, and to a hidden one that nobody named."""
    answer = client.post("/api/posts", json={"body": refer(slug, id)})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"][0]["data"]["errors"]
    assert error["path"] == "body"
    assert error["message"].startswith("This field refers to documents that do not exist")


def test_the_declared_collections_are_the_only_ones(client: TestClient) -> None:
    """`relation_to` is a list of what may be referred to."""
    assert client.post("/api/stories", json={"body": refer("pages", 1)}).status_code == 201
    assert client.post("/api/stories", json={"body": refer("notes", 1)}).status_code == 400


def test_relation_to_a_collection_that_is_not_there_is_a_mistake() -> None:
    """As for a relationship."""
    posts = Collection("posts", fields=[RichText("body", relation_to="page")])
    with pytest.raises(ConfigError, match="there is no collection 'page' – did you mean 'pages'"):
        Headless(collections=[Collection("pages", fields=[]), posts], database="sqlite:///:memory:")


def test_a_text_whose_target_went_can_be_saved_again(client: TestClient) -> None:
    """What is left of a reference is taken back as it is read."""
    client.create("posts", {"body": refer("pages", 2)})
    client.delete_document("pages", 2)
    shown = client.get("/api/posts/1?depth=0").json()
    block, line = shown["body"]["root"]["children"]
    assert (block["value"], line["children"][0]["fields"]["doc"]) == (None, None)
    assert line["children"][0]["children"] == [text("there")]
    assert client.patch("/api/posts/1", json=shown).status_code == 200


def test_an_id_is_kept_as_its_collection_writes_ids(client: TestClient) -> None:
    """A text that spells one is read as one."""
    client.create("posts", {"body": refer("pages", "2")})
    assert values(client.get("/api/posts/1?depth=0").json()) == (2, 2)


FOUND = [
    ("like", "quiet", True), ("like", "LAUNCH quiet", True), ("like", "unbold", True), ("like", "loud", False),
    ("contains", "quiet launch", True), ("contains", "launchunbold", False), ("contains", "root", False),
    ("not_like", "loud", True), ("not_like", "quiet", False), ("exists", "true", True), ("exists", "false", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "words", "found"), FOUND)
def test_its_text_can_be_searched(client: TestClient, operator: str, words: str, found: bool) -> None:
    """The words, not the JSON that they are stored in; a word that is partly bold is one word."""
    quiet = {"type": "heading", "tag": "h1", "children": [text("A quiet launch")]}
    client.create(
        "posts", {"body": body(quiet, paragraph(text("un"), text("bold", 1))), "rows": [{"note": body(quiet)}]}
    )
    answer = client.get("/api/posts/count", params={f"where[body][{operator}]": words})
    assert answer.json() == {"totalDocs": int(found)}


def test_a_value_that_is_no_document_is_searched_without_harm(client: TestClient) -> None:
    """Wherever it stands."""
    client.create("posts", {"body": "text", "rows": [{"note": "text"}, {"note": 5}]})
    for path in ("body", "rows.note"):
        assert client.get(f"/api/posts/count?where[{path}][like]=text").json() == {"totalDocs": 0}


def shop(body: RichText) -> Config:
    return Config(
        collections=[
            Collection("pages", access="anyone", fields=[fields.Text("name")]),
            Collection("posts", access="anyone", fields=[body, HtmlOf(body)]),
        ]
    )


def test_its_html_can_stand_beside_it() -> None:
    """Made at each reading, of the document as it is read; what is sent for it is left out."""
    with TestClient(shop(RichText("body"))) as client:
        client.create("posts", {"body": body(paragraph(text("a < b", 1))), "body_html": "<script>"})
        shown = client.get("/api/posts/1").json()
        assert shown["body_html"] == "<p><strong>a &lt; b</strong></p>"
        assert client.get("/api/posts/1?select[body_html]=true").json() == {"id": 1, "body_html": None}
        assert client.patch("/api/posts/1", json={"body": None}).json()["doc"]["body_html"] is None


@pytest.mark.parametrize("options", [{"hidden": True}, {"access": {"read": authenticated}}], ids=repr)
def test_whoever_may_not_read_it_may_not_read_its_html(options: Any) -> None:
    """The rule of the rich text is that of the HTML."""
    with TestClient(shop(RichText("body", **options))) as client:
        client.create("posts", {"body": body(paragraph(text("hush")))})
        assert "hush" not in client.get("/api/posts/1").text
        assert client.get("/api/posts?where[body_html][like]=hush").status_code == 400


async def test_a_collection_may_go_again(tmp_path: Path) -> None:
    """Once no text refers to its documents: until then the start is refused, with the rows."""

    async def run(slugs: list[str], work: Any) -> None:
        named = [Collection(slug, fields=[fields.Text("name")]) for slug in slugs]
        posts = Collection("posts", fields=[RichText("body")])
        app = Headless(collections=[posts, *named], database=f"sqlite:///{tmp_path}/data.db", secret="s" * 40)
        await app.startup()
        try:
            await work(app.as_system())
        finally:
            await app.aclose()

    async def write(api: Any) -> None:
        await api.create("pages", {"name": "x"})
        await api.create("posts", {"body": refer("pages", 1)})

    async def clear(api: Any) -> None:
        await api.update("posts", 1, {"body": None})

    async def read(api: Any) -> None:
        assert (await api.get("posts", 1))["body"] is None

    await run(["tags", "pages"], write)
    with pytest.raises(ConfigError, match=r"posts\.body: 1 rows hold what it cannot keep \(1: "):
        await run(["tags"], read)
    await run(["tags", "pages"], clear)
    await run(["tags"], read)


@pytest.mark.parametrize("declared", ["python", "payload"])
def test_collections_say_whether_they_are_linked_to(declared: str) -> None:
    """A link is refused, a node of its own is not; what the field names stands above both."""
    options = {"python": {"enable_rich_text_link": False}, "payload": {"enableRichTextLink": False}}[declared]
    posts = Collection("posts", fields=[RichText("body"), RichText("free", relation_to=["tags"])])
    tags = Collection("tags", admin=options, fields=[])
    with TestClient(Config(collections=[posts, tags])) as client:
        client.create("tags", {})
        given = body(paragraph(to("tags", 1)))
        with pytest.raises(ValidationError) as refused:
            client.create("posts", {"body": given})
        assert refused.value.errors[0]["message"] == (
            "root.children.0.children.0: links do not lead to documents of 'tags' here."
        )
        node = {"type": "relationship", "relationTo": "tags", "value": 1}
        assert client.create("posts", {"body": body(node), "free": given})


def test_collections_are_offered_to_be_referred_to() -> None:
    """Those that are not hidden, and do not say that they are not."""
    declared = [
        Collection("a", fields=[]), Collection("b", admin={"enable_rich_text_relationship": False}, fields=[]),
        Collection("c", admin={"hidden": True}, fields=[]),
        Collection("d", admin={"enable_rich_text_link": False}, fields=[]),
    ]  # fmt: skip
    assert (RichText("x").linked(declared), RichText("x").related(declared)) == (("a", "b"), ("a", "d"))
    named = RichText("x", relation_to=["b", "d"])
    assert named.linked(declared) == named.related(declared) == ("b", "d")
