"""Many subscribers in one process: holds the connections by epoll and times every message that reaches each.

It reads one line of JSON, connects, prints `ready …`, and prints what it counted once every connection has
received the expected number of messages, every connection was closed, or the time is over. A message carries
the moment it was sent as `[nanoseconds]` of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import re
import resource
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load import percentile

SENT_AT = re.compile(rb"\[(\d{9,})\]")
CLIENT_ID = re.compile(rb'"clientId":"([^"]+)"')
HANDSHAKES = 100
KEPT = 64


@dataclass(slots=True)
class Subscriber:
    """One connection: the end of what it received, and how many messages that was."""

    socket: socket.socket
    ready: bool = False
    tail: bytes = b""
    messages: int = 0


@dataclass
class Audience:
    """All subscribers of one stream. `topic` is for servers whose stream is joined by a second request."""

    host: str
    port: int
    path: str
    topic: str | None = None
    open: dict[int, Subscriber] = field(default_factory=dict)
    poll: select.epoll = field(default_factory=select.epoll)
    latencies: list[float] = field(default_factory=list)
    per_subscriber: list[int] = field(default_factory=list)
    greeting: int = 0
    closed: int = 0

    def connect(self, count: int, seconds: float) -> int:
        """Open the connections, a hundred handshakes at a time; how many are subscribed."""
        stop = time.monotonic() + seconds
        wanted = count
        while (wanted or self.greeting) and time.monotonic() < stop:
            while wanted and self.greeting < HANDSHAKES:
                self._open_one()
                wanted -= 1
            self._receive(0.1)
        return sum(subscriber.ready for subscriber in self.open.values())

    def listen(self, messages: int, seconds: float) -> None:
        """Receive until every subscriber has its messages, all are gone, or the time is over."""
        stop = time.monotonic() + seconds
        expected = messages * len(self.open)
        while self.open and len(self.latencies) < expected and time.monotonic() < stop:
            self._receive(0.1)

    def summary(self) -> dict[str, float]:
        """Counts, and the time from sending to receiving in milliseconds."""
        counts = self.per_subscriber + [subscriber.messages for subscriber in self.open.values()]
        return {
            "deliveries": len(self.latencies),
            "fewest": min(counts, default=0),
            "most": max(counts, default=0),
            "closed": self.closed,
            "p50_ms": percentile(self.latencies, 0.50) * 1e3,
            "p99_ms": percentile(self.latencies, 0.99) * 1e3,
        }

    def _open_one(self) -> None:
        connection = socket.create_connection((self.host, self.port), 10)
        connection.sendall(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        connection.setblocking(False)
        self.open[connection.fileno()] = Subscriber(connection)
        self.greeting += 1
        self.poll.register(connection.fileno(), select.EPOLLIN)

    def _receive(self, seconds: float) -> None:
        for number, _ in self.poll.poll(seconds):
            subscriber = self.open[number]
            try:
                data = subscriber.socket.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                self._close(number)
            elif subscriber.ready:
                self._count(subscriber, data)
            else:
                self._greet(subscriber, data)

    def _greet(self, subscriber: Subscriber, data: bytes) -> None:
        subscriber.tail += data
        if b"\r\n\r\n" not in subscriber.tail:
            return
        if self.topic is not None:
            client = CLIENT_ID.search(subscriber.tail)
            if client is None:
                return
            self._join(client[1].decode())
        elif not subscriber.tail.startswith(b"HTTP/1.1 200"):
            self._close(subscriber.socket.fileno())
            return
        subscriber.ready = True
        subscriber.tail = b""
        self.greeting -= 1

    def _join(self, client: str) -> None:
        body = json.dumps({"clientId": client, "subscriptions": [self.topic]})
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((self.host, self.port), 10) as connection:
            connection.sendall((head + body).encode())
            connection.recv(4096)

    def _count(self, subscriber: Subscriber, data: bytes) -> None:
        now = time.monotonic_ns()
        data = subscriber.tail + data
        end = 0
        for match in SENT_AT.finditer(data):
            self.latencies.append((now - int(match[1])) / 1e9)
            subscriber.messages += 1
            end = match.end()
        # A moment may be cut in two by the network; what was counted must not be seen again.
        subscriber.tail = data[max(end, len(data) - KEPT) :]

    def _close(self, number: int) -> None:
        subscriber = self.open.pop(number)
        self.greeting -= not subscriber.ready
        self.poll.unregister(number)
        subscriber.socket.close()
        self.per_subscriber.append(subscriber.messages)
        self.closed += 1


def allow_descriptors() -> None:
    """Raise the soft limit on open files to what the system permits."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """One audience, told by standard input and reported on standard output."""
    allow_descriptors()
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    audience = Audience(order["host"], order["port"], order["path"], order["topic"])
    print("ready", audience.connect(order["count"], order["seconds"]), flush=True)
    audience.listen(order["messages"], order["seconds"])
    print(json.dumps(audience.summary()), flush=True)


if __name__ == "__main__":
    main()
