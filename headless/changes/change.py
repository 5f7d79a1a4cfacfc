"""What happened to one document: the record the change log stores and every stream is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Operation = Literal["create", "update", "delete"]
Image = dict[str, Any]


@dataclass(slots=True)
class Change:
    """One write to one document, with the images needed to say who saw it before and who sees it now.

    `seq` is the place in the log, set by the commit. `actor` is the user who wrote, as `{"collection",
    "id"}`. `after` is the full document after a create or an update. `before` is the full document before a
    delete, and for an update only the old values of the top-level fields that changed. Images use the wire's
    names at depth 0, never hold a secret field, and are not touched any more once they are here.
    """

    seq: int | None
    collection: str
    id: int | str
    operation: Operation
    actor: Mapping[str, Any] | None
    at: str
    before: Image | None
    after: Image | None

    def previous(self) -> Image | None:
        """The full document as it was before this change; None if it did not exist."""
        if self.operation == "update":
            return {**(self.after or {}), **(self.before or {})}
        return self.before

    def changed(self) -> tuple[str, ...]:
        """The top-level fields that differ, for an update; empty otherwise."""
        return tuple(self.before or ()) if self.operation == "update" else ()
