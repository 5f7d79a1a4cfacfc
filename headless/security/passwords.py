"""Password hashes: argon2id in threads of its own, and Payload's PBKDF2 forms, which imported users have."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, ParamSpec, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from headless.errors import BadRequest, Unavailable

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasswordProfile:
    """The cost of one argon2id hash: passes, KiB of memory, lanes."""

    time_cost: int = 3
    memory_cost: int = 64 * 1024
    parallelism: int = 4


STRONG: Final = PasswordProfile()
"""The second recommended option of RFC 9106."""

LIGHT: Final = PasswordProfile(time_cost=1, memory_cost=8, parallelism=1)
"""For test suites only: it protects nothing."""


class Passwords:
    """Hashes and verifies passwords without blocking the event loop.

    At most `workers` hashes are computed at a time and at most `waiting` are admitted; one more raises
    `Unavailable`, so that a flood of logins costs neither memory nor the rest of the server. `computed`
    counts the hashes computed so far: a login costs exactly one whether the user exists or not.
    """

    def __init__(self, profile: PasswordProfile = STRONG, *, workers: int = 2, waiting: int = 64) -> None:
        self.computed = 0
        self._hasher = PasswordHasher(profile.time_cost, profile.memory_cost, profile.parallelism)
        self._nobodys = _hash_of_nobody(profile)
        self._workers = workers
        self._threads = self._pool()
        self._admitted = threading.BoundedSemaphore(waiting)
        self._counting = threading.Lock()

    async def hash(self, password: str) -> str:
        """The text to store for this password; it holds the salt and the cost."""
        return await self._run(self._compute, password)

    async def verify(self, stored: str | None, password: str, *, salt: str | None = None) -> bool:
        """Whether the password is the one that was stored.

        `stored` is what `hash` returned, or a hash imported from Payload with its `salt`. For a user that
        does not exist pass None: a hash is computed all the same and the answer is False.
        """
        return await self._run(self._matches, stored, password, salt)

    def needs_rehash(self, stored: str) -> bool:
        """Whether a verified password should be hashed again: PBKDF2, or argon2id of another cost."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Ends the threads; hashes that wait are cancelled. Later ones get threads of their own."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = self._pool()

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers, thread_name_prefix="headless-passwords")

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._admitted.acquire(blocking=False):
            raise Unavailable
        future = self._threads.submit(work, *args, **kwargs)
        # Not in a finally here: a cancelled request leaves its hash running, which still takes a place.
        future.add_done_callback(lambda _: self._admitted.release())
        return await asyncio.wrap_future(future)

    def _compute(self, password: str) -> str:
        self._count()
        return self._hasher.hash(_bytes_of(password))

    def _matches(self, stored: str | None, password: str, salt: str | None) -> bool:
        self._count()
        if stored is not None and (salted := _SALTED.fullmatch(stored)):
            salt, stored = salted[1], salted[2]
        imported = None if stored is None else _read_imported(stored)
        if imported is not None:
            return _matches_imported(imported, password, salt or "")
        try:
            self._hasher.verify(self._nobodys if stored is None else stored, _bytes_of(password))
            return stored is not None
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            return self._matches_nobody(password)

    def _matches_nobody(self, password: str) -> bool:
        """A stored text that is no hash computes nothing; it must not answer sooner than a wrong password."""
        with suppress(VerificationError):
            self._hasher.verify(self._nobodys, _bytes_of(password))
        return False

    def _count(self) -> None:
        with self._counting:
            self.computed += 1


_SALTED: Final = re.compile(r"payload\$([^$]*)\$(.+)", re.DOTALL)


def imported_hash(stored: str, salt: str = "") -> str:
    """A hash from elsewhere as it is stored here, with its salt. Raises BadRequest for one that cannot be verified."""
    if _read_imported(stored) is not None:
        if not salt or "$" in salt:
            raise BadRequest("A hash of Payload's is verified with its salt.")
        return f"payload${salt}${stored}"
    try:
        extract_parameters(stored)
    except InvalidHashError:
        raise BadRequest("This is neither a hash of argon2 nor one of Payload's.") from None
    return stored


class _Imported(NamedTuple):
    """A PBKDF2-SHA256 hash of Payload's: the digest as hex, and how it was made."""

    digest: str
    iterations: int
    length: int


_V2: Final = re.compile(r"pbkdf2-sha256-v2-i(\d{1,8})-l(\d{1,4}):([0-9a-f]+)", re.ASCII)
_V1: Final = re.compile(r"pbkdf2-sha256-v1:([0-9a-f]+)", re.ASCII)
_FIRST: Final = re.compile(r"[0-9a-f]{1024}", re.ASCII)
_MOST_ITERATIONS: Final = 10_000_000
_LONGEST: Final = 1_024


def _read_imported(stored: str) -> _Imported | None:
    """Payload's three forms: bare hex, `pbkdf2-sha256-v1:…`, and v2, which names its cost."""
    if _FIRST.fullmatch(stored):
        return _Imported(stored, 25_000, 512)
    if found := _V1.fullmatch(stored):
        return _Imported(found[1], 600_000, 32)
    if (found := _V2.fullmatch(stored)) is None:
        return None
    imported = _Imported(found[3], int(found[1]), int(found[2]))
    within = 1 <= imported.iterations <= _MOST_ITERATIONS and 1 <= imported.length <= _LONGEST
    return imported if within else None


def _matches_imported(imported: _Imported, password: str, salt: str) -> bool:
    # Payload salts with the hex text itself, not with the bytes it stands for.
    digest = hashlib.pbkdf2_hmac("sha256", _bytes_of(password), salt.encode(), imported.iterations, imported.length)
    return hmac.compare_digest(digest.hex(), imported.digest)


def _bytes_of(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _hash_of_nobody(profile: PasswordProfile) -> str:
    """A hash that no password has, of the same cost to verify as a real one, made without computing any."""
    salt, digest = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    cost = f"m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
