"""The order of hooks, as the documentation's table has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headless import Collection, Config, Global, HookContext, fields
from headless.fields import FieldContext
from headless.hooks import COLLECTION_HOOKS, FIELD_HOOKS, GLOBAL_HOOKS
from headless.testing import TestClient, User

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "hooks.md"
DO: dict[str, Callable[[TestClient, User], Any]] = {
    "create": lambda client, ada: client.create("notes", {"title": "x"}, as_=None),
    "update": lambda client, ada: client.update_document("notes", 1, {"title": "y"}, as_=None),
    "duplicate": lambda client, ada: client.duplicate_document("notes", 1, as_=None),
    "delete": lambda client, ada: client.delete_document("notes", 1, as_=None),
    "find": lambda client, ada: client.find("notes", as_=None),
    "get": lambda client, ada: client.get_document("notes", 1, as_=None),
    "find_global": lambda client, ada: client.find_global("header", as_=None),
    "update_global": lambda client, ada: client.update_global("header", {"title": "y"}, as_=None),
    "count": lambda client, ada: client.api().count("notes"),
    "distinct": lambda client, ada: client.api().distinct("notes", "plain"),
    "login": lambda client, ada: client.login(ada),
    "refresh": lambda client, ada: client.post("/api/users/refresh-token", as_=ada),
    "me": lambda client, ada: client.get("/api/users/me", as_=ada),
    "unlock": lambda client, ada: client.api().unlock("users", {"email": ada.email}),
    "forgot_password": lambda client, ada: client.api().forgot_password("users", {"email": ada.email}),
    "logout": lambda client, ada: client.post("/api/users/logout", as_=ada),
}


def documented() -> dict[str, list[str]]:
    """The rows of the table: the operation, and what runs."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## The order")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {name: re.findall(r"`([^`]+)`", runs) for name, runs in rows[1:]}


def test_the_table_has_every_operation() -> None:
    """And no other."""
    assert set(documented()) == set(DO)


@pytest.mark.parametrize("operation", sorted(DO))
def test_hooks_run_in_the_documented_order(operation: str) -> None:
    """Each kind that is declared, once and in its place, and the rule among them."""
    ran: list[str] = []

    def note(name: str) -> Callable[[HookContext], None]:
        return lambda context: ran.append(name)

    def rule(context: Any) -> bool:
        ran.append("rule")
        return True

    def validate(value: Any, context: FieldContext) -> bool:
        ran.append("field.validate")
        return True

    kinds = [kind for kind in COLLECTION_HOOKS if kind != "after_error"]
    hooks = {kind: note(kind) for kind in kinds}
    title = fields.Text("title", hooks={kind: note(f"field.{kind}") for kind in FIELD_HOOKS}, validate=validate)
    rules = dict.fromkeys(("create", "read", "update", "delete"), rule)
    notes = Collection("notes", access=rules, hooks=hooks, fields=[title, fields.Text("plain")])
    users = Collection("users", auth=True, access={**rules, "unlock": rule}, hooks=hooks, fields=[title])
    header = Global(
        "header",
        access={"read": rule, "update": rule},
        hooks={kind: note(kind) for kind in GLOBAL_HOOKS},
        fields=[title],
    )
    with TestClient(Config(collections=[notes, users], globals=[header])) as client:
        ada = client.user("ada@example.com")
        client.create("notes", {"title": "x", "plain": "x"})
        client.login(ada)
        ran.clear()
        DO[operation](client, ada)
    assert ran == documented()[operation]
