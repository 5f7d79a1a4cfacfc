"""An event loop on a thread of its own, so that synchronous tests can wait for asynchronous code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STOP_WITHIN = 15.0


class LoopThread:
    """Runs coroutines for other threads. Every wait is bounded."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._serve, name="headless-testing", daemon=True)
        self._thread.start()
        self._ready.wait()

    def run(self, work: Coroutine[Any, Any, T], within: float, what: str) -> T:
        """The coroutine's result. Raises what it raises, and TimeoutError naming `what` when it takes too long."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("the test client was called from the application it tests: it would wait for itself")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(within)
        except concurrent.futures.TimeoutError:
            if future.done():
                raise
            future.cancel()
            raise TimeoutError(f"{what}: nothing within {within:g} s") from None

    def stop(self) -> None:
        """Cancels what still runs and ends the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_WITHIN)
        if self._thread.is_alive():
            raise TimeoutError("the application's event loop did not stop: something in it blocks the thread")

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._ready.set()
            self._loop.run_forever()
