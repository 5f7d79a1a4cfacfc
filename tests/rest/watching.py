"""What tests of the HTTP surface share: a client that notices every failure the server logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headless import Config
from headless.testing import TestClient


class Failures(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(logging.Formatter().format(record))


@contextmanager
def watched(config: Config, **options: Any) -> Iterator[TestClient]:
    """A client of an application that must not fail: an exception that it logs fails the test."""
    failures = Failures()
    logger = logging.getLogger("headless")
    logger.addHandler(failures)
    try:
        with TestClient(config, **options) as client:
            yield client
    finally:
        logger.removeHandler(failures)
    assert not failures.messages, "\n".join(failures.messages)
