"""Runs the demo as its users do: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ADDRESS = re.compile(r"Start here\s+(http://\S+)")


class Demo:
    """A demo that serves: where, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""

    @property
    def address(self) -> str:
        """Where it serves."""
        found = _ADDRESS.search(self.printed)
        assert found, self.printed
        return found[1]

    def read(self) -> None:
        """Reads what is printed up to the last line, the command for a project of one's own."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if " new shop && " in line:
                return
        raise AssertionError(f"the demo did not start:\n{self.printed}")

    def end(self) -> str:
        """Ends it, and answers everything that it printed."""
        self.process.terminate()
        assert self.process.stdout is not None
        self.printed += self.process.stdout.read()
        self.process.wait()
        return self.printed


def command(*arguments: str) -> list[str]:
    """How the demo is started."""
    return [sys.executable, "-m", "headless.examples.messages.demo", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """The tests' environment without what would configure the demo."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HEADLESS_", "DATABASE_"))}
    return {**own, **variables}


@contextlib.contextmanager
def demo(folder: Path, *arguments: str, **variables: str) -> Iterator[Demo]:
    """Runs the demo in the folder while the block does, from when it serves on."""
    with subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            running = Demo(process)
            running.read()
            yield running
        finally:
            process.kill()
