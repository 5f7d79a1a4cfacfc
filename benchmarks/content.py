"""The content every server holds: the same posts, users and categories, drawn once from a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

USERS = 50
CATEGORIES = 20
POSTS = 10_000
BODY = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 4
FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)

Document = dict[str, Any]


def users() -> list[Document]:
    """The authors, numbered from 1."""
    return [
        {"id": number, "name": f"User {number}", "email": f"user{number}@example.com", **stamps(number)}
        for number in range(1, USERS + 1)
    ]


def categories() -> list[Document]:
    """The categories, numbered from 1."""
    return [{"id": number, "name": f"Category {number}", **stamps(number)} for number in range(1, CATEGORIES + 1)]


def posts(count: int = POSTS) -> Iterator[Document]:
    """The posts, numbered from 1, each created a minute after the one before."""
    draw = random.Random(1)
    for number in range(1, count + 1):
        yield {"id": number, **post(draw, number), **stamps(number)}


def post(draw: random.Random, number: int) -> Document:
    """What a client sends to create one post."""
    return {
        "title": f"Post number {number}",
        "slug": f"post-{number}",
        "body": BODY,
        "rating": draw.randint(1, 5),
        "featured": draw.random() < 0.3,
        "publishedAt": f"{day(draw)}T{draw.randint(0, 23):02d}:00:00.000Z",
        "author": draw.randint(1, USERS),
        "category": draw.randint(1, CATEGORIES),
    }


def day(draw: random.Random) -> str:
    """A date between 2015 and 2025."""
    return f"20{draw.randint(15, 25)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"


def stamps(number: int) -> Document:
    """When the document of a number was made."""
    moment = (FIRST_DAY + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"createdAt": moment, "updatedAt": moment}
