"""HTML: what is written is safe and reads back as the same document; what comes in loses what it may not have."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless.lexical import shapes
from headless.lexical.links import link_problem
from headless.richtext import from_html, normal, to_html, to_markdown
from tests.lexical.documents import block_documents, odd_documents

quietly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TAGS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "hr", "br", "a", "strong", "em", "u", "s",
    "sub", "sup", "mark", "code", "span", "figure", "div", "img", "input",
}  # fmt: skip
ATTRIBUTES = {
    "href", "target", "rel", "style", "start", "class", "type", "disabled", "checked", "aria-label", "data-collection",
    "data-id", "data-upload", "data-relationship", "data-block", "data-inline-block", "data-fields",
    "src", "alt", "width", "height",
}  # fmt: skip


class Judge(HTMLParser):
    """Refuses what is not among the tags, attributes and addresses that are written."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name in ("href", "src"):
                assert link_problem(value) is None

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def judge(html: str) -> None:
    parser = Judge()
    parser.feed(html)
    parser.close()


@quietly
@given(block_documents)
def test_what_is_written_reads_back_as_the_same(document: Any) -> None:
    """Spaces, tabs, empty paragraphs, references and tasks included."""
    for classes in (False, True):
        html = to_html(document, classes=classes)
        judge(html)
        assert normal(from_html(html)) == normal(document)
        assert not classes or "style=" not in html


@quietly
@given(odd_documents)
def test_unknown_nodes_leave_their_words(document: Any) -> None:
    """What nobody knows how to write is left out, what is in it is not."""
    judge(to_html(document))


hostile = st.sampled_from(['"><script>', "javascript:alert(1)", "' onload=x", "<!--", "&lt;", "\x00", "a", "", "h1"])
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 300), hostile),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(hostile, inner, max_size=2)),
    max_leaves=3,
)
KINDS = [
    "paragraph", "heading", "list", "listitem", "quote", "link", "text", "upload", "relationship", "tab", "x", "block",
    "inlineBlock",
]  # fmt: skip
pictures = st.fixed_dictionaries({"url": hostile, "alt": hostile, "mimeType": st.just("image/png")})
nodes = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(KINDS)}, optional={"text": anything, "format": anything}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.one_of(st.sampled_from(KINDS), anything)},
        optional={
            "children": st.one_of(st.lists(inner, max_size=3), anything),
            "tag": anything, "listType": anything, "format": anything, "indent": anything, "relationTo": anything,
            "value": st.one_of(anything, pictures),
            "fields": st.one_of(
                anything, st.fixed_dictionaries({"url": anything, "linkType": st.sampled_from(["custom", "internal"])})
            ),
            "start": anything, "checked": anything,
        },
    ),
    max_leaves=8,
)  # fmt: skip


@quietly
@given(st.lists(nodes, max_size=3))
def test_nothing_in_a_document_breaks_out_of_the_html(children: Any) -> None:
    """Whatever stands in the place of whatever attribute; so for the other converters, which fail at nothing either."""
    document = {"root": {"children": children}}
    judge(to_html(document))
    normal(document)
    to_markdown(document)


