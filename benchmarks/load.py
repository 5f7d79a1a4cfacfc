"""The load generator, a process of its own: keep-alive connections with one request under way on each.

It reads one line of JSON, connects, prints `ready`, waits for a line, and prints what it counted. It is
written to use little processor time itself, not for realism: what is measured is the server's.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"
PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Exchange:
    """A connection, the answer it has received so far, and when its request was sent."""

    socket: socket.socket
    received: bytes = b""
    sent_at: float = 0.0

    def send(self, request: bytes) -> None:
        """Send the next request whole."""
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what is there; True once the connection is closed or the answer is complete."""
        try:
            data = self.socket.recv(262_144)
        except ConnectionError:
            data = b""
        if not data:
            self.received = b""
            return True
        self.received += data
        return is_complete(self.received)


@dataclass(slots=True)
class Tally:
    """What one run counted: answers with a 2xx status, anything else, bytes, and each answer's seconds."""

    answered: int = 0
    failed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        """Count one ended exchange."""
        self.latencies.append(time.perf_counter() - exchange.sent_at)
        self.bytes += len(exchange.received)
        if exchange.received[9:10] == b"2":
            self.answered += 1
        else:
            self.failed += 1

    def summary(self) -> dict[str, float]:
        """The counts and two percentiles, in milliseconds."""
        return {
            "answered": self.answered,
            "failed": self.failed,
            "bytes": self.bytes,
            "seconds": self.seconds,
            "p50_ms": percentile(self.latencies, 0.50) * 1e3,
            "p99_ms": percentile(self.latencies, 0.99) * 1e3,
        }


def is_complete(answer: bytes) -> bool:
    """Whether the bytes hold one whole HTTP/1.1 answer with a length or in chunks."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = CONTENT_LENGTH.search(answer, 0, head + 2)
    if length is None:
        return answer.endswith(LAST_CHUNK)
    return len(answer) >= head + 4 + int(length[1])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies, or 0 of nothing."""
    return sorted(values)[int((len(values) - 1) * share)] if values else 0.0


def drive(exchanges: Sequence[Exchange], requests: Iterator[bytes], seconds: float) -> Tally:
    """Send the requests as fast as they are answered, until they or the seconds are used up."""
    tally, start = Tally(), time.perf_counter()
    stop = start + seconds
    under_way = {exchange.socket.fileno(): exchange for exchange in exchanges}
    with select.epoll() as poll:
        for number, exchange in list(under_way.items()):
            poll.register(number, select.EPOLLIN)
            if not _send_next(exchange, requests, stop):
                del under_way[number]
        while under_way:
            ready = poll.poll(PATIENCE_SECONDS)
            for number, _ in ready:
                exchange = under_way[number]
                if exchange.receive():
                    tally.add(exchange)
                    if not exchange.received or not _send_next(exchange, requests, stop):
                        poll.unregister(number)
                        del under_way[number]
            if not ready:
                tally.failed += len(under_way)
                break
    tally.seconds = time.perf_counter() - start
    return tally


def _send_next(exchange: Exchange, requests: Iterator[bytes], stop: float) -> bool:
    if time.perf_counter() >= stop:
        return False
    request = next(requests, None)
    if request is None:
        return False
    exchange.send(request)
    return True


def connect(host: str, port: int) -> Exchange:
    """An open connection that does not wait to fill packets."""
    connection = socket.create_connection((host, port), PATIENCE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Exchange(connection)


def main() -> None:
    """One measurement, told by standard input and reported on standard output."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    requests = [request.encode("latin-1") for request in order["requests"]]
    exchanges = [connect(order["host"], order["port"]) for _ in range(order["connections"])]
    print("ready", flush=True)
    sys.stdin.readline()
    tally = drive(exchanges, islice(cycle(requests), order["count"]), order["seconds"])
    print(json.dumps(tally.summary()), flush=True)


if __name__ == "__main__":
    main()
