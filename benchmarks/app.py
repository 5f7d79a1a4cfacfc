"""The framework's side of the comparison: the same collections declared, open to everyone, and one stream.

The database is named by `BENCHMARK_DATABASE`, as a URL.
"""

from __future__ import annotations

import os
import secrets

from headless import Collection, Endpoint, Headless, Request, anyone, fields
from headless.events import EventStream

OPEN = {"read": anyone, "create": anyone}


@Endpoint.get("/messages/sse")
async def stream(request: Request) -> EventStream:
    """Every new message, as it is committed."""
    return EventStream(request.api.watch("messages"))


users = Collection("users", access=OPEN, fields=[fields.Text("name"), fields.Email("email")])
categories = Collection("categories", access=OPEN, fields=[fields.Text("name")])
messages = Collection("messages", access=OPEN, fields=[fields.Text("text"), fields.Text("room")])
posts = Collection(
    "posts",
    access=OPEN,
    fields=[
        fields.Text("title", required=True),
        fields.Text("slug"),
        fields.Textarea("body"),
        fields.Number("rating"),
        fields.Checkbox("featured"),
        fields.Date("publishedAt", index=True),
        fields.Relationship("author", relation_to="users"),
        fields.Relationship("category", relation_to="categories"),
    ],
)

app = Headless(
    collections=[users, categories, posts, messages],
    endpoints=[stream],
    database=os.environ.get("BENCHMARK_DATABASE", "sqlite:///:memory:"),
    secret=secrets.token_hex(),
    streams={"max_per_address": 10_000},  # the audience of the fan-out is one client
)
