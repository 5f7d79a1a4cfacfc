"""A node that can be told, by SIGUSR1, to die between its next commit and the call that tells others of it."""

from __future__ import annotations

import os
import signal

from benchmarks.app import app
from headless.database.postgresql.wake import PostgreSQLWake

__all__ = ["app"]


def _die(_: PostgreSQLWake) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(*_: object) -> None:
    PostgreSQLWake.ring = _die  # type: ignore[assignment,method-assign]


signal.signal(signal.SIGUSR1, _arm)
