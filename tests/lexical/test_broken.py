"""Broken documents: a field answers whatever is sent to it, and never fails."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless.fields import FieldContext, RichText
from headless.richtext import normal, to_html, to_markdown, to_text
from tests.lexical.test_html import anything, nodes

broken = st.lists(st.one_of(nodes, anything), max_size=3).map(lambda children: {"root": {"children": children}})
FIELDS = [RichText("body"), RichText("body", features=["link", "align"])]


def test_no_document_is_too_deep() -> None:
    """What lies deeper than anything that can be stored is left out, and what is no JSON is nothing."""
    node: Any = {"type": "paragraph", "children": []}
    deep: Any = 1
    for _ in range(5_000):
        node = {"type": "list", "listType": "bullet", "children": [{"type": "listitem", "children": [node]}]}
        deep = [deep]
    value = {"root": {"children": [node, {"type": "x", "data": deep}, {"type": "x", "data": object()}]}}
    for convert in (to_html, to_markdown, to_text):
        assert isinstance(convert(value), str)
    assert normal(value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(anything, broken))
def test_a_field_takes_a_value_or_says_what_is_wrong(value: Any) -> None:
    """With a message; what it takes has only references that are whole."""
    for field in FIELDS:
        given_, refused = field.with_ids(field.coerce(value), lambda slug, id: id if isinstance(id, int) else None)
        message = field.check(given_, FieldContext("create", {}, {}))
        assert message is None or message
        if message is None and not refused:
            assert all(isinstance(slug, str) for slug, _ in field.targets(given_))
    for convert in (normal, to_html, to_markdown, to_text):
        convert(value)
