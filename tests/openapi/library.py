"""An application that has something of everything that a description tells of, and those who ask for it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from headless import Collection, Config, Endpoint, Global, Request, anyone, authenticated, fields, nobody, staff
from headless.testing import TestClient, User


class Shelf(BaseModel):
    """Books together."""

    name: str
    books: list[int]


class Library(BaseModel):
    """Shelves together."""

    shelves: list[Shelf]


@Endpoint.get(
    "/library", response_schema=Library, parameters=["depth", {"name": "floor", "schema": {"type": "integer"}}]
)
async def library(request: Request) -> dict[str, Any]:
    """All shelves.

    From the first floor up.
    """
    return {"shelves": [{"name": "A", "books": [1]}]}


@Endpoint.post(
    "/{number}/lend",
    access=authenticated,
    request_schema={"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]},
    response_schema={"type": "array", "items": {"$ref": "document"}},
    responses={409: "Somebody has it.", 410: {"$ref": "notes.page"}},
)
async def lend(request: Request) -> list[Any]:
    """Lends a book."""
    return []


def is_ada(context: Any) -> bool:
    return context.user is not None and context.user["email"] == "ada@example.com"


def config() -> Config:
    books = Collection(
        "books",
        access={"read": anyone, "create": authenticated, "update": staff, "delete": nobody},
        admin={"description": "What can be lent."},
        endpoints=[lend],
        fields=[
            fields.Text("title", required=True, max_length=200, admin={"description": "On the spine."}),
            fields.Textarea("blurb", default_value="None yet"),
            fields.Number("price", min=0, access={"read": is_ada}),
            fields.Text("vault", hidden=True),
            fields.Text("never", access={"read": nobody}),
            fields.Text("fixed", access={"update": nobody}),
            fields.Select("genre", options=["novel", "poem"], has_many=True),
            fields.Relationship("author", relation_to="members", required=True),
            fields.Relationship("about", relation_to=["books", "notes"], has_many=True),
            fields.Relationship("source", relation_to="notes"),
            fields.Group("seo", fields=[fields.Text("headline", required=True), fields.Text("note")]),
            fields.Array("links", required=True, fields=[fields.Text("label", required=True)]),
            fields.Row(fields=[fields.Checkbox("lent", required=True), fields.Json("extra")]),
            fields.Date("printed", admin={"condition": lambda data, sibling_data, ctx: True}, required=True),
        ],
    )
    notes = Collection("notes", fields=[fields.Text("whisper")])
    members = Collection("members", auth=True, access={"read": authenticated}, fields=[fields.Text("name")])
    settings = Global(
        "site-settings",
        access={"read": anyone, "update": staff},
        admin={"description": "What is on every page."},
        fields=[
            fields.Text("name", required=True, default_value="Library"),
            fields.Text("motto"),
            fields.Relationship("front", relation_to="books"),
        ],
    )
    return Config(
        collections=[books, notes, members],
        globals=[settings],
        endpoints=[library],
        admin={"name": "Library"},
        server_url="https://a.example",
    )


def people(client: TestClient) -> dict[str, User | None]:
    """One of each kind who may ask."""
    return {
        "nobody": None,
        "member": client.user("bob@example.com", collection="members"),
        "ada": client.user("ada@example.com", collection="members"),
        "staff": client.user("staff@example.com"),
    }
