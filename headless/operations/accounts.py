"""What a write means to an account: names as they are kept, a password's hash, and the sessions that a new one ends."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Mapping
from typing import Any, Final

from headless.compile.accounts import PASSWORD, PASSWORD_COLUMN, RESET_COLUMN
from headless.compile.collection import CompiledCollection
from headless.fields.base import FieldContext
from headless.operations.core import Asker, Core
from headless.operations.identity import REQUIRED, normal
from headless.operations.keys import key_columns
from headless.operations.lockout import forgetting
from headless.operations.open_sessions import closing
from headless.operations.page import Document
from headless.operations.write import Preparation
from headless.query.conditions import ALWAYS

NO_HASH: Final = "!"
"""Stored of a password that nobody has: no password matches it, and looking takes as long as for any."""


class Hashed(str):
    """A password that was checked and hashed before: no argon2 runs while a transaction holds the writer."""

    hash: str

    def __new__(cls, password: str, hash: str) -> Hashed:
        """The password as hooks see it, and what is stored of it."""
        made = super().__new__(cls, password)
        made.hash = hash
        return made


def normalize(collection: CompiledCollection, document: Document) -> None:
    """Addresses and names are kept trimmed and in lower case, so that one of them is one user."""
    if collection.declaration.auth is None:
        return
    for key in ("email", "username"):
        if key in collection.plan.by_key and isinstance(document.get(key), str):
            document[key] = normal(document[key])


async def secret_columns(
    asker: Asker, collection: CompiledCollection, data: Mapping[str, Any], preparation: Preparation
) -> dict[str, Any]:
    """The columns beside the document that a write changes. What may not be is among the write's errors."""
    auth = collection.declaration.auth
    if auth is None:
        return {}
    if not any(preparation.document.get(key) for key in auth.identifiers) and not preparation.errors:
        preparation.errors += [{"message": REQUIRED, "path": key} for key in auth.identifiers]
    keys = key_columns(asker.core.keys, collection, data, preparation)
    given = PASSWORD in data and await _may_set_password(asker, collection, preparation)
    if not given and preparation.operation == "update":
        return keys
    if not given and auth.disable_local_strategy:
        return keys
    password = data.get(PASSWORD) if given else None
    if isinstance(password, Hashed):
        return {**keys, PASSWORD_COLUMN: password.hash}
    message = await password_problem(collection, password, preparation.context())
    if message is not None:
        preparation.errors.append({"message": message, "path": PASSWORD})
    if preparation.errors:
        return {}
    return {**keys, PASSWORD_COLUMN: await asker.core.passwords.hash(str(password))}


async def hashed_before(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any]) -> dict[str, Hashed]:
    """The password of a write that is to run in a transaction; nothing if it will not do: the write then tells so."""
    password, now = data.get(PASSWORD), asker.core.clock.text
    context = FieldContext("create", data, data, None, asker.user, request=asker.request, now=now)
    if not isinstance(password, str) or await password_problem(collection, password, context) is not None:
        return {}
    return {PASSWORD: Hashed(password, await asker.core.passwords.hash(password))}


async def _may_set_password(asker: Asker, collection: CompiledCollection, preparation: Preparation) -> bool:
    """Whether the rules of a declared field `password` let the asker through; without, whoever writes the user may."""
    operation = preparation.operation
    rule = collection.password_rules.get(operation)
    return rule is None or await asker.allows_field(
        rule, operation, collection.slug, id=preparation.id, data=preparation.document, doc=preparation.stored,
        sibling_data=preparation.document,
    )  # fmt: skip


async def password_problem(collection: CompiledCollection, password: Any, context: FieldContext) -> str | None:
    """What is wrong with a password, or None: what the platform refuses, then what the declaration does."""
    auth = collection.declaration.auth
    message = _refused(password, auth.min_password_length)
    if message is not None or auth.validate_password is None:
        return message
    answer = auth.validate_password(password, context)
    if inspect.isawaitable(answer):
        answer = await answer
    return None if answer is True else answer if isinstance(answer, str) else "This password will not do."


def _refused(password: Any, shortest: int) -> str | None:
    if password is None or password == "":
        return REQUIRED
    if not isinstance(password, str):
        return "A password is text."
    if len(password) < shortest:
        return f"This value must be longer than the minimum length of {shortest} characters."
    return "This value must be shorter than the max length of 1000 characters." if len(password) > 1000 else None


def withdraw_token(core: Core, collection: CompiledCollection, id: Any) -> Generator[Any, Any, None]:
    """Makes the token worthless that was mailed to set a new password by."""
    names = (RESET_COLUMN, "resetPasswordExpiration")
    yield core.statements.update(collection, names, ALWAYS, checked=False), (None, None, id)


def end_sessions(asker: Asker, collection: CompiledCollection, id: Any) -> Generator[Any, Any, Mapping[str, Any]]:
    """Ends a user's sessions but the one that he asks in, with what was counted against him; answers those left."""
    user = asker.user or {}
    own = user.get("_sid") if (user.get("collection"), user.get("id")) == (collection.slug, id) else None
    sessions = yield from closing(asker.core, collection, id, own)
    yield from forgetting(asker.core, collection, id)
    return {} if sessions is None else {"sessions": sessions}
