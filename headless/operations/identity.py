"""Whose account it is: what users log in by, as a request says it, and the account that has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headless.compile.accounts import PASSWORD_COLUMN
from headless.compile.collection import CompiledCollection
from headless.database import Database, Statement
from headless.errors import BadRequest, ValidationError
from headless.operations.core import Core
from headless.operations.page import Document
from headless.operators import equals
from headless.query.conditions import Comparison

REQUIRED = "This field is required."


@dataclass(frozen=True, slots=True)
class Identity:
    """What an account is looked up by: the key it is under, and the value as it is stored."""

    key: str
    value: str
    is_email: bool
    """Whether it was given as an e-mail address."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user as he is stored, with the hash of his password, which no document holds."""

    document: Document
    hash: str | None

    @property
    def id(self) -> Any:
        """The user's id."""
        return self.document["id"]


def normal(value: Any) -> str | None:
    """What users log in by, as it is stored: trimmed and in lower case. None for nothing, and for what is no text."""
    return (value.strip().lower() or None) if isinstance(value, str) else None


def identity_of(collection: CompiledCollection, data: Mapping[str, Any]) -> Identity | None:
    """What a request names an account by: its e-mail address, or its name; None when it names none.

    Where both are allowed either may stand under either key: no name contains an `@`.
    """
    auth = collection.declaration.auth
    given = {key: normal(data.get(key)) for key in ("username", "email")}
    for key, value in given.items():
        if value is None or key not in auth.identifiers:
            continue
        found = ("email" if "@" in value else "username") if len(auth.identifiers) == 2 else key
        return Identity(found, value, key == "email")
    return None


def require_identity(collection: CompiledCollection, data: Mapping[str, Any]) -> Identity:
    """The same, for what is nothing without one. Raises BadRequest."""
    identity = identity_of(collection, data)
    if identity is None:
        raise BadRequest(f"Missing {collection.declaration.auth.identifiers[-1]}.")
    return identity


def credentials_of(collection: CompiledCollection, data: Mapping[str, Any]) -> tuple[Identity, str]:
    """The account that a log-in names, and its password. Raises ValidationError."""
    identity, password = identity_of(collection, data), data.get("password")
    if identity is None:
        missing = [*collection.declaration.auth.identifiers]
    elif not isinstance(password, str) or not password.strip():
        missing = ["password"]
    else:
        return identity, password
    raise ValidationError([{"message": REQUIRED, "path": key} for key in missing], collection=collection.slug)


async def find_account(core: Core, collection: CompiledCollection, identity: Identity) -> Account | None:
    """The account of that identity, or None."""
    where = Comparison(collection.plan.by_key[identity.key], equals, (identity.value,))
    statement = core.statements.remembered(
        ("account by", collection.slug, identity.key), lambda database: _read(database, collection, identity.key)
    )
    rows = await core.database.read(statement, tuple(where.values()))
    return Account(collection.reader().read_one(rows[0]), rows[0][-1]) if rows else None


def _read(database: Database, collection: CompiledCollection, key: str) -> Statement:
    table = collection.table
    columns = [*collection.reader().columns, table.c[PASSWORD_COLUMN]]
    return database.compile(sa.select(*columns).where(table.c[key] == sa.bindparam("identity")), ["identity"])
