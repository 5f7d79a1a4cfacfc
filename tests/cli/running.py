"""Runs `headless` as its users do: a process of its own in a folder of its own, read line by line."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2

_ADDRESS = re.compile(r"Serving on (http://\S+)")


class Running:
    """A `headless` process: waits for what it prints, and asks what it serves."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed: list[str] = []
        self.address = ""

    def until(self, text: str) -> str:
        """Reads what is printed up to a line that holds `text`, and returns it. Fails when there is none."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if found := _ADDRESS.search(line):
                self.address = found[1]
            if text in line:
                return line
        raise AssertionError(f"{text!r} was not printed:\n{''.join(self.printed)}")

    def rest(self) -> str:
        """Everything printed from here to the end; returns when every process that could print has ended."""
        assert self.process.stdout is not None
        self.printed.append(self.process.stdout.read())
        return "".join(self.printed)

    def get(self, path: str) -> httpx2.Response:
        """One request on a connection of its own, made again when the server closed it while it went away."""
        while True:
            try:
                return httpx2.get(f"{self.address}{path}", timeout=30)
            except (httpx2.ReadError, httpx2.RemoteProtocolError):
                continue

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait()


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **variables: str) -> Iterator[Running]:
    """Runs `headless ARGUMENTS` in the folder while the block does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HEADLESS_", "DATABASE_"))}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "headless", *arguments],
        cwd=folder,
        env={**inherited, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=30)
            process.kill()


def write(folder: Path, files: dict[str, str]) -> Path:
    """Writes files, each in one step, as an editor does: a reader never sees half of one."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return folder
