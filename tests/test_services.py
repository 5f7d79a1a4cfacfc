"""The services the tests can use answer; what needs them is never skipped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.postgres
async def test_postgresql_answers(postgres_url: str) -> None:
    """The PostgreSQL the tests are given runs a statement."""
    import asyncpg

    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SELECT 40 + 2") == 42
    finally:
        await connection.close()


@pytest.mark.redis
def test_redis_answers(redis_url: str) -> None:
    """The Redis the tests are given keeps what it is told."""
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.set("headless:guard", "kept", ex=60)
        assert client.get("headless:guard") == b"kept"


@pytest.mark.browser
def test_chromium_answers(browser: Browser) -> None:
    """The Chromium the tests are given runs a page's script."""
    page = browser.new_page()
    page.set_content("<h1></h1><script>document.querySelector('h1').textContent = 'ran'</script>")
    assert page.text_content("h1") == "ran"