READ: list[tuple[str, str]] = [
    ("plain", "<p>plain</p>"),
    ("a<p>b<p>c", "<p>a</p><p>b</p><p>c</p>"),
    ("<div><div>a</div><b>b</b> c</div>", "<p>a</p><p><strong>b</strong> c</p>"),
    ("<h2>  a \n <i>b</i> </h2>", "<h2>a <em>b</em></h2>"),
    ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
    ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
    ("<ul><li>a</li><ol><li>b</li></ol></ul>", "<ul><li>a<ol><li>b</li></ol></li></ul>"),
    ("<p>a<br></p>", "<p>a</p>"),
    (
        "<pre>x = 1\n  y</pre>",
        '<p><code>x = 1</code><br><code><span style="white-space:pre-wrap">  y</span></code></p>',
    ),
    ("<table><tr><td>a<td>b</table>", "<p>a</p><p>b</p>"),
    ('<img src="/boat.png" alt="A boat">', '<p><a href="/boat.png">A boat</a></p>'),
    ('<a href="/x"><h3>a</h3></a>', "<h3>a</h3>"),
    ('<b style="font-weight:normal">a</b><span style="font-weight: 700">b</span>', "<p>a<strong>b</strong></p>"),
    ('<p style="text-align:center" align=right>a</p>', '<p style="text-align:center">a</p>'),
    ('<p align="up">a</p>', "<p>a</p>"),
    ("<script>alert(1)</script><style>x</style><title>t</title>a", "<p>a</p>"),
    ('<a href="javascript:alert(1)" onclick="x()">a</a>', "<p>a</p>"),
    ('<a href="java&#10;script:alert(1)">a</a>', "<p>a</p>"),
    ('<img src="javascript:x" onerror="alert(1)" alt="a">', "<p>a</p>"),
    ("<svg><script>alert(1)</script></svg><iframe src=x>b</iframe>a", "<p>a</p>"),
    ("<!-- a --><!DOCTYPE html>b", "<p>b</p>"),
    ("<p>&lt;b&gt; &amp;nbsp;</p>", "<p>&lt;b&gt; &amp;nbsp;</p>"),
    ("", "<p><br></p>"),
]


@pytest.mark.parametrize(("source", "html"), READ, ids=[source[:40] for source, _ in READ])
def test_what_comes_in_loses_what_it_may_not_have(source: str, html: str) -> None:
    """Programs and styles go; what is left open is closed; structure and words stay."""
    assert to_html(from_html(source)) == html


BROKEN = [
    "<div>" * 20_000, "<b>" * 20_000 + "x", "<ul><li>" * 5_000, "</p>" * 20_000, "<a " * 50_000, "<!--" * 50_000,
    "<a href='" * 50_000, "<![CDATA[" * 50_000, "&" * 200_000, "<table><tr><td>" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("source", BROKEN, ids=[source[:5] for source in BROKEN])
def test_broken_html_is_read_without_harm(source: str) -> None:
    """However deep, however long."""
    from_html(source)


def link_in(value: Any) -> Any:
    return shapes.document([shapes.paragraph([shapes.link_inside("posts", value, [shapes.text("there")])])])


def test_documents_have_the_addresses_that_are_given_for_them() -> None:
    """By collection, and by id or document; no address is no link that leads anywhere."""
    address = {"posts": lambda value: f"/blog/{value['slug']}" if isinstance(value, dict) else None}
    for value, html in (
        ({"id": 7, "slug": "a&b"}, '<p><a href="/blog/a&amp;b" data-collection="posts" data-id="7">there</a></p>'),
        (7, '<p><a data-collection="posts" data-id="7">there</a></p>'),
        (None, "<p>there</p>"),
    ):
        assert to_html(link_in(value), address=lambda slug, found: address[slug](found)) == html


def test_an_upload_is_shown_when_it_is_populated() -> None:
    """A picture as one, any other file by its name."""
    file: dict[str, Any] = {"id": 1, "url": "/f/a b.png", "mimeType": "image/png", "alt": "A boat", "width": 3}
    upload = {**shapes.referring("upload", "media", file), "fields": {"alt": "Mine"}}
    assert to_html({"root": {"children": [upload]}}) == (
        '<figure data-upload="media" data-id="1"><img src="/f/a b.png" alt="Mine" width="3"></figure>'
    )
    file = {"id": 1, "url": "/f/a.pdf", "mimeType": "application/pdf", "filename": "a.pdf"}
    assert '<a href="/f/a.pdf">a.pdf</a>' in to_html({"root": {"children": [{**upload, "value": file}]}})


def test_a_node_can_be_written_in_a_way_of_ones_own() -> None:
    """With what is in it, be it a block or in a line."""
    document = shapes.document(
        [{"type": "block", "fields": {"n": 1}}, shapes.paragraph([{"type": "hi", "children": []}])]
    )
    render = {"block": lambda node, inside: f"<hr data-n={node['fields']['n']}>", "hi": lambda node, inside: "hi!"}
    assert to_html(document, render=render) == "<hr data-n=1><p>hi!</p>"
