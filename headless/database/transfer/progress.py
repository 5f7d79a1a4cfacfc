"""How a transfer tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told what is done, and of how many rows."""

    def begin(self, what: str, rows: int) -> None:
        """Something begins that goes through this many rows."""

    def advance(self, rows: int) -> None:
        """So many more of them are through."""
