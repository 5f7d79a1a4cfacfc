"""Two nodes on one PostgreSQL, one of them killed again and again while messages are written and followed."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from benchmarks.reliability.streams import Subscriber, Writer
from benchmarks.requests import Request
from benchmarks.servers import Server, start_asgi

NODES = ("one", "two")
ARRIVAL_SECONDS = 60.0
PAGE = 500


@dataclass(frozen=True)
class FailoverPlan:
    """How long, with how many subscribers and messages a second, and how many seconds lie between two kills."""

    seconds: float = 60.0
    subscribers: int = 20
    rate: float = 200.0
    every: float = 5.0


@dataclass
class FailoverOutcome:
    """What happened, and every contradiction in words."""

    kills: int = 0
    between: int = 0
    acknowledged: int = 0
    stored: int = 0
    deliveries: int = 0
    connections: int = 0
    problems: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The outcome for a person."""
        told = (
            f"{self.kills} kills, {self.between} of them between commit and call: {self.acknowledged} messages "
            f"acknowledged, {self.stored} stored, {self.deliveries} deliveries over {self.connections} connections"
        )
        if not self.problems:
            return f"{told}, none lost, none repeated"
        return "\n".join([f"{told}, {len(self.problems)} PROBLEMS", *self.problems[:20]])


class Nodes:
    """The processes, each on its own port, which is the same after a kill."""

    def __init__(self, directory: Path, url: str) -> None:
        self._directory = directory
        separator = "&" if "?" in url else "?"
        self._url = f"{url}{separator}schema=failover_{secrets.token_hex(6)}"
        self.servers: list[Server] = []

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self.servers]

    def start(self) -> None:
        """Starts them one after the other: the first makes the tables."""
        for name in NODES:
            self.servers.append(self._start(name))
            self.servers[-1].ask(Request("GET", "/api/messages?limit=1"))

    async def kill(self, place: int, outcome: FailoverOutcome) -> None:
        """Kills a node and starts it again; every other time it dies by itself, right after a commit."""
        server = self.servers[place]
        outcome.kills += 1
        if outcome.kills % 2:
            server.signal(signal.SIGKILL)
        else:
            outcome.between += 1
            server.signal(signal.SIGUSR1)
        await asyncio.to_thread(server.wait, 30.0)
        self.servers[place] = self._start(server.name, server.port)

    def stored(self) -> set[int]:
        """The ids of all messages."""
        found: set[int] = set()
        while True:
            after = max(found, default=0)
            query = f"sort=id&limit={PAGE}&where%5Bid%5D%5Bgreater_than%5D={after}"
            docs = json.loads(self.servers[0].ask(Request("GET", f"/api/messages?{query}")))["docs"]
            if not docs:
                return found
            found |= {doc["id"] for doc in docs}

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    async def drop(self) -> None:
        """Removes what was made in the database."""
        url, _, schema = self._url.partition("schema=")
        connection = await asyncpg.connect(url.rstrip("?&"))
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await connection.close()

    def _start(self, name: str, port: int = 0) -> Server:
        environment = {"BENCHMARK_DATABASE": self._url, "HEADLESS_DATA_DIR": str(self._directory / "data")}
        return start_asgi(name, "benchmarks.reliability.node:app", environment, self._directory, port)


async def failover(directory: Path, url: str, plan: FailoverPlan, say: Callable[[str], None]) -> FailoverOutcome:
    """Runs the plan on the PostgreSQL at `url`, in a schema of its own."""
    nodes, outcome = Nodes(directory, url), FailoverOutcome()
    try:
        nodes.start()
        await _run(nodes, plan, outcome, say)
    finally:
        nodes.stop()
        await nodes.drop()
    return outcome


async def _run(nodes: Nodes, plan: FailoverPlan, outcome: FailoverOutcome, say: Callable[[str], None]) -> None:
    ports = nodes.ports
    subscribers = [Subscriber(ports, number) for number in range(plan.subscribers)]
    writers = [Writer(ports, number) for number in range(10)]
    async with asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(subscriber.follow()) for subscriber in subscribers]
        await asyncio.gather(*(subscriber.is_open.wait() for subscriber in subscribers))
        is_over = asyncio.Event()
        writing = tasks.create_task(_write(writers, plan.rate, is_over))
        await _kill(nodes, plan, outcome, say)
        is_over.set()
        await writing
        stored = await asyncio.to_thread(nodes.stored)
        await _arrived(subscribers, stored)
        for task in following:
            task.cancel()
    _judge(subscribers, writers, stored, outcome)


async def _kill(nodes: Nodes, plan: FailoverPlan, outcome: FailoverOutcome, say: Callable[[str], None]) -> None:
    """One node and the other in turn, for as long as planned; they are written to until it is over."""
    ends = asyncio.get_running_loop().time() + plan.seconds
    place = 0
    while asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(plan.every)
        await nodes.kill(place, outcome)
        say(f"node {NODES[place]} was killed and started again")
        place = 1 - place


async def _write(writers: list[Writer], rate: float, is_over: asyncio.Event) -> None:
    """Messages at a rate a second; a writer whose node died is late, and the others go on."""
    loop = asyncio.get_running_loop()
    begun, number = loop.time(), 0
    async with asyncio.TaskGroup() as tasks:
        while not is_over.is_set():
            while number < (loop.time() - begun) * rate:
                tasks.create_task(writers[number % len(writers)].write(f"message {number}"))
                number += 1
            await asyncio.sleep(0.005)


async def _arrived(subscribers: list[Subscriber], stored: set[int]) -> None:
    """Waits until everybody has everything, or has had the time for it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ARRIVAL_SECONDS):
            for subscriber in subscribers:
                await subscriber.until(len(stored))


def _judge(
    subscribers: list[Subscriber], writers: list[Writer], stored: set[int], outcome: FailoverOutcome
) -> None:
    acknowledged = {id for writer in writers for id in writer.acknowledged}
    outcome.acknowledged, outcome.stored = len(acknowledged), len(stored)
    outcome.problems += [f"a message was refused: {answer}" for writer in writers for answer in writer.refused]
    outcome.problems += [f"message {id} was acknowledged and is lost" for id in sorted(acknowledged - stored)]
    for number, subscriber in enumerate(subscribers):
        outcome.deliveries += len(subscriber.received)
        outcome.connections += subscriber.connected
        missing = stored - set(subscriber.received)
        repeated = [id for id, times in Counter(subscriber.received).items() if times > 1]
        if missing or repeated or subscriber.resets:
            outcome.problems.append(
                f"subscriber {number} misses {len(missing)} messages, got {len(repeated)} again, "
                f"was reset {subscriber.resets} times"
            )
        if subscriber.cursors != sorted(subscriber.cursors):
            outcome.problems.append(f"subscriber {number} got events out of their order")
