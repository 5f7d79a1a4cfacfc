"""Rich text in the admin: written as Markdown, shown as it reads, and never less than it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, fields, nobody
from headless.richtext import from_markdown, normal
from tests.admin.ledger import USERS, config, log_in, opened
from tests.admin.plain_browser import PlainBrowser

POSTS = "/admin/collections/posts"
SOURCE = "# A quiet *launch*\n\n- one\n- [two](https://example.org)\n\nWords & <u>more</u>"


@pytest.fixture
def visit() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at a magazine with a tag."""
    with opened() as (browser, api):
        api.create("tags", {"name": "Paper"})
        log_in(browser)
        yield browser, api


def payload(*nodes: Any) -> dict[str, Any]:
    """A document as another editor would have made it: with ids, directions and other notes of its own."""
    root = {"type": "root", "format": "", "indent": 0, "version": 1, "direction": "ltr", "children": list(nodes)}
    return {"root": root}


def paragraph(words: str, **more: Any) -> dict[str, Any]:
    text = {
        "type": "text",
        "text": words,
        "format": 0,
        "mode": "normal",
        "style": "color: red",
        "detail": 0,
        "version": 1,
    }
    return {"type": "paragraph", "children": [text], "direction": "rtl", "textFormat": 0, "version": 1, **more}


UPLOAD = {
    "type": "upload",
    "relationTo": "tags",
    "value": 1,
    "fields": {"caption": "A boat"},
    "id": "65f1",
    "version": 3,
}


def test_markdown_is_stored_as_rich_text(visit: tuple[PlainBrowser, Any]) -> None:
    """And shown as it was written, beside what it looks like, and as words in the list."""
    browser, api = visit
    browser.open(f"{POSTS}/create").fill(title="x", body=SOURCE).press("Create")
    assert normal(api.get("posts", 1)["body"]) == normal(from_markdown(SOURCE))
    assert browser.value("body") == SOURCE
    assert "<h1>A quiet <em>launch</em></h1>" in browser.html
    assert "A quiet launch one two Words" in browser.open(f"{POSTS}?columns=title,body").page.text


def test_what_was_not_touched_stays_as_its_editor_made_it(visit: tuple[PlainBrowser, Any]) -> None:
    """Saved without a change nothing changes; with one, only the block that was changed."""
    browser, api = visit
    made = payload(paragraph("one"), UPLOAD, paragraph("two", format="center"), {"type": "made-up", "x": [1]})
    api.create("posts", {"title": "x", "body": made})
    browser.open(f"{POSTS}/1").press("Save")
    assert api.get("posts", 1, depth=0)["body"] == made
    source = browser.value("body")
    browser.fill(body=source.replace("one", "**three**")).press("Save")
    stored = api.get("posts", 1, depth=0)["body"]
    assert stored["root"]["children"][1:] == made["root"]["children"][1:]
    assert {**stored["root"], "children": 0} == {**made["root"], "children": 0}
    assert normal(stored)[0]["children"] == [{"type": "text", "text": "three", "format": 1}]


def test_a_block_can_be_moved_and_kept(visit: tuple[PlainBrowser, Any]) -> None:
    """An upload is a block of its own, which goes where its lines go."""
    browser, api = visit
    api.create("posts", {"title": "x", "body": payload(UPLOAD, paragraph("one"))})
    blocks = browser.open(f"{POSTS}/1").value("body").split("\n\n")
    browser.fill(body="\n\n".join(reversed(blocks))).press("Save")
    assert [node["type"] for node in api.get("posts", 1, depth=0)["body"]["root"]["children"]] == [
        "paragraph",
        "upload",
    ]
    assert api.get("posts", 1, depth=0)["body"]["root"]["children"][1] == UPLOAD


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("[x](javascript:alert%281%29)", "a link leads to http, https, mailto, tel or a path, not to javascript:"),
        ("```lexical\n{no json\n```", "A block marked lexical is not the JSON of a node."),
        ('```lexical\n{"type": "upload", "relationTo": "tags", "value": 9}\n```', "documents that do not exist"),
        ('```lexical\n{"type": "heading", "tag": "h9"}\n```', "tag is one of h1"),
    ],
)
def test_what_is_wrong_is_told_and_stays_in_the_form(visit: tuple[PlainBrowser, Any], source: str, told: str) -> None:
    """Nothing is stored, nothing that was typed is lost, and no program of it runs in the page."""
    browser, api = visit
    browser.open(f"{POSTS}/create").fill(title="x", body=f"Kept\n\n{source}").press("Create")
    assert told in browser.problems()
    assert browser.value("body").startswith("Kept")
    assert api.count("posts") == 0
    assert 'href="javascript' not in browser.html
    if "javascript" in source:
        assert source in browser.value("body")


