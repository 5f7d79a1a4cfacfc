"""Clients that create as fast as they are answered, and remember what the server acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from benchmarks.requests import send_json
from benchmarks.servers import HOST


def make_post(label: str) -> dict[str, Any]:
    """A post whose every field follows from its title, so that a half-written one shows."""
    return {
        "title": label,
        "slug": label.lower(),
        "body": f"{label} " * 40,
        "rating": len(label),
        "featured": True,
        "publishedAt": "2024-05-05T10:00:00.000Z",
        "author": 1,
        "category": 1,
    }


@dataclass
class Writers:
    """The clients of one round: `acknowledged` maps ids to the titles sent, `refused` holds other answers."""

    port: int
    round: int
    clients: int
    acknowledged: dict[int, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def start(self, acknowledgements: int) -> None:
        """Let all clients begin; `enough` is set once so many creates have been acknowledged."""
        for client in range(self.clients):
            thread = threading.Thread(target=self._write, args=(client, acknowledgements), daemon=True)
            self.threads.append(thread)
            thread.start()

    def join(self) -> None:
        """Wait until every client has noticed that its server is gone."""
        for thread in self.threads:
            thread.join(30)

    def _write(self, client: int, acknowledgements: int) -> None:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            for number in range(1_000_000):
                self._create(connection, f"Round {self.round} client {client} post {number}")
                if len(self.acknowledged) >= acknowledgements:
                    self.enough.set()
        except (OSError, http.client.HTTPException):
            connection.close()
        finally:
            self.enough.set()

    def _create(self, connection: http.client.HTTPConnection, title: str) -> None:
        request = send_json("/api/posts?depth=0", make_post(title))
        connection.request(request.method, request.target, request.body, dict(request.headers))
        response = connection.getresponse()
        body = response.read()
        if response.status == 201:
            self.acknowledged[json.loads(body)["doc"]["id"]] = title
        else:
            self.refused.append(f"{response.status} {body[:200]!r}")
