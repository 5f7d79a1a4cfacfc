"""Content of 40 fields, one and more of every type: what a post of `content` is, and 32 fields beside it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from benchmarks import content
from benchmarks.content import Document

WORDS = ["quiet", "launch", "autumn", "paper", "river", "small", "bright", "window", "letter", "garden"]
LONGER = "We launched on a Tuesday, without a countdown, and went for a walk. " * 3


def posts(count: int) -> Iterator[Document]:
    """The posts of `content`, wide."""
    for post in content.posts(count):
        yield widened(post, random.Random(post["id"]))


def notes(posts: int) -> Iterator[Document]:
    """A note on each post, which is shown with it."""
    for number in range(1, posts + 1):
        yield {"id": number, "text": f"Note number {number}", "post": number, **content.stamps(number)}


def widened(post: Document, draw: random.Random) -> Document:
    """A post with a value in every further field. The stamps, where there are some, stay behind."""
    stamps: Document = {key: post[key] for key in ("createdAt", "updatedAt") if key in post}
    return {
        **{key: value for key, value in post.items() if key not in stamps},
        "subtitle": f"On {draw.choice(WORDS)} and {draw.choice(WORDS)}",
        "summary": LONGER,
        "keywords": draw.sample(WORDS, 3),
        "scores": [draw.randint(0, 100) for _ in range(4)],
        "price": draw.randint(100, 100_000) / 100,
        "contact": f"{draw.choice(WORDS)}@example.com",
        "snippet": "for post in posts:\n    print(post)",
        "status": draw.choice(("draft", "review", "published")),
        "channels": draw.sample(("web", "mail", "print", "radio"), 2),
        "layout": draw.choice(("wide", "narrow")),
        "pinned": draw.random() < 0.1,
        "startsAt": f"{content.day(draw)}T{draw.randint(0, 23):02d}:00:00.000Z",
        "startsAt_tz": draw.choice(("Europe/Berlin", "America/New_York")),
        "settings": {"theme": draw.choice(WORDS), "columns": draw.randint(1, 4), "flags": [True, None, 1.5]},
        "place": [round(draw.uniform(-180, 180), 4), round(draw.uniform(-90, 90), 4)],
        "text": rich_text(draw),
        "links": [{"id": row_id(draw), "label": word, "url": f"https://example.com/{word}"} for word in WORDS[:3]],
        "sections": [
            {"id": row_id(draw), "quote": LONGER[:60], "by": "Ada", "blockName": None, "blockType": "quote"},
            {"id": row_id(draw), "width": draw.randint(100, 900), "caption": "A river", "blockName": "Picture",
             "blockType": "figure"},
        ],
        "seo": {"headline": draw.choice(WORDS), "note": LONGER[:80]},
        "legal": {"notice": LONGER[:50], "year": draw.randint(2000, 2026)},
        "height": draw.randint(1, 900),
        "width": draw.randint(1, 900),
        "remark": LONGER[:90],
        "cover": draw.randint(1, content.CATEGORIES),
        "gallery": draw.sample(range(1, content.CATEGORIES + 1), 2),
        "reviewers": draw.sample(range(1, content.USERS + 1), 2),
        "subject": {"relationTo": "users", "value": draw.randint(1, content.USERS)},
        "mentions": [
            {"relationTo": "users", "value": draw.randint(1, content.USERS)},
            {"relationTo": "categories", "value": draw.randint(1, content.CATEGORIES)},
        ],
        **stamps,
    }  # fmt: skip


def row_id(draw: random.Random) -> str:
    """An id of a row, as long as those that are made for rows without one."""
    return f"{draw.getrandbits(96):024x}"


def rich_text(draw: random.Random) -> Document:
    """A heading and two paragraphs of Lexical's JSON."""
    return {
        "root": {
            "type": "root", "format": "", "indent": 0, "version": 1, "direction": "ltr",
            "children": [
                {"type": "heading", "tag": "h2", **_block(draw.choice(WORDS))},
                {"type": "paragraph", **_block(LONGER[:70])},
                {"type": "paragraph", **_block(LONGER[70:150])},
            ],
        }
    }  # fmt: skip


def _block(text: str) -> Document:
    written = {"type": "text", "text": text, "format": 0, "detail": 0, "mode": "normal", "style": "", "version": 1}
    return {"format": "", "indent": 0, "version": 1, "direction": "ltr", "children": [written]}


def create(post: Document) -> Document:
    """What a client sends to create a wide post: without ids of rows, which are the server's to make."""
    wide: dict[str, Any] = widened(post, random.Random(post["title"]))
    for rows in (wide["links"], wide["sections"]):
        for row in rows:
            del row["id"]
    return wide