def test_emptied_it_is_null(visit: tuple[PlainBrowser, Any]) -> None:
    """As a document that was never given one; an empty paragraph is shown as nothing, and stays."""
    browser, api = visit
    api.create("posts", {"title": "x", "body": from_markdown("words")})
    browser.open(f"{POSTS}/1").fill(body=" \n").press("Save")
    assert api.get("posts", 1)["body"] is None
    empty = payload({"type": "paragraph", "children": []})
    api.update("posts", 1, {"body": empty})
    assert browser.open(f"{POSTS}/1").value("body") == ""
    browser.press("Save")
    assert api.get("posts", 1)["body"] == empty


def test_a_value_that_is_no_document_is_shown_and_stays(visit: tuple[PlainBrowser, Any]) -> None:
    """It cannot be edited here, so it is not in the form; everything else can be saved."""
    browser, api = visit
    api.create("posts", {"title": "x", "body": "<b>text</b>"})
    browser.open(f"{POSTS}/1")
    assert "It stays as it is." in browser.page.text
    assert "&lt;b&gt;text&lt;/b&gt;" in browser.html
    browser.fill(title="y").press("Save")
    assert {key: api.get("posts", 1)[key] for key in ("title", "body")} == {"title": "y", "body": "<b>text</b>"}


def test_what_can_only_be_read_is_shown_as_it_reads() -> None:
    """Whole, without a box to write in."""
    notes = Collection("notes", fields=[fields.RichText("body", admin={"read_only": True})])
    with opened(config().replace(collections=(notes, USERS))) as (browser, api):
        api.create("notes", {"body": from_markdown(SOURCE)})
        log_in(browser).open("/admin/collections/notes/1")
        assert "<h1>A quiet <em>launch</em></h1>" in browser.html
        assert not browser.page.every("textarea")


def test_the_preview_is_for_those_who_may_enter(visit: tuple[PlainBrowser, Any]) -> None:
    """It answers with safe HTML, without styles that the pages' policy forbids."""
    browser, _ = visit
    url = f"{POSTS}/_preview"
    answer = browser.client.post(url, data={"text": '<p align="center">a</p>\n\n<script>x</script>'})
    assert answer.text == '<p class="align-center">a</p><p>&lt;script&gt;x&lt;/script&gt;</p>'
    browser.client.cookies.clear()
    assert browser.client.post(url, data={"text": "a"}, follow_redirects=False).status_code == 303


def test_in_rows_it_is_read_and_kept_like_anywhere() -> None:
    """The row's own document is the one that is compared."""
    notes = Collection("notes", fields=[fields.Array("rows", fields=[fields.RichText("body")])])
    with opened(config().replace(collections=(notes, USERS))) as (browser, api):
        rows = [{"id": "a", "body": payload(paragraph("one"))}, {"id": "b", "body": payload(paragraph("two"))}]
        api.create("notes", {"rows": rows})
        log_in(browser).open("/admin/collections/notes/1").type("rows.1.body", "three").press("Save")
        stored = api.get("notes", 1)["rows"]
        assert stored[0] == rows[0]
        assert normal(stored[1]["body"]) == normal(from_markdown("three"))


HERO = fields.Block(
    "hero",
    labels={"singular": "Banner"},
    fields=[
        fields.Text("heading", required=True),
        fields.Number("size", default_value=3),
        fields.Group("look", fields=[fields.Checkbox("wide"), fields.Text("shade")]),
        fields.Array("links", fields=[fields.Text("label")]),
        fields.Text("inner", access={"read": nobody}),
    ],
)
MENTION = fields.Block("mention", fields=[fields.Relationship("who", relation_to="users", required=True)])
PAGES = Collection("pages", fields=[
    fields.Text("title"), fields.RichText("body", blocks=[HERO], inline_blocks=[MENTION]),
])  # fmt: skip
WITH_BLOCKS = '# Top\n\n```block hero\n{"heading": "Hi", "size": 9}\n```\n\nAsk [mention](<block:{"who": 1}>) now.'


@pytest.fixture
def pages() -> Iterator[tuple[PlainBrowser, Any]]:
    """Ada at pages whose texts have blocks."""
    with opened(config().replace(collections=(PAGES, USERS))) as (browser, api):
        log_in(browser)
        yield browser, api


def block(document: Any, place: int) -> Any:
    return document["body"]["root"]["children"][place]["fields"]


