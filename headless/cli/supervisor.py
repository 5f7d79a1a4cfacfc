"""`headless dev`: keeps the listening socket, and replaces the server process when files change.

The new process takes over only when it is ready; one that cannot start leaves the old one serving.
Connections made meanwhile wait in the socket, which stays open for as long as the command runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import watchfiles
from rich.markup import escape

from headless.cli.listening import address, open_listener
from headless.cli.output import say, shown
from headless.project import Project, refuse_shadowing

READY = b"ready "
"""What a process says when it serves, followed by the path of its admin."""
PATIENCE = 5.0
"""Seconds a replaced process has to finish its requests before it is killed."""


class Declarations(watchfiles.DefaultFilter):
    """The files that can change what is declared: Python, YAML and `.env`."""

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        wanted = path.endswith((".py", ".yaml", ".yml")) or Path(path).name == ".env"
        return wanted and super().__call__(change, path)


class Worker:
    """A server process on the shared socket. It says when it is ready and ends with its supervisor."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: socket.socket) -> None:
        self.process = process
        self.lifeline = lifeline
        self.admin_path = ""

    @classmethod
    async def start(cls, project: Project, listener: socket.socket) -> Worker:
        """Starts a process that declares and serves the project."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        settings = {
            "target": project.target,
            "root": str(project.root),
            "imports": project.imports,
            "listener": listener.fileno(),
            "lifeline": theirs.fileno(),
        }
        command = [sys.executable, "-P", "-m", "headless.cli.worker", json.dumps(settings)]
        passed = (listener.fileno(), theirs.fileno())
        with theirs:
            process = await asyncio.create_subprocess_exec(*command, cwd=project.root, pass_fds=passed)
        return cls(process, ours)

    async def ready(self) -> bool:
        """Waits until the process serves (True), or has ended without (False)."""
        said = await asyncio.get_running_loop().sock_recv(self.lifeline, 1024)
        self.admin_path = said.removeprefix(READY).decode()
        return said.startswith(READY)

    async def stop(self) -> None:
        """Lets the process finish its requests, and kills it when it does not."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.process.wait()
        self.lifeline.close()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal. `Process.terminate` would reap an ended process, whose exit code asyncio then misses."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


class Supervisor:
    """Owns the socket and at most one serving process, which it replaces when a declaration changes."""

    def __init__(self, project: Project, listener: socket.socket) -> None:
        self.project = project
        self.listener = listener
        self.worker: Worker | None = None
        self.changed = asyncio.Event()
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        """Serves until SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stopped.set)
        watching = asyncio.create_task(self.watch())
        await asyncio.sleep(0)  # the watch stands before the first process reads its files
        self.changed.set()
        try:
            while not self.stopped.is_set():
                await self.step()
        finally:
            if self.worker is not None:
                await self.worker.stop()
            self.stopped.set()
            await watching

    async def watch(self) -> None:
        """Notes changes of declarations, and prints which files they were in."""
        watched = watchfiles.awatch(
            *self.project.folders, watch_filter=Declarations(), stop_event=self.stopped, rust_timeout=1_000
        )
        async for changes in watched:
            names = sorted({shown(path) for _, path in changes})
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            say(f"[dim]{escape(', '.join(names[:3]))}{more} changed[/]")
            self.changed.set()

    async def step(self) -> None:
        """Waits for a change, the end, or the end of the process, and does what follows from it."""
        waits: list[Coroutine[Any, Any, Any]] = [self.changed.wait(), self.stopped.wait()]
        if self.worker is not None:
            waits.append(self.worker.process.wait())
        await first(waits)
        if self.stopped.is_set():
            return
        if self.changed.is_set():
            self.changed.clear()
            await self.replace()
        elif self.worker is not None:
            code = self.worker.process.returncode
            say(f"[bold red]The server ended with exit code {code}.[/] It starts again with the next change.")
            await self.worker.stop()
            self.worker = None

    async def replace(self) -> None:
        """Starts a process from the files as they are now; retires the old one when the new one is ready."""
        worker = await Worker.start(self.project, self.listener)
        ready = asyncio.create_task(worker.ready())
        await first([asyncio.shield(ready), self.changed.wait(), self.stopped.wait()])
        if not ready.done():
            ready.cancel()
            await worker.stop()
        elif not ready.result():
            await worker.stop()
            self.report_failure()
        else:
            old, self.worker = self.worker, worker
            if old is not None:
                await old.stop()
            self.report_success(worker)

    def report_success(self, worker: Worker) -> None:
        """Says where it is served."""
        url = address(self.listener)
        admin = f"  admin: {url}{worker.admin_path}" if worker.admin_path else ""
        say(f"[bold green]Serving on {escape(url)}[/]{escape(admin)}  (Ctrl-C stops)")

    def report_failure(self) -> None:
        """Says what goes on when a declaration is broken."""
        serving = "The declarations before this change are still served; " if self.worker else ""
        say(f"[bold yellow]Not started. {serving}mend it and save, and it is tried again.[/]")


async def first(waits: Sequence[Any]) -> None:
    """Returns when the first of several awaitables is done, and cancels the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def supervise(project: Project, host: str, port: int) -> None:
    """Runs `headless dev` until it is told to stop. Raises ConfigError for a folder or port that cannot be used."""
    refuse_shadowing(project.root)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    listener = open_listener(host, port)

    async def run() -> None:
        await Supervisor(project, listener).run()

    with listener:
        asyncio.run(run())
