"""Fills the framework's database through its own operations: `python -m benchmarks.seed MODULE POSTS`.

The module is that of the application: `benchmarks.app`, or `benchmarks.wide_app`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks import app, content, wide, wide_app
from headless import Headless

TOGETHER = 100


async def fill(app: Headless, posts: Iterable[dict[str, Any]], notes: Iterable[dict[str, Any]]) -> None:
    """Create all content, a hundred documents at a time so that they share commits."""
    await app.startup()
    try:
        await _create_all(app, "users", content.users())
        await _create_all(app, "categories", content.categories())
        await _create_all(app, "posts", posts)
        await _create_all(app, "notes", notes)
    finally:
        await app.aclose()


async def _create_all(app: Headless, slug: str, docs: Iterable[dict[str, Any]]) -> None:
    api = app.as_system()
    group: list[dict[str, Any]] = []
    for doc in docs:
        group.append({key: value for key, value in doc.items() if key != "id"})
        if len(group) == TOGETHER:
            await asyncio.gather(*(api.create(slug, data) for data in group))
            group = []
    await asyncio.gather(*(api.create(slug, data) for data in group))


if __name__ == "__main__":
    module, count = sys.argv[1], int(sys.argv[2])
    if module == wide_app.__name__:
        asyncio.run(fill(wide_app.app, wide.posts(count), wide.notes(count)))
    else:
        asyncio.run(fill(app.app, content.posts(count), ()))
