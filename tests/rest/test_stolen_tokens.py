"""What ends a token that somebody else has: at the next request, and on a stream that is open within five seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from headless import Collection, Config, authenticated, fields
from headless.testing import TestClient, User
from tests.operations.watching import five_seconds_later

NOTES = Collection("notes", access=authenticated, fields=[fields.Text("text")])
MEMBERS = Collection("members", auth=True, access=authenticated, fields=[])
CONFIG = Config(collections=[NOTES, MEMBERS])
FRESH = "another good password"
GUESSED = "a guessed secret, long enough to be one"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"JWT {token}"}


def log_out(client: TestClient, ada: User, token: str) -> None:
    client.post("/api/members/logout", headers=bearer(token))


def log_out_everywhere(client: TestClient, ada: User, token: str) -> None:
    client.login(ada)
    client.post("/api/members/logout?allSessions=true", as_=ada)


def change_password(client: TestClient, ada: User, token: str) -> None:
    client.login(ada)
    assert client.patch(f"/api/members/{ada.id}", json={"password": FRESH}, as_=ada).status_code == 200


def staff_changes_password(client: TestClient, ada: User, token: str) -> None:
    client.update_document("members", ada.id, {"password": FRESH})


def reset_password(client: TestClient, ada: User, token: str) -> None:
    mailed = client.system.forgot_password("members", {"email": ada.email}, send_email=False)
    body = {"token": mailed, "password": FRESH}
    assert client.post("/api/members/reset-password", json=body).status_code == 200


def delete(client: TestClient, ada: User, token: str) -> None:
    client.delete_document("members", ada.id)


ENDS: list[Callable[[TestClient, User, str], None]] = [
    log_out, log_out_everywhere, change_password, staff_changes_password, reset_password, delete
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_stolen_token_dies(end: Callable[[TestClient, User, str], None]) -> None:
    """CVE-2025-4643, Strapi CVE-2025-3930 and CVE-2026-22706, Directus CVE-2024-34709: it went on."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com", collection="members")
        token = client.login(ada)
        with client.stream("/api/notes/stream", headers=bearer(token)) as stream:
            five_seconds_later(client)
            client.create("notes", {"text": "seen"})
            assert stream.next().name == "create"
            end(client, ada, token)
            five_seconds_later(client)
            assert list(stream) == []
        assert client.get("/api/members/me", headers=bearer(token)).json()["user"] is None
        assert client.get("/api/notes", headers=bearer(token)).status_code == 403
        assert client.post("/api/members/refresh-token", headers=bearer(token)).status_code == 403
        assert client.post("/api/stream-ticket", headers=bearer(token)).status_code == 403


def test_an_id_of_somebody_deleted_is_nobody_elses() -> None:
    """CVE-2025-4644: on SQLite the next user got the id, and the old token with it."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com", collection="members")
        token = client.login(ada)
        client.delete_document("members", ada.id)
        eve = client.user("eve@example.com", collection="members")
        assert eve.id != ada.id
        assert client.get("/api/members/me", headers=bearer(token)).json()["user"] is None


@pytest.mark.parametrize("part", ["collection", "id", "sid", "exp"])
def test_a_token_that_was_changed_is_worthless(part: str) -> None:
    """Strapi CVE-2023-22893, PyJWT CVE-2022-29217, Supabase CVE-2026-54238: algorithm `none`, another key, texts."""
    with TestClient(CONFIG) as client:
        ada = client.user("ada@example.com", collection="members")
        token = client.login(ada)
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        changed = {**claims, part: {"collection": "users", "id": "1", "sid": None, "exp": str(claims["exp"])}[part]}
        forged = [
            jwt.encode(changed, "", "none"), jwt.encode(changed, GUESSED, "HS256"),
            jwt.encode(claims, GUESSED, "HS256"), token[:-4] + "AAAA", token.rpartition(".")[0] + ".",
        ]  # fmt: skip
        for text in forged:
            assert client.get("/api/members/me", headers=bearer(text)).json()["user"] is None
