"""How large a query may be."""

from __future__ import annotations

from headless.errors import BadRequest

MOST_NODES = 64
DEEPEST = 8
MOST_LEAVES = 4_000


class TooMuch(BadRequest):
    """A query is larger than it may be, whatever it asks."""


class Budget:
    """Counts the nodes of a tree, that a query stays within bounds."""

    def __init__(self) -> None:
        self.nodes = 0
        self.leaves = 0

    def spend(self, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise TooMuch(f"A query has at most {MOST_NODES} conditions.")
        if depth > DEEPEST:
            raise TooMuch(f"A query is nested at most {DEEPEST} deep.")

    def spend_leaf(self) -> None:
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            raise TooMuch(f"A query compares at most {MOST_LEAVES} fields: each kind of block that has one counts.")
