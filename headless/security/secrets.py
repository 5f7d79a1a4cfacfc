"""Tokens that are sent to people and keys that programs have: made at random, and stored as hashes only."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """A token to send, in hexadecimal digits."""
    return secrets.token_hex(TOKEN_BYTES)


def hash_of_token(token: str) -> str:
    """What is stored of it. A random token needs no salt, and no slow hash: nobody can try them all."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
