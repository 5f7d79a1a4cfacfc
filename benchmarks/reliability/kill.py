"""Rounds of `kill -9` in the middle of concurrent creates, each followed by a search for anything lost."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.reliability.writers import Writers, make_post
from benchmarks.requests import Request, send_json
from benchmarks.servers import Server
from benchmarks.targets import HeadlessTarget

PAGE = 500


@dataclass(frozen=True)
class KillPlan:
    """How often the server is killed, after how many acknowledged creates, by how many clients."""

    rounds: int = 20
    clients: int = 10
    fewest: int = 200
    most: int = 4_000
    port: int = 0


@dataclass
class Outcome:
    """What was acknowledged and found over all rounds, and every contradiction, in words."""

    rounds: int = 0
    acknowledged: int = 0
    documents: int = 0
    problems: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The outcome for a person."""
        found = f"{self.rounds} rounds of kill -9: {self.acknowledged} acknowledged, {self.documents} found"
        if not self.problems:
            return f"{found}, none lost, none half written, the change log agrees"
        return "\n".join([f"{found}, {len(self.problems)} PROBLEMS", *self.problems[:20]])


def kill_rounds(directory: Path, plan: KillPlan, say: Callable[[str], None]) -> Outcome:
    """Create, kill, start again and look, as often as planned; then look at everything once more."""
    target, outcome = HeadlessTarget(), Outcome()
    acknowledged: dict[int, str] = {}
    draw = random.Random(plan.rounds)
    server = target.start(directory, plan.port)
    try:
        _prepare(server)
        for number in range(1, plan.rounds + 1):
            fresh = _create_until_killed(server, number, draw.randint(plan.fewest, plan.most), plan, outcome)
            server = target.start(directory, plan.port)
            last = max(acknowledged, default=0)
            acknowledged |= fresh
            _compare(fresh, _documents(server, last), outcome)
            outcome.rounds, outcome.acknowledged = number, len(acknowledged)
            say(f"round {number}: {len(fresh)} acknowledged, {len(outcome.problems)} problems so far")
        found = _documents(server, 0)
        outcome.documents = len(found)
        _compare(acknowledged, found, outcome)
    finally:
        server.stop()
    _compare_log(directory / f"{target.name}.db", found, outcome)
    return outcome


def _prepare(server: Server) -> None:
    server.ask(send_json("/api/users", {"name": "Author", "email": "author@example.com"}))
    server.ask(send_json("/api/categories", {"name": "Category"}))


def _create_until_killed(
    server: Server, number: int, acknowledgements: int, plan: KillPlan, outcome: Outcome
) -> dict[int, str]:
    writers = Writers(server.port, number, plan.clients)
    writers.start(acknowledgements)
    writers.enough.wait(60)
    server.signal(signal.SIGKILL)
    server.wait()
    writers.join()
    outcome.problems += [f"round {number}: a create was answered with {answer}" for answer in writers.refused]
    return writers.acknowledged


def _documents(server: Server, after: int) -> dict[int, dict[str, Any]]:
    """All posts with a higher id, by id."""
    return {doc["id"]: doc for page in _pages(server, after) for doc in page}


def _pages(server: Server, after: int) -> Iterator[list[dict[str, Any]]]:
    while True:
        where = f"where%5Bid%5D%5Bgreater_than%5D={after}"
        answer = server.ask(Request("GET", f"/api/posts?sort=id&limit={PAGE}&depth=0&{where}"))
        docs: list[dict[str, Any]] = json.loads(answer)["docs"]
        if not docs:
            return
        yield docs
        after = docs[-1]["id"]


def _compare(acknowledged: dict[int, str], found: dict[int, dict[str, Any]], outcome: Outcome) -> None:
    for id, title in acknowledged.items():
        if id not in found:
            outcome.problems.append(f"post {id} ({title}) was acknowledged and is lost")
        elif found[id]["title"] != title:
            outcome.problems.append(f"post {id} was acknowledged as {title} and is {found[id]['title']}")
    for id, doc in found.items():
        whole = make_post(doc["title"])
        if {key: doc.get(key) for key in whole} != whole:
            outcome.problems.append(f"post {id} ({doc['title']}) is half written: {doc}")


def _compare_log(database: Path, found: dict[int, dict[str, Any]], outcome: Outcome) -> None:
    """Every post has exactly one change, a create whose image is the post; and the file itself is sound."""
    connection = sqlite3.connect(database)
    verdict = connection.execute("pragma integrity_check").fetchone()[0]
    if verdict != "ok":
        outcome.problems.append(f"the database says: {verdict}")
    rows = connection.execute(
        "select document, operation, after from _changes where collection = 'posts' order by seq"
    ).fetchall()
    connection.close()
    logged = {json.loads(document): json.loads(after) for document, _, after in rows}
    if len(rows) != len(logged) or {operation for _, operation, _ in rows} - {"create"}:
        outcome.problems.append(f"the change log holds {len(rows)} changes of {len(logged)} posts")
    for id in found.keys() ^ logged.keys():
        outcome.problems.append(f"post {id} is in {'the collection' if id in found else 'the log'} only")
    for id in found.keys() & logged.keys():
        if logged[id] != found[id]:
            outcome.problems.append(f"post {id} and its change differ: {logged[id]} and {found[id]}")
