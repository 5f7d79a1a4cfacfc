"""Inviting people: an account is made without a password that anybody knows, and a mail lets its user set one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from headless.compile.accounts import PASSWORD, VERIFIED
from headless.compile.collection import CompiledCollection
from headless.errors import ValidationError
from headless.operations.accounts import NO_HASH, Hashed
from headless.operations.change import Shown, before, collection_hooks
from headless.operations.core import Asker
from headless.operations.create import create
from headless.operations.find import stored
from headless.operations.identity import REQUIRED
from headless.operations.letters import INVITATION, write_letter
from headless.operations.page import Document
from headless.operations.recovery import issue_token


async def invite(asker: Asker, collection: CompiledCollection, data: Mapping[str, Any]) -> Document:
    """A new user, who is mailed a token to set his password by. The rule is that for creating users.

    Raises Forbidden and ValidationError, as a create does.
    """
    core, options = asker.core, collection.declaration.auth.invitation
    data = await before(asker, collection, "invite", data)
    if not data.get("email"):
        raise ValidationError([{"message": REQUIRED, "path": "email"}], collection=collection.slug)
    unknown = {PASSWORD: Hashed(secrets.token_urlsafe(32), NO_HASH)}
    # Whoever sets the password has the mailbox: there is nothing left to verify.
    known = {VERIFIED: True} if collection.declaration.auth.verify is not None else {}
    async with core.database.transaction():
        made = await create(asker, collection, {**data, **known, **unknown}, Shown())
        token = await issue_token(core, collection, made["id"], options.expiration)
        user = await stored(core, collection, made["id"])
        assert user is not None
        assert token is not None
        core.post.send(lambda: write_letter(asker, collection, INVITATION, options, user, token))
        await collection_hooks(asker, collection, "after_invite", "invite", "doc", doc=dict(user), id=user["id"])
    return made
