"""Fills the framework's database through its own operations: `python -m benchmarks.seed POSTS`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks import content
from benchmarks.app import app

TOGETHER = 100


async def fill(posts: int) -> None:
    """Create all content, a hundred documents at a time so that they share commits."""
    await app.startup()
    try:
        await _create_all("users", content.users())
        await _create_all("categories", content.categories())
        await _create_all("posts", content.posts(posts))
    finally:
        await app.aclose()


async def _create_all(slug: str, docs: Iterable[dict[str, Any]]) -> None:
    api = app.as_system()
    group: list[dict[str, Any]] = []
    for doc in docs:
        group.append({key: value for key, value in doc.items() if key != "id"})
        if len(group) == TOGETHER:
            await asyncio.gather(*(api.create(slug, data) for data in group))
            group = []
    await asyncio.gather(*(api.create(slug, data) for data in group))


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[1])))
