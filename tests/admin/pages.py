"""A collection of pages made of blocks, for the tests of their editor."""

from __future__ import annotations

from typing import Any

from headless import Collection, Config, fields, nobody
from headless.fields import Block, FieldContext
from tests.admin.ledger import config

PAGES = "/admin/collections/pages"


def offered(context: FieldContext) -> Any:
    """Every block where a page is a front page, else no columns."""
    return True if context.data.get("front") else ["hero", "quote", "gallery"]


HERO = Block(
    "hero",
    admin={"group": "Pictures"},
    fields=[
        fields.Text("heading", required=True),
        fields.Relationship("tags", relation_to="tags", has_many=True),
        fields.Text("locked", access={"update": nobody}),
        fields.Text("secret", access={"read": nobody, "create": nobody, "update": nobody}),
    ],
)
QUOTE = Block("quote", labels={"singular": "Quotation"}, fields=[fields.Textarea("text", default_value="At last.")])
GALLERY = Block(
    "gallery",
    admin={"group": "Pictures", "disable_block_name": True},
    fields=[fields.Array("items", fields=[fields.Text("caption"), fields.Relationship("tag", relation_to="tags")])],
)
COLUMNS = Block("columns", fields=[fields.Blocks("content", blocks=[QUOTE], block_references=["hero"])])
LAYOUT = fields.Blocks("layout", blocks=[QUOTE, GALLERY, COLUMNS], block_references=["hero"], filter_options=offered)


def pages(**options: Any) -> Config:
    """The magazine with pages."""
    declared = Collection(
        "pages",
        admin={"use_as_title": "title", "default_columns": ["title", "layout"]},
        fields=[fields.Text("title"), fields.Checkbox("front"), LAYOUT],
        **options,
    )
    return config(blocks=[HERO]).with_collections(declared)
