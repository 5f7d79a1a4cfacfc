"""Server processes on loopback: started, asked, and ended by their process id."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.accounting import cpu_seconds, memory_kib, process_tree
from benchmarks.requests import Request

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class ServerFailed(Exception):
    """A server did not start, or gave no answer that counts; the message holds the end of its log."""


@dataclass(frozen=True)
class Server:
    """A listening server whose costs can be read. `process` is None when somebody else started it."""

    name: str
    port: int
    pid: int
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def cpu(self) -> float:
        """Processor seconds used so far by the process tree."""
        return cpu_seconds(self.pid)

    def memory(self) -> int:
        """Resident KiB of the process tree, mapped files left out."""
        return memory_kib(self.pid)

    def ask(self, request: Request) -> bytes:
        """The body of a 2xx answer; anything else is `ServerFailed`."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        try:
            headers = {**request.headers, **self.headers}
            connection.request(request.method, request.target, request.body or None, headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerFailed(f"{self.name} does not answer {request.target}: {error}\n{self.log_end()}") from error
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise ServerFailed(f"{self.name} answers {response.status} to {request.target}: {body[:500]!r}")
        return body

    def signal(self, number: signal.Signals) -> None:
        """Send one signal to the server's own process."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = STOP_SECONDS) -> None:
        """Wait until it has ended; `subprocess.TimeoutExpired` when it has not by then."""
        if self.process is not None:
            self.process.wait(seconds)

    def stop(self) -> None:
        """End the server if we started it: asked first, and its whole tree killed when that is not enough."""
        if self.process is None or self.process.poll() is not None:
            return
        descendants = process_tree(self.pid)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in descendants:
                _kill(pid)
            self.process.wait()

    def log_end(self) -> str:
        """The last lines the server wrote."""
        return self.log.read_text(errors="replace")[-2000:] if self.log else ""


def listen(port: int = 0) -> socket.socket:
    """A listening loopback socket; clients may connect before the server behind it has started."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(2048)
    return listener


def start_asgi(name: str, application: str, environment: Mapping[str, str], directory: Path, port: int = 0) -> Server:
    """Start `application` under uvicorn in a process of its own."""
    with listen(port) as listener:
        descriptor = listener.fileno()
        return start_process(
            name,
            [sys.executable, "-m", "benchmarks.serve", application, str(descriptor)],
            listener.getsockname()[1],
            directory,
            environment,
            keep=[descriptor],
        )


def start_process(
    name: str,
    command: Sequence[str],
    port: int,
    directory: Path,
    environment: Mapping[str, str],
    keep: Sequence[int] = (),
) -> Server:
    """Start any command as the server on `port`; its output goes to a log file in `directory`."""
    log = directory / f"{name.replace(' ', '-')}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
        )
    return Server(name, port, process.pid, process, log)


def wait_until_open(server: Server) -> None:
    """Return once the port of a server that opens its own socket accepts connections."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        try:
            socket.create_connection((HOST, server.port), 1).close()
            return
        except OSError:
            if server.process is not None and server.process.poll() is not None:
                break
            time.sleep(0.05)
    raise ServerFailed(f"{server.name} did not open port {server.port}")


def run_to_end(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run one of our modules in a process of its own, so that nothing it loads stays in ours."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, timeout=600)
    if done.returncode:
        raise ServerFailed(f"{module} failed:\n{done.stderr.decode(errors='replace')[-4000:]}")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
