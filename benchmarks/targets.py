"""What can be measured: each target prepares its database once and starts as often as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from benchmarks import ceiling, wide_ceiling
from benchmarks.requests import Dialect, RestDialect, WideDialect
from benchmarks.servers import HOST, Server, run_to_end, start_asgi

Fill = Callable[[str, int], None]
LOOPBACK = {"127.0.0.1", "localhost"}


class Target(Protocol):
    """One side of the comparison."""

    name: str
    dialect: Dialect

    def prepare(self, directory: Path, posts: int) -> None:
        """Make its database in `directory`; called once."""

    def start(self, directory: Path, port: int = 0) -> Server:
        """Start serving; a request waits until it is ready."""


@dataclass
class CeilingTarget:
    """The hand-written server for requests."""

    name: str = "ceiling"
    dialect: Dialect = field(default_factory=RestDialect)
    module: str = "benchmarks.ceiling"
    fill: Fill = ceiling.prepare

    def prepare(self, directory: Path, posts: int) -> None:
        """Make and fill its SQLite file."""
        self.fill(str(self._database(directory)), posts)

    def start(self, directory: Path, port: int = 0) -> Server:
        """Serve that file."""
        environment = {"CEILING_DATABASE": str(self._database(directory))}
        return start_asgi(self.name, f"{self.module}:app", environment, directory, port)

    def _database(self, directory: Path) -> Path:
        return directory / f"{self.name}.db"


@dataclass
class WideCeilingTarget(CeilingTarget):
    """The hand-written server for requests on a collection of 40 fields."""

    dialect: Dialect = field(default_factory=WideDialect)
    module: str = "benchmarks.wide_ceiling"
    fill: Fill = wide_ceiling.prepare


@dataclass
class LoopTarget:
    """The hand-written server for streams."""

    name: str = "send loop"
    dialect: Dialect = field(default_factory=RestDialect)

    def prepare(self, directory: Path, posts: int) -> None:
        """Nothing: it keeps nothing."""

    def start(self, directory: Path, port: int = 0) -> Server:
        """Serve with no subscriber."""
        return start_asgi(self.name, "benchmarks.fanout_ceiling:app", {}, directory, port)


@dataclass
class HeadlessTarget:
    """The framework, with the collections of `benchmarks.app`."""

    name: str = "headless"
    dialect: Dialect = field(default_factory=RestDialect)
    module: str = "benchmarks.app"

    def prepare(self, directory: Path, posts: int) -> None:
        """Create the content through the framework's own operations."""
        run_to_end("benchmarks.seed", [self.module, str(posts)], self.environment(directory))

    def start(self, directory: Path, port: int = 0) -> Server:
        """Serve the application."""
        return start_asgi(self.name, f"{self.module}:app", self.environment(directory), directory, port)

    def environment(self, directory: Path) -> dict[str, str]:
        """The variables that name the database."""
        return {
            "BENCHMARK_DATABASE": f"sqlite:///{directory / self.name}.db",
            "HEADLESS_DATA_DIR": str(directory / "data"),
        }


@dataclass
class WideHeadlessTarget(HeadlessTarget):
    """The framework, with the collections of `benchmarks.wide_app`."""

    dialect: Dialect = field(default_factory=WideDialect)
    module: str = "benchmarks.wide_app"


@dataclass
class RunningTarget:
    """A server that is running already, holding the same content and speaking the same wire format."""

    name: str
    port: int
    pid: int
    dialect: Dialect = field(default_factory=RestDialect)

    def prepare(self, directory: Path, posts: int) -> None:
        """Nothing: its owner has filled it."""

    def start(self, directory: Path, port: int = 0) -> Server:
        """The server as it is."""
        return Server(self.name, self.port, self.pid)


def read_running(text: str) -> RunningTarget:
    """The target written as `NAME=http://127.0.0.1:PORT@PID`; ValueError when it is not, or elsewhere."""
    name, _, rest = text.partition("=")
    address, _, pid = rest.rpartition("@")
    parts = urlsplit(address)
    if not name or parts.hostname not in LOOPBACK or parts.port is None or not pid.isdigit():
        raise ValueError(f"{text!r} is not NAME=http://{HOST}:PORT@PID (servers on loopback only)")
    return RunningTarget(name, parts.port, int(pid))
