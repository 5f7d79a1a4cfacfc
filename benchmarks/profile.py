"""`python -m benchmarks.profile list get create`: where the framework's processor time goes, in µs a call.

The application is called in process, without a server or network, on the same requests as in the comparison.
A timer interrupts it every millisecond of processor time and notes what is running: unlike a tracing profiler
this leaves the proportions as they are. Time inside C code counts for the Python function that called it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from benchmarks.report import table
from benchmarks.requests import DISTINCT, SCENARIOS, Drawn, Request, RestDialect, Scenario
from benchmarks.targets import HeadlessTarget

Application = Callable[[Any, Any, Any], Awaitable[None]]
Place = tuple[str, str, int]
INTERVAL = 0.001
SITE = f"{os.sep}site-packages{os.sep}"


@dataclass
class Samples:
    """How often each function was running, by itself and with what it called, and each line by itself."""

    total: int = 0
    alone: Counter[Place] = field(default_factory=Counter)
    within: Counter[Place] = field(default_factory=Counter)
    lines: Counter[Place] = field(default_factory=Counter)

    def take(self, number: int, frame: FrameType | None) -> None:
        """Note the stack; a signal handler."""
        if frame is None:
            return
        self.total += 1
        self.alone[_place(frame)] += 1
        self.lines[(frame.f_code.co_filename, frame.f_code.co_qualname, frame.f_lineno)] += 1
        seen: set[Place] = set()
        walk: FrameType | None = frame
        while walk is not None:
            seen.add(_place(walk))
            walk = walk.f_back
        self.within.update(seen)


@dataclass(frozen=True)
class Profile:
    """One scenario: calls, µs of processor time for each, and the samples."""

    scenario: Scenario
    calls: int
    cpu_us: float
    samples: Samples

    def text(self, rows: int) -> str:
        """The layers, the functions with what they call, and the lines, each in µs a call."""
        layers: Counter[str] = Counter()
        for place, count in self.samples.alone.items():
            layers[layer(place[0])] += count
        parts = [f"## {self.scenario.title}: {self.cpu_us:.0f} µs a call ({self.calls} calls)"]
        parts.append(self._table("layer, by itself", layers.items(), rows))
        parts.append(self._table("function, with what it calls", _named(self.samples.within, False), rows))
        parts.append(self._table("line, by itself", _named(self.samples.lines, True), rows))
        return "\n\n".join(parts)

    def _table(self, title: str, counts: Iterable[tuple[str, int]], rows: int) -> str:
        most = sorted(counts, key=lambda item: -item[1])[:rows]
        factor = self.cpu_us / max(1, self.samples.total)
        return table(("µs", title), [(f"{count * factor:.1f}", name) for name, count in most])


def layer(filename: str) -> str:
    """The package a file belongs to, our own folders apart."""
    if SITE in filename:
        return filename.partition(SITE)[2].split(os.sep)[0]
    parts = Path(filename).parts
    if "headless" in parts:
        inside = parts[len(parts) - 1 - parts[::-1].index("headless") :]
        return "/".join(inside[:3] if len(inside) > 3 else inside)
    root = {"collections", "endpoints", "admin_ui", "benchmarks"} & set(parts)
    if root and "lib" not in parts:
        return "/".join(parts[-2:])
    return f"Python's {parts[-2]}" if len(parts) > 1 else filename


def _place(frame: FrameType) -> Place:
    code = frame.f_code
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _named(counts: Counter[Place], with_line: bool) -> Iterable[tuple[str, int]]:
    for (filename, name, line), count in counts.items():
        short = "/".join(Path(filename).parts[-2:])
        yield (f"{short}:{line} {name}" if with_line else f"{short} {name}"), count


async def call(app: Application, request: Request) -> int:
    """One ASGI call; its status."""
    status = 0
    parts = urlsplit(request.target)
    body = {"type": "http.request", "body": request.body, "more_body": False}

    async def receive() -> dict[str, Any]:
        return body

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(_scope(request, parts.path, parts.query), receive, send)
    return status


def _scope(request: Request, path: str, query: str) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1")]
    headers += [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    if request.body:
        headers.append((b"content-length", b"%d" % len(request.body)))
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": request.method, "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "headers": headers, "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip


async def drive(app: Application, requests: Sequence[Request], calls: int, together: int) -> float:
    """Make the calls, so many at a time; the processor seconds they took."""
    remaining = islice(cycle(requests), calls)

    async def work() -> None:
        for request in remaining:
            status = await call(app, request)
            if not 200 <= status < 300:
                raise SystemExit(f"{request.method} {request.target} is answered with {status}")

    start = time.process_time()
    await asyncio.gather(*(work() for _ in range(together)))
    return time.process_time() - start


async def profile(app: Application, scenario: Scenario, posts: int, calls: int) -> Profile:
    """Warm up, measure undisturbed, then sample."""
    drawn = Drawn(RestDialect(), range(1, posts + 1), posts // 10, random.Random(scenario.name))
    requests = scenario.requests(drawn)
    together = 16 if scenario.name == "create" else 1
    await drive(app, requests, DISTINCT, together)
    seconds = await drive(app, requests, calls, together)
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        await drive(app, requests, calls, together)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Profile(scenario, calls, seconds / calls * 1e6, samples)


async def profile_all(names: Sequence[str], posts: int, calls: int, rows: int) -> None:
    """Start the application once and print a profile of each scenario."""
    from benchmarks.app import app  # It reads its database's name when it is imported.

    await app.startup()
    try:
        for scenario in SCENARIOS:
            if scenario.name in names:
                print((await profile(app, scenario, posts, calls)).text(rows), end="\n\n", flush=True)
    finally:
        await app.aclose()


def main(words: Sequence[str]) -> None:
    """Run the command line."""
    known = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    parser.add_argument("scenario", nargs="+", choices=known)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=25)
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="profile-") as directory:
        target = HeadlessTarget()
        target.prepare(Path(directory), arguments.posts)
        os.environ.update(target.environment(Path(directory)))
        asyncio.run(profile_all(arguments.scenario, arguments.posts, arguments.calls, arguments.rows))


if __name__ == "__main__":
    main(sys.argv[1:])
