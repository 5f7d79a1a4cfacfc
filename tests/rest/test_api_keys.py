"""API keys as Payload has them: one of a user, sent in a header, and told to nobody ever again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, HookContext, authenticated, fields, staff
from headless.testing import TestClient, User
from tests.operations.watching import everything, rows

KEY = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
used: list[tuple[str, Any]] = []


def note(context: HookContext) -> None:
    used.append((context.operation, context.id))


BOTS = Collection(
    "bots", auth={"use_api_key": True}, fields=[fields.Text("label")], hooks={"after_key_use": note},
    access={"create": staff, "read": authenticated, "update": [staff, {"id": {"equals": "$user.id"}}]},
)  # fmt: skip
POSTS = Collection("posts", access=authenticated, fields=[fields.Text("title")])
CONFIG = Config(collections=[BOTS, POSTS])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(CONFIG) as client:
        used.clear()
        yield client


@pytest.fixture
def bot(client: TestClient) -> User:
    return client.user("bot@example.com", collection="bots", enableAPIKey=True, apiKey=KEY)


def with_key(key: str = KEY, slug: str = "bots") -> dict[str, str]:
    return {"authorization": f"{slug} API-Key {key}"}


def opens(client: TestClient, headers: dict[str, str]) -> bool:
    return client.get("/api/posts", headers=headers).status_code == 200


def test_a_key_asks_in_the_name_of_its_user(client: TestClient, bot: User) -> None:
    """`me` says that it was a key, and there is no token to speak of."""
    body = client.get("/api/bots/me", headers=with_key()).json()
    assert (body["user"]["id"], body["strategy"], body["user"]["_strategy"]) == (bot.id, "api-key", "api-key")
    assert not {"token", "exp"} & set(body)
    assert opens(client, with_key())
    assert used == [("auth", bot.id)] * 2


@pytest.mark.parametrize(
    "header",
    [
        "bots API-Key wrong", "bots API-Key ", "bots API-Key", "bots API-Key null", "bots API-Key None",
        f"users API-Key {KEY}",
        f"nobody API-Key {KEY}", f"posts API-Key {KEY}", f"bots api-key {KEY}", f"Bots API-Key {KEY}", f"API-Key {KEY}",
        f"bots API-Key {KEY} {KEY}", f"bots API-Key {KEY[:-1]}", f"JWT {KEY}", "bots API-Key " + "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_key_opens_nothing(client: TestClient, bot: User, header: str) -> None:
    """Nor does one of another collection, nor the key of whoever has none."""
    client.user("none@example.com", collection="bots")
    assert not opens(client, {"authorization": header})


def test_a_key_that_means_nothing_is_not_rescued_by_a_cookie(client: TestClient, bot: User) -> None:
    """Who says who he is in a header is judged by the header."""
    cookie = {"cookie": f"payload-token={client.login(bot)}"}
    assert opens(client, cookie)
    assert not opens(client, {**cookie, **with_key(OTHER)})


def test_a_key_is_told_to_nobody(client: TestClient, bot: User) -> None:
    """CVE-2026-105849: ordinary reads answered it. Only that there is one is told, where one user is read."""
    boss = client.user("boss@example.com")
    url = f"/api/bots/{bot.id}"
    answers = [
        client.get(url, as_=boss), client.get("/api/bots?depth=2", as_=boss), client.get("/api/bots/me", as_=bot),
        client.get(f"{url}?select[apiKey]=true&select[_api_key]=true", as_=boss),
        client.patch(url, json={"label": "Bot", "apiKey": OTHER}, as_=boss),
        client.patch("/api/bots?where[id][exists]=true", json={"label": "Bot"}, as_=boss),
        client.post(f"/api/bots/access/{bot.id}", json={}, as_=boss),
    ]  # fmt: skip
    assert answers[0].json()["hasAPIKey"] is True
    for answer in answers:
        assert answer.status_code == 200
        for secret in (KEY, OTHER, "apiKey", "_api_key", "apiKeyIndex"):
            assert f'"{secret}"' not in answer.text
        assert not {KEY, OTHER} & set(answer.text.split('"'))
    for path in ("apiKey", "apiKeyIndex", "_api_key", "hasAPIKey"):
        for form in (f"where[{path}][exists]=true", f"where[or][0][{path}][like]=1"):
            assert client.get(f"/api/bots?{form}", as_=boss).status_code == 400


def test_a_leaked_database_leaks_no_key(client: TestClient, bot: User) -> None:
    """What is stored is a hash under the application's secret; the change log has nothing of it."""
    stored = rows(client, "SELECT _api_key FROM bots")[0][0]
    assert len(stored) == 64
    assert KEY not in everything(client)
    assert not any(stored in str(row) for row in rows(client, "SELECT before, after FROM _changes"))
    assert not opens(client, with_key(stored))


