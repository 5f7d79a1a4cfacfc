"""Our client processes: each is given one line of JSON and answers in lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.servers import ROOT, ServerFailed


@contextmanager
def client(module: str, order: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """One of our client processes with its order given; ended when the block is left."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            write_line(process, json.dumps(order))
            yield process
        finally:
            process.kill()


def write_line(process: subprocess.Popen[str], text: str) -> None:
    """Send one line to a client."""
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line of a client; every client limits its own time."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ServerFailed(f"the client ended with status {process.wait()}")
    return line
