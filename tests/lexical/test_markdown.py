"""Markdown: what is written reads back as the same document, and what others write reads as it is meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from headless.lexical import shapes
from headless.lexical.markdown_reader import FENCE
from headless.richtext import from_markdown, normal, to_html, to_markdown
from tests.lexical.documents import documents, odd_documents

quietly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quietly
@given(documents)
def test_what_markdown_has_words_for_is_written_in_them(document: Any) -> None:
    """And reads back as the same document, whatever signs are in its texts."""
    written = to_markdown(document)
    assert f"```{FENCE}" not in written
    assert normal(from_markdown(written)) == normal(document)


@quietly
@given(odd_documents)
def test_nothing_is_lost(document: Any) -> None:
    """What Markdown has no words for stands in it as JSON: references, unknown nodes, fields of links."""
    assert normal(from_markdown(to_markdown(document))) == normal(document)


def test_a_document_reads_as_its_writer_would_write_it() -> None:
    """The common ways to format are written in the common way."""
    source = "\n\n".join(
        [
            "# A quiet *launch*",
            "Some **bold**, ~~struck~~ and `code` words, <u>under</u> a line\\\nin ***two***.",
            "- one\n- two\n  1. below\n  2. it\n- three",
            "* [ ] to do\n* [x] done",
            "> Said someone",
            "---",
            '[there](https://example.org), [new](/a "_blank"), [inside](doc:posts/7)',
            '<p align="center">in the middle</p>',
        ]
    )
    assert to_markdown(from_markdown(source)) == source


READ = [
    ("Title\n=====", "<h1>Title</h1>"),
    ("a  \nb\nc", "<p>a<br>b c</p>"),
    ("__b__ _i_ snake_case_name", "<p><strong>b</strong> <em>i</em> snake_case_name</p>"),
    ("<https://example.org>", '<p><a href="https://example.org">https://example.org</a></p>'),
    ("[x][1]\n\n[1]: /there 'title'", '<p><a href="/there">x</a></p>'),
    ("![A boat](/boat.png)", '<p><a href="/boat.png">A boat</a></p>'),
    ("```python\nx = 1\ny = 2\n```", "<p><code>x = 1</code><br><code>y = 2</code></p>"),
    ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
    ("- a\n\n  b\n- c", "<ul><li>a<br>b</li><li>c</li></ul>"),
    ("> a\n>\n> b", "<blockquote>a<br>b</blockquote>"),
    ("H<sub>2</sub>O <mark>m</mark> <b>b</b>", "<p>H<sub>2</sub>O <mark>m</mark> <strong>b</strong></p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("<div onclick=x>a</div>", "<p>&lt;div onclick=x&gt;a&lt;/div&gt;</p>"),
    ("<p onclick=x>a</p>", "<p>&lt;p onclick=x&gt;a&lt;/p&gt;</p>"),
    ("[x](javascript:alert(1))", "<p>x</p>"),
    ("[x](<java&#115;cript:alert(1)>)", "<p>x</p>"),
    ("![x](javascript:alert(1))", "<p>x</p>"),
    (f"```{FENCE}\nno json\n```", "<p><code>no json</code></p>"),
    ("", "<p><br></p>"),
]


@pytest.mark.parametrize(("source", "html"), READ, ids=[source[:30] for source, _ in READ])
def test_what_others_write_reads_as_it_is_meant(source: str, html: str) -> None:
    """CommonMark, strikethrough and tasks; tags that mean nothing here are text, programs go."""
    assert to_html(from_markdown(source)) == html


@pytest.mark.parametrize("value", [None, "text", {}, [], {"root": {}}, 5])
def test_what_is_no_document_is_empty(value: Any) -> None:
    """A field may hold such a value."""
    assert to_markdown(value) == ""


def test_a_line_of_many_formats_is_written_in_time() -> None:
    """And reads back all the same."""
    line = [shapes.text("x", place % 2) for place in range(4_000)]
    document = shapes.document([shapes.paragraph(line)])
    assert normal(from_markdown(to_markdown(document))) == normal(document)


def test_deep_nesting_is_read_without_harm() -> None:
    """Of quotes, of lists, and of brackets."""
    for source in (
        "> " * 3_000 + "x",
        "\n".join("  " * level + "- x" for level in range(300)),
        "[" * 5_000,
        "*a " * 3_000,
    ):
        from_markdown(source)
