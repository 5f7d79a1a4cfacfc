"""What a server has used so far: processor time and memory of its whole process tree, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(children).split():
            found.extend(process_tree(int(child)))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, in seconds; children that ended and were waited for are included."""
    return sum(_ticks(process) for process in process_tree(pid)) / TICKS_PER_SECOND


def memory_kib(pid: int) -> int:
    """Resident memory of the tree that no file stands behind, in KiB.

    Pages of a mapped database come and go with what is read, and say nothing of what a connection needs.
    """
    return sum(_anonymous(process) for process in process_tree(pid))


def _ticks(pid: int) -> int:
    # The command name stands in brackets and may hold spaces: only what follows the last one counts.
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def _anonymous(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    """The file's text, or nothing when its process ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
