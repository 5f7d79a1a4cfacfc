"""Ids are counted per collection: number 1 of the customers is not number 1 of the users."""

from __future__ import annotations

from headless import Collection, Headless, fields
from headless.testing import TestClient

OWN = {"owner": {"equals": "$user.id"}}
app = Headless(
    collections=[
        Collection("users", auth=True, fields=[]),
        Collection("customers", auth=True, access={"read": {"id": {"equals": "$user.id"}}}, fields=[]),
        Collection(
            "notes", access={"read": OWN, "update": OWN}, fields=[fields.Relationship("owner", relation_to="users")]
        ),
    ]
)


def test_a_rule_on_the_user_means_the_users_collection() -> None:
    """`$user.id` compared with a reference to users never lets in a customer of the same number."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        eve = client.user("eve@example.com", collection="customers")
        assert ada.id == eve.id
        note = client.create("notes", {"owner": ada.id})
        assert client.get(f"/api/notes/{note['id']}", as_=ada).status_code == 200
        assert client.get("/api/notes", as_=eve).json()["docs"] == []
        assert client.get(f"/api/notes/{note['id']}", as_=eve).status_code == 404
        assert client.patch(f"/api/notes/{note['id']}", as_=eve, json={"owner": None}).status_code == 403


def test_a_rule_on_the_id_means_the_users_own_document() -> None:
    """`{"id": {"equals": "$user.id"}}` shows a customer himself, and a user of the same number nothing."""
    with TestClient(app) as client:
        ada = client.user("ada@example.com")
        eve = client.user("eve@example.com", collection="customers")
        assert client.get(f"/api/customers/{eve.id}", as_=eve).status_code == 200
        assert client.get(f"/api/customers/{eve.id}", as_=ada).status_code == 404
