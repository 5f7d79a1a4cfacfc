"""Fields that are not stored: made by a hook at each reading, whatever was sent for them."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ConfigError, HookContext, anyone, fields
from headless.testing import TestClient


def shout(ctx: HookContext) -> str:
    return f"{(ctx.sibling_data or {}).get('title') or '?'}!"


def things() -> Config:
    inside = [fields.Text("title"), fields.Text("shout", virtual=True, hooks={"after_read": shout})]
    return Config(
        collections=[Collection("things", access=anyone, fields=[*inside, fields.Array("rows", fields=inside)])]
    )


def test_the_value_is_made_at_each_reading_and_never_stored() -> None:
    """In answers of writes, reads, rows and streams alike; what was sent for it goes nowhere."""
    with TestClient(things()) as client, client.stream("/api/things/stream") as stream:
        made = client.create("things", {"title": "a", "shout": "mine", "rows": [{"title": "b", "shout": "mine"}]})
        for shown in (made, client.get("/api/things/1").json(), stream.next().json()["doc"]):
            assert shown["shout"] == "a!"
            assert shown["rows"][0]["shout"] == "b!"
        changed = client.patch("/api/things/1", json={"title": "c", "shout": "mine"}).json()["doc"]
        assert changed["shout"] == "c!"


@pytest.mark.parametrize("query", ["where[shout][equals]=a!", "where[rows.shout][exists]=true", "sort=shout"])
def test_a_query_cannot_name_it(query: str) -> None:
    """There is nothing in the database to ask."""
    with TestClient(things()) as client:
        answer = client.get(f"/api/things?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] == "QueryError"


@pytest.mark.parametrize("option", ["unique", "index", "localized"])
def test_what_is_not_stored_cannot_be_indexed(option: str) -> None:
    """Options about storage are mistakes beside it."""
    options: dict[str, Any] = {option: True}
    with pytest.raises(ConfigError, match="what is not stored"):
        Collection("things", fields=[fields.Text("shout", virtual=True, **options)])
