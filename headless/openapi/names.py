"""What the parts of a description are called."""

from __future__ import annotations

from collections.abc import Iterable

from headless.collection import Collection
from headless.names import singular, words


def pascal(text: str) -> str:
    """`blog-posts` → `BlogPosts`."""
    return words(text).replace(" ", "")


def document_names(collections: Iterable[Collection]) -> dict[str, str]:
    """The name of one document's type by slug: `posts` → `Post`; the slug's own where two would be called alike."""
    names: dict[str, str] = {}
    for collection in collections:
        name = pascal(singular(words(collection.slug)))
        names[collection.slug] = pascal(collection.slug) if name in names.values() else name
    return names


def operation_id(handler: str, slug: str | None) -> str:
    """`update_many` of `posts` → `updateManyPosts`."""
    name = pascal(f"{handler}-{slug}" if slug else handler)
    return name[:1].lower() + name[1:]