def test_a_key_ends_when_it_is_switched_off_replaced_or_its_user_is_gone(client: TestClient, bot: User) -> None:
    """At once. Switching keys on again brings no old one back."""
    url = f"/api/bots/{bot.id}"
    assert client.patch(url, json={"enableAPIKey": False}, headers=with_key()).status_code == 200
    assert not opens(client, with_key())
    client.patch(url, json={"enableAPIKey": True}, as_=bot)
    assert not opens(client, with_key())
    client.patch(url, json={"apiKey": OTHER}, as_=bot)
    assert (opens(client, with_key()), opens(client, with_key(OTHER))) == (False, True)
    client.delete_document("bots", bot.id)
    assert not opens(client, with_key(OTHER))


@pytest.mark.parametrize(
    "key", ["short", "x" * 256, "with space in the key", 1234567890123456, {}, [KEY], "\u00e4" * 20]
)
def test_a_key_that_could_be_guessed_is_refused(client: TestClient, bot: User, key: Any) -> None:
    """It is told, and the present one stays."""
    answer = client.patch(f"/api/bots/{bot.id}", json={"apiKey": key}, as_=bot)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["data"]["errors"][0]["path"] == "apiKey"
    assert opens(client, with_key())


def test_a_key_opens_no_session_and_no_stream_ticket(client: TestClient, bot: User) -> None:
    """Neither by renewing what there is none of, nor in any other way."""
    assert client.post("/api/bots/refresh-token", headers=with_key()).status_code == 403
    assert client.post("/api/stream-ticket", headers=with_key()).status_code == 403
    assert client.system.get("bots", bot.id)["sessions"] == []
    free = Collection("bots", auth={"use_api_key": True, "use_sessions": False}, access=authenticated, fields=[])
    with TestClient(Config(collections=[free])) as other:
        other.user("bot@example.com", collection="bots", enableAPIKey=True, apiKey=KEY)
        assert other.post("/api/bots/refresh-token", headers=with_key()).status_code == 403


def test_a_key_outlives_a_change_of_the_secret(client: TestClient, bot: User, tmp_path: Any) -> None:
    """As long as the secret that it was stored under is among the previous ones."""
    database = f"sqlite:///{tmp_path / 'rotated.db'}"
    first, second = "the first secret, which is long", "the second secret, which is long"
    with TestClient(CONFIG, database=database, secret=first) as old:
        old.user("bot@example.com", collection="bots", enableAPIKey=True, apiKey=KEY)
    for previous, counts in (([first], True), ([], False)):
        with TestClient(CONFIG, database=database, secret=second, previous_secrets=previous) as rotated:
            assert opens(rotated, with_key()) is counts


def test_the_key_of_an_unverified_user_opens_nothing() -> None:
    """Nobody gets around the mail by it."""
    bots = Collection("bots", auth={"use_api_key": True, "verify": True}, access="anyone", fields=[])
    with TestClient(Config(collections=[bots, POSTS])) as client:
        body = {"email": "bot@example.com", "password": "correct horse", "enableAPIKey": True, "apiKey": KEY}
        assert client.post("/api/bots", json=body).status_code == 201
        assert not opens(client, with_key())
