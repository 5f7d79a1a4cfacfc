"""What the platform adds to documents that log in: their names, their sessions, and the state of their log-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from headless.access import Rule, authenticated, staff
from headless.auth import Auth
from headless.collection import Collection
from headless.compile.plan import Node
from headless.declaration import changed, declaration
from headless.errors import ConfigError
from headless.fields.base import DataField, FieldContext, Schema, same_level
from headless.fields.checkbox import Checkbox
from headless.fields.date import Date
from headless.fields.email import Email
from headless.fields.json import Json
from headless.fields.number import Number
from headless.fields.text import Text
from headless.hooks import HookContext
from headless.operators import Operator

PASSWORD_COLUMN = "_password"  # noqa: S105 - a column's name
PASSWORD = "password"  # noqa: S105 - a key's name
RESET_COLUMN = "_reset"
VERIFICATION_COLUMN = "_verification"
VERIFIED = "_verified"
API_KEY = "apiKey"
API_KEY_COLUMN = "_api_key"
KEY_ENABLED = "enableAPIKey"

VERIFICATION: Mapping[str, Rule] = MappingProxyType({"create": staff, "read": authenticated, "update": staff})
"""Who may say whether an address is its user's, and who may know."""


@declaration
class Sessions(Json):
    """The open sessions of a user, written only by logging in and out."""

    example: ClassVar[Any] = []

    @property
    def operators(self) -> Mapping[str, Operator]:
        return {}

    def empty(self) -> Any:
        return []

    def stored_schema(self) -> Schema:
        moment: Schema = {"type": "string", "format": "date-time"}
        properties: Schema = {"id": {"type": "string"}, "createdAt": moment, "expiresAt": moment}
        return {"type": "array", "items": {"type": "object", "properties": properties, "required": [*properties]}}


def own_sessions(context: HookContext) -> list[Any]:
    """Sessions are shown to nobody but the user whose they are."""
    user = context.user
    own = user is not None and (user.get("collection"), user.get("id")) == (context.collection, context.id)
    return context.value if own and context.value else []


def not_an_address(value: Any, context: FieldContext) -> bool | str:
    """A name that looks like an e-mail address could be somebody else's."""
    return not isinstance(value, str) or "@" not in value or "A username may not contain @."


def with_own_fields(declared: Collection) -> tuple[Collection, Mapping[str, Rule]]:
    """The declaration as it is compiled, and the rules that it has for the password.

    A field `email` or `username` takes the place of the one that would be added; one called `password` only brings its
    rules. Raises ConfigError for a password that stands inside of another field.
    """
    auth = declared.auth
    if auth is None:
        return declared, {}
    own = [field for field in declared.fields if getattr(field, "name", None) == PASSWORD]
    if any(field.key == PASSWORD for field in same_level(declared.fields)) and not own:
        raise ConfigError(f"collection {declared.slug!r}: the field 'password' stands directly in the collection")
    required = {"email": auth.requires_email, "username": auth.requires_username}
    fields = [
        changed(field, unique=True, required=required[str(field.key)]) if _names(field, auth) else field
        for field in declared.fields
        if field not in own
    ]
    rules = own[0].access if own and isinstance(own[0], DataField) else {}
    return changed(declared, fields=tuple(fields)), rules


def _names(field: Any, auth: Auth) -> bool:
    """Whether a declared field is one that users log in by."""
    return isinstance(field, DataField) and field.name in ("email", *auth.identifiers)


def account_nodes(auth: Auth, known: Mapping[str, Node]) -> Sequence[Node]:
    """The nodes of what users have besides their declared fields, `known` by their keys."""
    names: list[DataField] = []
    if "email" not in known:
        names.append(Email("email", required=auth.requires_email, unique=True))
    if auth.by_username and "username" not in known:
        names.append(
            Text(
                "username", required=auth.requires_username, unique=True, max_length=254,
                validate=not_an_address if auth.by_email else None,
            )
        )  # fmt: skip
    if auth.verify is not None:
        names.append(Checkbox(VERIFIED, label="Verified", default_value=False, access=VERIFICATION))
    if auth.use_api_key:
        names.append(Checkbox(KEY_ENABLED, label="Enable API key"))
    state: list[DataField] = [
        Date("resetPasswordExpiration", hidden=True), Date("resetPasswordRequestedAt", hidden=True)
    ]  # fmt: skip
    if auth.max_login_attempts:
        state += [Number("loginAttempts", default_value=0, hidden=True), Date("lockUntil", hidden=True)]
    if auth.use_sessions:
        state.append(Sessions("sessions", hooks={"after_read": own_sessions}))
    else:
        state.append(Date("tokensSince", hidden=True))
    return [*(_node(field) for field in names), *(_node(field, state=True) for field in state)]


def secret_columns(auth: Auth | None) -> Sequence[str]:
    """The columns beside the documents, which no document and no answer ever holds: hashes."""
    if auth is None:
        return ()
    verification = (VERIFICATION_COLUMN,) if auth.verify is not None else ()
    return (PASSWORD_COLUMN, RESET_COLUMN, *verification, *((API_KEY_COLUMN,) if auth.use_api_key else ()))


def _node(field: DataField, *, state: bool = False) -> Node:
    return Node(field, field.name, (field.name,), (), None, managed=state, unlogged=state)
