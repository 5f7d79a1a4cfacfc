"""A user of a test, who is given to calls as `as_`."""

from __future__ import annotations

from typing import Any

PASSWORD = "correct horse battery staple"  # noqa: S105 - of users who exist for a test only


class User(dict[str, Any]):
    """The user's document as it was created, with the password to log in by."""

    def __init__(self, document: dict[str, Any], *, collection: str, password: str) -> None:
        super().__init__(document)
        self.collection = collection
        self.password = password

    @property
    def id(self) -> int | str:
        """The document's id."""
        return self["id"]  # type: ignore[no-any-return]

    @property
    def email(self) -> str:
        """The e-mail address, as it is stored."""
        return self["email"]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<User {self.email} of {self.collection!r}>"


def checked(given: Any) -> User | None:
    """What was given as `as_`. Raises TypeError, with the remedy, for anything but a user or None."""
    if given is None or isinstance(given, User):
        return given
    raise TypeError(
        f"as_ is a user made by client.user(…) or client.users(…), or None for nobody, not {type(given).__name__}"
    )
