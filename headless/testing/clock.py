"""A clock for tests: it stands still until it is moved."""

from __future__ import annotations


class StillClock:
    """Seconds since the epoch, the same at every look: `TestClient(app, clock=StillClock())`.

    >>> clock = StillClock()
    >>> clock.move(60)
    >>> clock()
    1767225660.0
    """

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._now = start

    def __call__(self) -> float:
        return self._now

    def move(self, seconds: float) -> None:
        """Sets the clock forward, or back."""
        self._now += seconds
