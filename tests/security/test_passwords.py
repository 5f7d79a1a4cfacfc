"""Passwords: what is stored, what verifies, and what an attacker can measure or exhaust."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator

import pytest

from headless.errors import Unavailable
from headless.security.passwords import LIGHT, PasswordProfile, Passwords

SALT = "5e" * 32


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(LIGHT)
    yield made
    made.close()


def imported(password: str, iterations: int, length: int, prefix: str = "") -> str:
    """A hash as Payload makes it: the salt is the hex text itself."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT.encode(), iterations, length)
    return prefix + digest.hex()


async def test_a_password_verifies_against_its_own_hash_only(passwords: Passwords) -> None:
    """Each hash has a salt of its own and names argon2id."""
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horsf")
    assert not passwords.needs_rehash(stored)


async def test_long_passwords_count_whole(passwords: Passwords) -> None:
    """CVE-2025-25298: no tail is cut off, not after 72 bytes and not after NUL."""
    for password in ("x" * 100, "x" * 5_000, "a\0b", "ü" * 80):
        stored = await passwords.hash(password)
        assert await passwords.verify(stored, password)
        assert not await passwords.verify(stored, password[:-1])


async def test_a_lone_surrogate_is_a_wrong_password_and_no_failure(passwords: Passwords) -> None:
    """Text that is not valid Unicode can be typed by nobody, but it can be sent."""
    assert not await passwords.verify(await passwords.hash("a"), "\ud800")


@pytest.mark.parametrize(
    ("prefix", "iterations", "length"),
    [
        ("", 25_000, 512),
        ("pbkdf2-sha256-v1:", 600_000, 32),
        ("pbkdf2-sha256-v2-i1000-l64:", 1_000, 64),
    ],
)
async def test_imported_users_can_log_in(passwords: Passwords, prefix: str, iterations: int, length: int) -> None:
    """Payload's three forms verify with their salt and are due for a hash of ours."""
    stored = imported("secret123", iterations, length, prefix)
    assert await passwords.verify(stored, "secret123", salt=SALT)
    assert not await passwords.verify(stored, "secret124", salt=SALT)
    assert not await passwords.verify(stored, "secret123", salt="00" * 32)
    assert not await passwords.verify(stored, "secret123")
    assert passwords.needs_rehash(stored)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "garbage",
        "$argon2id$v=19$m=8,t=1,p=1$",
        "pbkdf2-sha256-v2-i0-l64:00",
        "pbkdf2-sha256-v2-i99999999-l64:00",
        "pbkdf2-sha256-v2-i1000-l9999:00",
        "pbkdf2-sha256-v3:00",
        "pbkdf2-sha256-v1:",
        "ab" * 511,
    ],
)
async def test_a_stored_text_that_is_no_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    """It is neither an error nor quicker: one hash is computed as for any wrong password."""
    assert not await passwords.verify(stored, "", salt=SALT)
    assert passwords.computed == 1
    assert passwords.needs_rehash(stored)


async def test_an_unknown_user_costs_what_a_wrong_password_costs(passwords: Passwords) -> None:
    """Nobody learns from the number of hashes, or from their cost, whether an account exists."""
    stored = await passwords.hash("secret123")
    counts = []
    for known in (stored, None):
        before = passwords.computed
        assert not await passwords.verify(known, "wrong")
        counts.append(passwords.computed - before)
    assert counts == [1, 1]
    assert not passwords.needs_rehash(passwords._nobodys)


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    """No text logs in as the user who does not exist."""
    assert not any([await passwords.verify(None, guess) for guess in ("", "nobody", "\0")])


async def test_a_change_of_cost_makes_old_hashes_due() -> None:
    """They still verify, and the next login may replace them."""
    old, new = Passwords(LIGHT), Passwords(PasswordProfile(time_cost=2, memory_cost=16, parallelism=1))
    stored = await old.hash("secret123")
    assert await new.verify(stored, "secret123")
    assert new.needs_rehash(stored)
    old.close()
    new.close()


async def test_a_flood_of_logins_is_refused_beyond_what_is_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than the admitted is 503 at once; when a place is free again, logins go on."""
    passwords = Passwords(LIGHT, workers=1, waiting=2)
    may_end = threading.Event()
    real = passwords._compute

    def slow(password: str) -> str:
        may_end.wait(30)
        return real(password)

    monkeypatch.setattr(passwords, "_compute", slow)
    admitted = [asyncio.create_task(passwords.hash("a")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("b")
    may_end.set()
    await asyncio.gather(*admitted)
    assert await passwords.hash("c")
    passwords.close()


async def test_cancelled_logins_give_their_places_back() -> None:
    """Clients that give up do not fill the pool for good, and do not open it beyond its bound either."""
    passwords = Passwords(LIGHT, workers=1, waiting=2)
    for _ in range(5):
        tasks = [asyncio.create_task(passwords.hash("a")) for _ in range(2)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        passwords._threads.submit(int).result()
    assert await passwords.hash("b")
    passwords.close()
