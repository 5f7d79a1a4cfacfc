"""How long a server lives after SIGTERM while streams are open."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients import client, read_line
from benchmarks.fanout import FanoutPlan, audience
from benchmarks.servers import ServerFailed
from benchmarks.targets import Target

GOAL_SECONDS = 1.0
NEVER = 1_000_000_000


@dataclass(frozen=True)
class Shutdown:
    """The seconds from SIGTERM to the end of the process (None: it was killed), and the streams closed."""

    server: str
    streams: int
    closed: int
    seconds: float | None


def measure_shutdown(target: Target, directory: Path, streams: int, port: int) -> Shutdown:
    """Open the streams, ask the server to end, and wait."""
    server = target.start(directory, port)
    order = audience(server, target.dialect, FanoutPlan(1, streams, NEVER, 0.0, 30.0))
    try:
        with client("benchmarks.subscribers", order) as process:
            subscribed = int(read_line(process).split()[1])
            if subscribed != streams:
                raise ServerFailed(f"{server.name} accepted {subscribed} of {streams} subscribers\n{server.log_end()}")
            start = time.monotonic()
            server.signal(signal.SIGTERM)
            try:
                server.wait()
            except subprocess.TimeoutExpired:
                return Shutdown(server.name, streams, 0, None)
            seconds = time.monotonic() - start
            return Shutdown(server.name, streams, json.loads(read_line(process))["closed"], seconds)
    finally:
        server.stop()
