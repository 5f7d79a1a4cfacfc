"""Wrong passwords: how many there may be, what they cost, who ends a lock, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from headless import Collection, Config, HookContext, authenticated, fields, staff
from headless.errors import Unavailable
from headless.testing import StillClock, TestClient, User

PASSWORD = "correct horse battery staple"
WRONG = "The email or password provided is incorrect."
LOCKED = "This user is locked due to having too many failed login attempts."
OWN = [staff, {"id": {"equals": "$user.id"}}]
told: list[tuple[str, Any]] = []


def note(kind: str) -> Any:
    def hook(context: HookContext) -> None:
        told.append((kind, dict(context.args)))

    return hook


READERS = Collection(
    "readers", auth={"max_login_attempts": 3, "lock_time": 60_000}, access={"read": authenticated, "update": OWN},
    hooks={kind: note(kind) for kind in ("after_login_failure", "after_lockout", "after_unlock")},
    fields=[fields.Text("name")],
)  # fmt: skip
CONFIG = Config(collections=[READERS])


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def client(clock: StillClock) -> Iterator[TestClient]:
    with TestClient(CONFIG, clock=clock) as client:
        told.clear()
        yield client


@pytest.fixture
def ada(client: TestClient) -> User:
    return client.user("ada@example.com", collection="readers", password=PASSWORD)


def log_in(client: TestClient, password: str = PASSWORD, email: str = "ada@example.com") -> httpx2.Response:
    return client.post("/api/readers/login", json={"email": email, "password": password})


def message(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def lock(client: TestClient) -> None:
    for _ in range(3):
        assert message(log_in(client, "wrong password")) == WRONG


def test_after_too_many_wrong_passwords_the_right_one_is_refused_too(client: TestClient, ada: User) -> None:
    """Until the time is over; then it is counted from the beginning. A right password forgets the wrong ones."""
    lock(client)
    assert (log_in(client).status_code, message(log_in(client))) == (401, LOCKED)


def test_a_lock_ends_by_itself(client: TestClient, ada: User, clock: StillClock) -> None:
    """After `lock_time`, and then counting begins anew."""
    lock(client)
    clock.move(61)
    for _ in range(2):
        assert message(log_in(client, "wrong password")) == WRONG
    assert log_in(client).status_code == 200
    for _ in range(2):
        assert message(log_in(client, "wrong password")) == WRONG
    assert log_in(client).status_code == 200


def test_attempts_at_the_same_time_get_no_more_tries(client: TestClient, ada: User) -> None:
    """Of fifty guesses at once three are looked at: nothing is gained by asking faster than is counted."""
    looked_at = client.app.core.passwords
    checked: list[str | None] = []
    verify = looked_at.verify

    async def noting(stored: str | None, password: str, **options: Any) -> bool:
        checked.append(stored)
        return await verify(stored, password, **options)

    looked_at.verify = noting  # type: ignore[method-assign]

    async def guess(number: int) -> str:
        transport = httpx2.ASGITransport(app=client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
            body = {"email": "ada@example.com", "password": f"guess number {number}"}
            return message(await http.post("/api/readers/login", json=body))

    async def race() -> list[str]:
        return await asyncio.gather(*(guess(number) for number in range(50)))

    answers = client.run(race(), timeout=30)
    assert (answers.count(WRONG), answers.count(LOCKED)) == (3, 47)
    assert sum(stored is not None for stored in checked) == 3
    assert len(checked) == 50


def test_an_attempt_costs_one_hash_whatever_comes_of_it(client: TestClient, ada: User) -> None:
    """Known and unknown, right and wrong, locked and not: the work is the same."""
    passwords = client.app.core.passwords

    def cost(*args: str) -> int:
        before = passwords.computed
        log_in(client, *args)
        return passwords.computed - before

    costs = [cost(), cost("wrong"), cost("wrong", "nobody@example.com")]
    log_in(client)
    lock(client)
    assert [*costs, cost(), cost("wrong")] == [1] * 5


def test_the_password_of_an_overloaded_server_is_not_counted(client: TestClient, ada: User) -> None:
    """What was never looked at was not wrong."""

    async def busy(*_: Any, **__: Any) -> bool:
        raise Unavailable

    verify, client.app.core.passwords.verify = client.app.core.passwords.verify, busy  # type: ignore[method-assign]
    assert [log_in(client).status_code for _ in range(5)] == [503] * 5
    client.app.core.passwords.verify = verify  # type: ignore[method-assign]
    assert log_in(client).status_code == 200


def test_staff_unlock_and_a_fellow_user_does_not(client: TestClient, ada: User) -> None:
    """CVE-2026-11779: any user could unlock any other. Whoever there is none of cannot be unlocked either."""
    boss, eve = client.user("boss@example.com"), client.user("eve@example.com", collection="readers")
    lock(client)
    asked = {"email": ada.email}
    for who in (eve, None):
        assert client.post("/api/readers/unlock", json=asked, as_=who).status_code == 403
    assert message(log_in(client)) == LOCKED
    assert client.post("/api/readers/unlock", json={"email": "nobody@example.com"}, as_=boss).status_code == 403
    assert message(client.post("/api/readers/unlock", json={}, as_=boss)) == "Missing email."
    answer = client.post("/api/readers/unlock", json={"email": " ADA@example.com"}, as_=boss)
    assert (answer.status_code, answer.json()) == (200, {"message": "Success"})
    assert log_in(client).status_code == 200


def test_the_rule_for_unlocking_may_be_a_where(clock: StillClock) -> None:
    """Then it is asked of the account."""
    team = Collection(
        "readers", auth={"max_login_attempts": 3}, fields=[fields.Text("team")],
        access={"unlock": {"team": {"equals": "$user.team"}}},
    )  # fmt: skip
    with TestClient(Config(collections=[team]), clock=clock) as client:
        client.user("ada@example.com", collection="readers", password=PASSWORD, team="red")
        mate = client.user("mate@example.com", collection="readers", team="red")
        eve = client.user("eve@example.com", collection="readers", team="blue")
        lock(client)
        answers = [client.post("/api/readers/unlock", json={"email": "ada@example.com"}, as_=w) for w in (eve, mate)]
        assert [answer.status_code for answer in answers] == [403, 200]


def test_a_new_password_unlocks(client: TestClient, ada: User) -> None:
    """Who sets one need not wait."""
    lock(client)
    client.update_document("readers", ada.id, {"password": "another good password"})
    assert log_in(client, "another good password").status_code == 200


def test_hooks_are_told_of_failures_and_locks_and_never_of_passwords(client: TestClient, ada: User) -> None:
    """For limits and records of a plugin's own."""
    log_in(client, "wrong password", "nobody@example.com")
    lock(client)
    log_in(client)
    client.system.unlock("readers", {"email": ada.email})
    name = {"identity": ada.email}
    wrong, locked = {**name, "reason": "credentials"}, {**name, "reason": "locked"}
    assert told == [
        ("after_login_failure", {"identity": "nobody@example.com", "reason": "credentials"}),
        *[("after_login_failure", wrong)] * 3, ("after_lockout", name),
        ("after_login_failure", locked), ("after_unlock", {}),
    ]  # fmt: skip


