"""Plain text: the words, in their lines."""

from __future__ import annotations

from headless.richtext import from_markdown, to_text


def test_each_block_and_each_item_has_its_lines() -> None:
    """An empty line is between blocks; formats, links and rules leave no trace but their words."""
    source = "# A *quiet* launch\n\nSome **bold**\\\nwords\n\n---\n\n- one\n- two\n  1. below\n\n> [there](/x)"
    assert to_text(from_markdown(source)) == "A quiet launch\n\nSome bold\nwords\n\none\ntwo\nbelow\n\nthere"


def test_what_is_no_document_has_no_text() -> None:
    """A field may hold such a value."""
    assert [to_text(value) for value in (None, "text", {}, {"root": {"children": ["x", {"type": "text"}]}})] == [""] * 4
