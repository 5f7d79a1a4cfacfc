"""Documents to convert: of everything that an editor makes, in texts full of signs that mean something elsewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from headless.lexical import shapes

Made = dict[str, Any]

words = st.text(alphabet="aB1 *_~`[]()<>&#-+.!\\\"'=:;|é中\u00a0😀", min_size=1, max_size=8)
formats = st.one_of(st.just(0), st.integers(0, 255).filter(lambda bits: not bits & 16), st.sampled_from([16, 17, 24]))
texts = st.builds(shapes.text, words, formats)
addresses = st.sampled_from(
    ["https://example.org/a?b=c&d#e", "/a b(c)", "mailto:a@example.org", "#x", "https://é.org/<>", "a\\b", "&amp;"]
)
plain_line = st.lists(
    st.one_of(texts, texts, st.builds(shapes.line_break), st.just({"type": "tab", "text": "\t"})), max_size=4
)
worded = st.builds(lambda first, line: [first, *line], texts, plain_line)
leading = st.one_of(
    st.builds(shapes.link_to, addresses, worded, new_tab=st.booleans()),
    st.builds(shapes.link_inside, st.sampled_from(["posts", "my-pages"]), st.sampled_from([7, "a1-b2"]), worded),
)
odd_links = st.one_of(
    st.builds(shapes.link_inside, st.just(""), st.just(None), worded), st.builds(shapes.link_to, addresses, st.just([]))
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), words, st.just("```\n\n> x"), st.just(" a  b ")),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=3,
)
block_fields = st.dictionaries(st.one_of(st.sampled_from(["id", "heading"]), words), values, max_size=3)
slugs = st.sampled_from(["hero", "a_b-c", "_x_"])
own_blocks = st.builds(shapes.block, slugs, block_fields)
inline_blocks = st.builds(shapes.inline_block, slugs, block_fields)
lines = st.builds(
    lambda parts: [node for part in parts for node in part],
    st.lists(
        st.one_of(plain_line, plain_line, st.one_of(leading, leading, inline_blocks).map(lambda node: [node])),
        max_size=3,
    ),
)
paragraphs = st.builds(shapes.paragraph, lines, align=st.sampled_from(["", "", "center", "right"]))
headings = st.builds(shapes.heading, st.sampled_from(["h1", "h2", "h6"]), lines)
quotes = st.builds(shapes.quote, lines)


def lists(depth: int) -> st.SearchStrategy[Made]:
    """Lists of items, below some of which there are lists."""

    def make(kind: str, items: list[tuple[list[Made], bool, Made | None]], start: int) -> Made:
        made: list[Made] = []
        for line, checked, below in items:
            made.append(shapes.list_item(line, checked=checked if kind == "check" else None))
            if below is not None:
                made.append(shapes.nested([below]))
        return shapes.listing(kind, made, start if kind == "number" else 1)

    below = st.none() if depth == 0 else st.one_of(st.none(), st.none(), lists(depth - 1))
    words_first = st.builds(lambda first, line: [first, *line], texts, lines)
    items = st.lists(st.tuples(words_first, st.booleans(), below), min_size=1, max_size=3)
    return st.builds(make, st.sampled_from(["bullet", "number", "check"]), items, st.sampled_from([1, 1, 7]))


blocks = st.one_of(paragraphs, paragraphs, headings, quotes, lists(2), own_blocks, st.builds(shapes.horizontal_rule))
documents = st.builds(shapes.document, st.lists(blocks, max_size=4))

references = st.builds(
    shapes.referring, st.sampled_from(["upload", "relationship"]), st.just("media"), st.sampled_from([1, "a"])
)
made_up = st.fixed_dictionaries(
    {
        "type": st.just("made-up"),
        "data": st.dictionaries(words, words, max_size=2),
        "children": st.lists(texts, max_size=2),
    }
)
with_rel = st.builds(lambda link, rel: {**link, "fields": {**link["fields"], "rel": rel}}, leading, words)
odd_blocks = st.one_of(
    references, made_up,
    st.builds(lambda node: shapes.paragraph([node]), made_up),
    st.builds(shapes.heading, st.just("h2"), lines, align=st.just("center"), indent=st.integers(0, 2)),
    st.builds(lambda link: shapes.paragraph([link]), st.one_of(odd_links, with_rel)),
)  # fmt: skip
block_documents = st.builds(shapes.document, st.lists(st.one_of(blocks, references), max_size=4))
odd_documents = st.builds(shapes.document, st.lists(st.one_of(blocks, odd_blocks), max_size=5))
