"""Tokens that are sent to people and keys that programs have: made at random, and stored as hashes only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

TOKEN_BYTES = 32


def new_token() -> str:
    """A token to send, in hexadecimal digits."""
    return secrets.token_hex(TOKEN_BYTES)


def hash_of_token(token: str) -> str:
    """What is stored of it. A random token needs no salt, and no slow hash: nobody can try them all."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class KeyHashes:
    """Hashes of API keys that nobody can make, or try out, who has the database and not the application's secret."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self._keys = [hashlib.sha256(f"api key: {text}".encode()).digest() for text in (secret, *previous)]

    def of(self, key: str) -> list[str]:
        """What may be stored of a key: under the present secret first, then under those before it."""
        text = key.encode("utf-8", "surrogatepass")
        return [hmac.new(own, text, hashlib.sha256).hexdigest() for own in self._keys]
