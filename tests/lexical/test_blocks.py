"""Blocks in other languages: as converters of their kinds write them, or in a form that is read back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pytest

from headless.lexical import shapes
from headless.lexical.markdown_reader import mistakes
from headless.richtext import from_html, from_markdown, normal, to_html, to_markdown, to_text

HERO = shapes.block("hero", {"id": "a1", "heading": "A <b>quiet</b> launch"})
MENTION = shapes.inline_block("mention", {"who": 7})
LINE = shapes.paragraph([shapes.text("Ask "), MENTION, shapes.text(" now")])
DOCUMENT = shapes.document([shapes.heading("h2", [shapes.text("News")]), HERO, LINE])
Fields = Mapping[str, Any]


def test_markdown_has_blocks_as_json() -> None:
    """A block stands in a fence that says its kind, one in a line in the address of a link; both are read back."""
    written = to_markdown(DOCUMENT)
    assert written == (
        '## News\n\n```block hero\n{\n  "id": "a1",\n  "heading": "A <b>quiet</b> launch"\n}\n```\n\n'
        'Ask [mention](<block:{"who":7}>) now'
    )
    assert normal(from_markdown(written)) == normal(DOCUMENT)


def test_html_has_blocks_as_data() -> None:
    """In empty elements, escaped; and is read back."""
    written = to_html(DOCUMENT)
    assert 'data-block="hero" data-fields="{&quot;id&quot;:&quot;a1&quot;' in written
    assert '<p>Ask <span data-inline-block="mention" data-fields="{&quot;who&quot;:7}"></span> now</p>' in written
    assert "<b>" not in written
    assert normal(from_html(written)) == normal(DOCUMENT)


def test_plain_text_has_no_blocks() -> None:
    """Unless somebody says what they are in words."""
    assert to_text(DOCUMENT) == "News\n\nAsk  now"
    said = {"hero": lambda fields: f"{fields['id']}:\nhero", "mention": lambda fields: f"no. {fields['who']}"}
    assert to_text(DOCUMENT, blocks=said) == "News\n\na1:\nhero\n\nAsk no. 7 now"


def test_converters_write_blocks_of_their_kind() -> None:
    """Given the fields. The blocks of other kinds are as ever."""

    def hero(fields: Fields) -> str:
        return f"<section>{escape(fields['heading'])}</section>"

    assert to_html(DOCUMENT, blocks={"hero": hero}).startswith(
        "<h2>News</h2><section>A &lt;b&gt;quiet&lt;/b&gt; launch</section><p>Ask <span data-inline-block"
    )
    converters = {"hero": lambda fields: "> launch", "mention": lambda fields: f"@{fields['who']}"}
    assert to_markdown(DOCUMENT, blocks=converters) == "## News\n\n> launch\n\nAsk @7 now"


def test_a_converter_of_nodes_comes_first() -> None:
    """`render` is of all blocks, whatever kind they are of."""
    render = {"block": lambda node, inside: f"<i>{node['fields']['blockType']}</i>"}
    assert to_html(shapes.document([HERO]), render=render, blocks={"hero": lambda fields: "no"}) == "<i>hero</i>"


def test_what_is_a_block_only_by_its_type_is_kept_as_json() -> None:
    """A node without a kind, or with more than a block has."""
    for node in (
        {"type": "block", "fields": {}},
        {**HERO, "more": 1},
        {"type": "block", "fields": {"blockType": "a b"}},
    ):
        written = to_markdown(shapes.document([node]))
        assert written.startswith("```lexical\n")
        assert normal(from_markdown(written)) == normal(shapes.document([node]))


@pytest.mark.parametrize(("source", "told"), [
    ("```block hero\n{\"a\": }\n```", "What is in the block hero is no JSON: line 1, column"),
    ("```block hero\n[1]\n```", "What is in the block hero is no object"),
    ("```block\n{}\n```", "says of which kind the block is"),
    ("[who](<block:{x}>)", "What is in the block who in a line is no JSON"),
    ("[a b](<block:{}>)", "are the kind of the block"),
    ("```block hero\n{\"a\": 1}\n```\n\n[who](<block:{\"b\": 2}>)", None),
])  # fmt: skip
def test_what_is_wrong_with_a_block_is_told(source: str, told: str | None) -> None:
    """With its place, for whoever wrote it."""
    found = list(mistakes(source))
    assert found == [] if told is None else told in found[0]
