"""A whole instance copied from one database to another, by batches that are noted, and compared afterwards."""

from __future__ import annotations

from headless.database.transfer.comparison import Compared, State, compare_states, survey
from headless.database.transfer.copying import Outcome, Transfer
from headless.database.transfer.notes import refuse_unfinished
from headless.database.transfer.progress import Progress
from headless.database.transfer.source import LeftBehind, left_behind, refuse_undeclared

__all__ = [
    "Compared",
    "LeftBehind",
    "Outcome",
    "Progress",
    "State",
    "Transfer",
    "compare_states",
    "left_behind",
    "refuse_undeclared",
    "refuse_unfinished",
    "survey",
]
