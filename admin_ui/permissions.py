"""What the asker may do, as the pages need it: for a collection, for a document, for each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Tree = bool | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldRights:
    """The rights to a level of fields. `tree` is True for every right to everything below."""

    tree: Tree = True

    def may(self, name: str, operation: str) -> bool:
        """Whether the operation is allowed on the field of that name."""
        own = self._own(name)
        return own if isinstance(own, bool) else bool(own.get(operation))

    def below(self, name: str) -> FieldRights:
        """The rights to the fields inside the one of that name; to its kinds of rows, where it has several."""
        own = self._own(name)
        return FieldRights(own if isinstance(own, bool) else own.get("fields", own.get("blocks", True)))

    def _own(self, name: str) -> Tree:
        own: Tree = self.tree if isinstance(self.tree, bool) else self.tree.get(name, False)
        return own


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights to a collection, or to one document of it."""

    create: bool
    read: bool
    update: bool
    delete: bool
    fields: FieldRights

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Rights:
        """Reads the platform's answer, in which only what is granted stands.

        A rule that opens some documents counts as a yes: the page is drawn, and each document answers for itself.
        """
        rules = {name: bool(answer.get(name)) for name in ("create", "read", "update", "delete")}
        fields: Tree = answer["fields"]
        # A password is no field of its own: who may write the user may write it.
        return cls(**rules, fields=FieldRights(fields if isinstance(fields, bool) else {"password": True, **fields}))
