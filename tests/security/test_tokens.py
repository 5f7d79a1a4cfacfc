"""Session tokens: their exact form, and every way of forging one."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headless.errors import ConfigError
from headless.security.tokens import RESERVED_CLAIMS, Token, Tokens, check_claims

NOW = 1_800_000_000
KEY = hashlib.sha256(b"a long secret").hexdigest()[:32]
GOOD: dict[str, Any] = {
    "id": 1,
    "collection": "users",
    "email": "a@b.example",
    "sid": "s",
    "iat": NOW,
    "exp": NOW + 60,
}


def tokens(now: float = NOW) -> Tokens:
    """The reader and writer under test, its clock standing still."""
    return Tokens("a long secret", now=lambda: now)


def made(**changes: Any) -> Token:
    """A token for a user's session of a minute."""
    session: dict[str, Any] = {
        "id": 1,
        "collection": "users",
        "email": "a@b.example",
        "sid": "s",
        "lifetime": 60,
    }
    return tokens().encode(**(session | changes))


def signed(claims: dict[str, Any], key: str = KEY, algorithm: str = "HS256") -> str:
    """A token with any claims."""
    return jwt.encode(claims, key, algorithm)


def part(data: Any) -> str:
    """One of the three parts of a token."""
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def test_a_token_has_payloads_form() -> None:
    """Header, signing key, and the claims in their order: saved fields first, the session's after them."""
    token = made(fields={"roles": ["user"]})
    assert jwt.get_unverified_header(token.text) == {"alg": "HS256", "typ": "JWT", "authVersion": 1}
    claims = jwt.decode(token.text, KEY, ["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert list(claims) == ["roles", "id", "collection", "email", "sid", "iat", "exp"]
    assert claims == {"roles": ["user"], **GOOD}
    assert token.exp == NOW + 60


def test_a_token_without_session_has_no_sid() -> None:
    """As with `use_sessions: false`."""
    claims = tokens().decode(made(sid=None).text)
    assert claims is not None
    assert "sid" not in claims


def test_a_token_is_read_until_it_ends() -> None:
    """At the second of its end it is over."""
    text = made().text
    assert tokens(NOW + 59).decode(text) == GOOD
    assert tokens(NOW + 60).decode(text) is None
    assert tokens(NOW - 3_600).decode(text) == GOOD


@pytest.mark.parametrize("name", sorted(RESERVED_CLAIMS))
def test_no_field_overwrites_a_claim(name: str) -> None:
    """CVE-2026-105863: refused when the configuration is loaded, and again when a token is made."""
    with pytest.raises(ConfigError, match=name):
        check_claims(["roles", name])
    with pytest.raises(ConfigError):
        made(fields={name: 2})


@pytest.mark.parametrize("exp", [str(NOW + 60), NOW + 60.5, None, True, [NOW + 60], "soon", {}])
def test_the_end_of_a_token_is_an_integer(exp: Any) -> None:
    """CVE-2026-54238: a text that looks like a time is none."""
    assert tokens().decode(signed(GOOD | {"exp": exp})) is None


@pytest.mark.parametrize("missing", ["exp", "id", "collection"])
def test_a_token_without_a_needed_claim_is_refused(missing: str) -> None:
    """A signed text that is not a session is no session."""
    assert tokens().decode(signed({name: value for name, value in GOOD.items() if name != missing})) is None


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"id": True}, {"id": {"$ne": 1}}, {"collection": ["users"]}, {"sid": 1}, {"sid": None}],
)
def test_claims_have_their_types(changes: dict[str, Any]) -> None:
    """What is looked up by them is never a list, an object or a truth value."""
    assert tokens().decode(signed(GOOD | changes)) is None


@pytest.mark.parametrize("claim", ["aud", "iss", "nbf", "sub", "jti"])
def test_claims_of_others_mean_nothing_here(claim: str) -> None:
    """A token of ours with a claim that JWT libraries interpret is neither refused nor an error."""
    assert tokens().decode(signed(GOOD | {claim: "x"})) is not None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS384", "HS512", "RS256", "", None, 1])
def test_only_one_algorithm_is_read(algorithm: Any) -> None:
    """CVE-2022-29217, CVE-2023-22893, CVE-2024-37568: the token does not choose how it is checked."""
    header = part({"alg": algorithm, "typ": "JWT"})
    signature = made().text.rpartition(".")[2]
    for forged in (f"{header}.{part(GOOD)}.", f"{header}.{part(GOOD)}.{signature}"):
        assert tokens().decode(forged) is None


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore")
def test_the_right_key_with_another_algorithm_is_refused(algorithm: str) -> None:
    """Also when the signature would be valid."""
    assert tokens().decode(signed(GOOD, algorithm=algorithm)) is None


@pytest.mark.parametrize("key", ["a long secret", hashlib.sha256(b"a long secret").hexdigest(), "x" * 32])
@pytest.mark.filterwarnings("ignore")
def test_another_key_is_refused(key: str) -> None:
    """Neither the secret itself nor the whole digest signs tokens."""
    assert tokens().decode(signed(GOOD, key)) is None


def test_a_changed_token_is_refused() -> None:
    """Each part is covered by the signature."""
    header, claims, signature = made().text.split(".")
    forged = part(GOOD | {"id": 2})
    for text in (
        f"{header}.{forged}.{signature}",
        f"{header}.{claims}.{signature[:-2]}",
        f"{header}.{claims}",
    ):
        assert tokens().decode(text) is None


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda data: f"e30.{data.hex()}.{data.hex()}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No token raises."""
    assert tokens().decode(text) is None


@pytest.mark.parametrize(
    "header",
    [b"[" * 3_000, b'{"alg":"HS256","b64":false,"crit":["b64"]}', b"1" * 5_000, b'"\\ud800"', b"\xff"],
)
def test_a_hostile_header_is_refused(header: bytes) -> None:
    """The header is read before the signature can be checked."""
    first = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    assert tokens().decode(f"{first}.{part(GOOD)}.c2ln") is None


def test_a_huge_token_is_refused_unread() -> None:
    """It would only cost time."""
    assert tokens().decode(made(fields={"roles": "x" * 10_000}).text) is None


def test_a_previous_secret_is_still_read_but_no_longer_signs() -> None:
    """A secret can be changed without logging everybody out."""
    old, new = (
        Tokens("old secret", now=lambda: NOW),
        Tokens("new secret", previous=["old secret"], now=lambda: NOW),
    )
    session: dict[str, Any] = {"id": 1, "collection": "users", "email": "", "sid": "s", "lifetime": 60}
    assert new.decode(old.encode(**session).text) is not None
    assert old.decode(new.encode(**session).text) is None
    assert Tokens("new secret", now=lambda: NOW).decode(old.encode(**session).text) is None


@pytest.mark.parametrize(("secret", "previous"), [("", []), ("a", [""])])
def test_an_empty_secret_is_refused(secret: str, previous: list[str]) -> None:
    """Everybody knows its key."""
    with pytest.raises(ConfigError):
        Tokens(secret, previous=previous)
