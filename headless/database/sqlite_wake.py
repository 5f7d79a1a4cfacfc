"""A call between processes that share a SQLite file: one datagram says that the log has grown."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

_LONGEST_ADDRESS = 100
"""What every system allows for the path of a socket; Linux allows 107 bytes, others 103."""
_DESCRIPTORS = Path("/proc/self/fd")


class SQLiteWake:
    """Sockets in a folder beside the database, one for each process that listens.

    Only the call itself is sent; what happened is in the log. A call that is lost, or cannot be sent, does no
    harm: whoever follows the log also looks by itself.
    """

    def __init__(self, database: Path) -> None:
        self.folder = database.with_name(database.name + "-wake")
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._listening: socket.socket | None = None
        self._calling: socket.socket | None = None
        self._directory: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, called: Callable[[], None]) -> bool:
        """Call back, on the running loop, whenever another process rings; whether that is possible here."""
        if self._listening is not None:
            return True
        listening = _socket()
        try:
            self.folder.mkdir(exist_ok=True)
            listening.bind(self._address(self._name))
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(listening, _answer, listening, called)
        except (OSError, NotImplementedError):
            listening.close()
            return False
        self._listening = listening
        return True

    def ring(self) -> None:
        """Call every other process that listens; what a dead one left behind is removed."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return
        for name in names:
            if name != self._name:
                self._call(name)

    def close(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None
            self._remove(self._name)
            with contextlib.suppress(OSError):
                self.folder.rmdir()
        if self._calling is not None:
            self._calling.close()
            self._calling = None
        if self._directory is not None:
            os.close(self._directory)
            self._directory = None

    def _call(self, name: str) -> None:
        if self._calling is None:
            self._calling = _socket()
        try:
            self._calling.sendto(b"\0", self._address(name))
        except ConnectionRefusedError:
            self._remove(name)
        except OSError:
            # Gone in between, or so far behind that it has calls waiting: it needs no more of them.
            pass

    def _remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.folder / name)

    def _address(self, name: str) -> str:
        path = str(self.folder / name)
        if len(os.fsencode(path)) <= _LONGEST_ADDRESS or not _DESCRIPTORS.is_dir():
            return path
        if self._directory is None:
            self._directory = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        return f"{_DESCRIPTORS}/{self._directory}/{name}"


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def _answer(listening: socket.socket, called: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        while listening.recv(16):
            pass
    called()