def test_blocks_are_written_and_shown(pages: tuple[PlainBrowser, Any]) -> None:
    """As JSON under their kind, complete once they are stored; the preview says what is in them."""
    browser, api = pages
    browser.open("/admin/collections/pages/create").fill(title="x", body=WITH_BLOCKS).press("Create")
    (made,) = api.find("pages", depth=0).docs
    assert (block(made, 1)["heading"], block(made, 1)["size"]) == ("Hi", 9)
    assert made["body"]["root"]["children"][2]["children"][1]["fields"]["who"] == 1
    box = browser.value("body")
    assert "```block hero\n{\n" in box
    assert '"heading": "Hi"' in box
    assert "Hero</b> · Heading Hi · Size 9" in browser.html


def test_blocks_survive_an_edit_around_them(pages: tuple[PlainBrowser, Any]) -> None:
    """With what the page does not show of them; those that are changed, moved or copied are what was written."""
    browser, api = pages
    browser.open("/admin/collections/pages/create").fill(title="x", body=WITH_BLOCKS).press("Create")
    (made,) = api.find("pages", depth=0).docs
    given = {**made["body"]["root"]["children"][1], "fields": {**block(made, 1), "inner": "kept"}}
    children = made["body"]["root"]["children"]
    made = api.update("pages", made["id"], {"body": payload(children[0], given, children[2])}, depth=0)
    browser.open(f"/admin/collections/pages/{made['id']}")
    source = browser.value("body").strip("\n")
    assert "kept" not in source
    browser.fill(body=source.replace("# Top", "Above")).press("Save")
    kept = api.get("pages", made["id"], depth=0)
    assert block(kept, 1) == block(made, 1)
    source = browser.value("body").strip("\n")
    fence = source[source.index("```block") : source.rindex("```") + 3]
    browser.fill(body=f"{fence.replace('Hi', 'Ho')}\n\n{source}").press("Save")
    changed = api.get("pages", made["id"], depth=0)
    assert (block(changed, 0)["heading"], block(changed, 2)["heading"]) == ("Ho", "Hi")
    assert block(changed, 0)["id"] != block(changed, 2)["id"]


@pytest.mark.parametrize(("source", "told"), [
    ('```block hero\n{"heading": }\n```', "What is in the block hero is no JSON: line 1"),
    ('```block hero\n{"size": "x"}\n```', "Block 1 (Banner) &gt; Heading: This field is required."),
    ("```block heroo\n{}\n```", "There is no such block here: &#39;heroo&#39;. There are: hero."),
    ('Ask [mention](<block:{"who": 99}>).', "Block 1 (Mention) &gt; Who: "),
])  # fmt: skip
def test_what_is_wrong_in_a_block_is_told_at_the_field(pages: tuple[PlainBrowser, Any], source: str, told: str) -> None:
    """With the block that it is in; what was written is still there."""
    browser, api = pages
    browser.open("/admin/collections/pages/create").fill(title="x", body=source).press("Create")
    assert browser.status == 422
    assert api.count("pages") == 0
    control = browser.html[browser.html.index('data-f="body"') :]
    assert told in control
    assert 'href="#f-body"' in browser.html
    assert "block" in browser.value("body")


def test_what_a_block_is_written_like_is_on_the_page(pages: tuple[PlainBrowser, Any]) -> None:
    """To be copied, and with JavaScript put in by a button: with defaults, and nothing that nobody is asked for."""
    browser, _ = pages
    browser.open("/admin/collections/pages/create")
    hero, mention, *_ = (each.text for each in browser.page.every("pre"))
    assert json.loads(hero.removeprefix("```block hero").removesuffix("```")) == {
        "heading": "", "size": 3, "look": {"wide": None, "shade": ""}, "links": [], "inner": "",
    }  # fmt: skip
    assert mention == '[mention](<block:{"who":null}>)'
    buttons = [each["data-insert"] for each in browser.page.every("button") if "data-insert" in each.attributes]
    assert [" ".join(source.split()) for source in buttons] == [hero, mention]


def test_it_says_which_collections_are_linked_to() -> None:
    """Of those that the editor may read; with what to write."""
    tags = Collection("tags", admin={"enable_rich_text_link": False}, fields=[])
    secrets = Collection("secrets", access=nobody, fields=[])
    notes = Collection("notes", admin={"enable_rich_text_relationship": False}, fields=[fields.RichText("body")])
    with opened(config().replace(collections=(notes, tags, secrets, USERS))) as (browser, _):
        log_in(browser).open("/admin/collections/notes/create")
        assert "A link to one of Notes, Users, by its ID [words](doc:notes/ID)" in browser.page.text
        assert "One of Tags, Users by itself" in browser.page.text
