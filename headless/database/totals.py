"""Totals that are remembered for as long as no table in their statement is written."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

LIMIT: Final = 4096


class Totals:
    """Numbers by key, each with the generation it was counted at. Too many, and all are forgotten."""

    def __init__(self) -> None:
        self._totals: dict[Hashable, tuple[Hashable, int]] = {}

    def get(self, key: Hashable, generation: Hashable) -> int | None:
        """The number, if it was counted at this generation."""
        known = self._totals.get(key)
        return known[1] if known is not None and known[0] == generation else None

    def put(self, key: Hashable, generation: Hashable, total: int) -> None:
        """Remembers a number counted after the generation was read."""
        if len(self._totals) >= LIMIT:
            self._totals.clear()
        self._totals[key] = (generation, total)