def test_what_is_counted_is_no_change_and_is_nobodys_to_write(client: TestClient, ada: User) -> None:
    """Neither in the change log, nor in answers, nor from a request (mass assignment)."""
    boss = client.user("boss@example.com")
    before = client.run(client.app.hub.log.highest())
    lock(client)
    assert client.run(client.app.hub.log.highest()) == before
    sent = {"loginAttempts": 0, "lockUntil": None, "name": "Ada", "_password": "x", "hash": "x", "salt": "x"}
    answer = client.patch(f"/api/readers/{ada.id}", json=sent, as_=boss)
    assert answer.status_code == 200
    assert message(log_in(client)) == LOCKED
    assert "loginAttempts" not in answer.text
    for path in ("loginAttempts", "lockUntil"):
        assert client.get(f"/api/readers?where[{path}][exists]=true", as_=boss).status_code == 400


def test_without_a_limit_nobody_is_locked_out() -> None:
    """`max_login_attempts: 0`."""
    free = Collection("readers", auth={"max_login_attempts": 0}, fields=[])
    with TestClient(Config(collections=[free])) as client:
        client.user("ada@example.com", collection="readers", password=PASSWORD)
        assert {message(log_in(client, "wrong password")) for _ in range(8)} == {WRONG}
        assert log_in(client).status_code == 200
