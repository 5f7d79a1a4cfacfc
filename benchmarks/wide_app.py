"""The framework's side of the comparison on a collection of 40 fields, of every type there is."""

from __future__ import annotations

import os
import secrets

from benchmarks.app import OPEN, categories, users
from headless import Collection, Headless, fields

posts = Collection(
    "posts",
    access=OPEN,
    fields=[
        fields.Text("title", required=True),
        fields.Slug("slug", unique=False),
        fields.Textarea("body"),
        fields.Number("rating"),
        fields.Checkbox("featured"),
        fields.Date("publishedAt", index=True),
        fields.Relationship("author", relation_to="users"),
        fields.Relationship("category", relation_to="categories"),
        fields.Text("subtitle"),
        fields.Textarea("summary"),
        fields.Text("keywords", has_many=True),
        fields.Number("scores", has_many=True),
        fields.Number("price", min=0),
        fields.Email("contact"),
        fields.Code("snippet"),
        fields.Select("status", options=["draft", "review", "published"]),
        fields.Select("channels", options=["web", "mail", "print", "radio"], has_many=True),
        fields.Radio("layout", options=["wide", "narrow"]),
        fields.Checkbox("pinned"),
        fields.Date("startsAt", timezone=True),
        fields.Json("settings"),
        fields.Point("place"),
        fields.RichText("text"),
        fields.Array("links", fields=[fields.Text("label", required=True), fields.Text("url")]),
        fields.Blocks(
            "sections",
            blocks=[
                fields.Block("quote", fields=[fields.Textarea("quote"), fields.Text("by")]),
                fields.Block("figure", fields=[fields.Number("width"), fields.Text("caption")]),
            ],
        ),
        fields.Group("seo", fields=[fields.Text("headline"), fields.Textarea("note")]),
        fields.Tabs(tabs=[fields.Tab("legal", fields=[fields.Textarea("notice"), fields.Number("year")])]),
        fields.Row(fields=[fields.Number("height"), fields.Number("width")]),
        fields.Collapsible(label="More", fields=[fields.Textarea("remark")]),
        fields.Upload("cover", relation_to="categories"),
        fields.Upload("gallery", relation_to="categories", has_many=True),
        fields.Relationship("reviewers", relation_to="users", has_many=True),
        fields.Relationship("subject", relation_to=["users", "categories"]),
        fields.Relationship("mentions", relation_to=["users", "categories"], has_many=True),
        fields.Text("authorName", virtual="author.name"),
        fields.Join("notes", collection="notes", on="post"),
        fields.Ui("hint"),
    ],
)
notes = Collection("notes", access=OPEN, fields=[fields.Text("text"), fields.Relationship("post", relation_to="posts")])

app = Headless(
    collections=[users, categories, posts, notes],
    database=os.environ.get("BENCHMARK_DATABASE", "sqlite:///:memory:"),
    secret=secrets.token_hex(),
)
