"""`python -m benchmarks.reliability kill|failover`: kill servers while they store, then look for what was lost."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reliability.failover import FailoverOutcome, FailoverPlan, failover
from benchmarks.reliability.kill import KillPlan, Outcome, kill_rounds

POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/postgres"


def main(words: Sequence[str]) -> int:
    """Run the command line; the status is 1 when anything was lost, repeated or half written."""
    arguments = _parser().parse_args(words)
    outcome: Outcome | FailoverOutcome
    with tempfile.TemporaryDirectory(prefix="reliability-") as directory:
        if arguments.what == "kill":
            plan = KillPlan(arguments.rounds, arguments.clients, port=arguments.port)
            outcome = kill_rounds(Path(directory), plan, print)
        else:
            course = FailoverPlan(arguments.seconds, arguments.subscribers, arguments.rate, arguments.every)
            outcome = asyncio.run(failover(Path(directory), arguments.database, course, print))
    print(outcome.sentence())
    return 1 if outcome.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    kinds = parser.add_subparsers(dest="what", required=True)
    kill = kinds.add_parser("kill", help="one server on SQLite, killed in the middle of creates")
    kill.add_argument("--rounds", type=int, default=20)
    kill.add_argument("--clients", type=int, default=10)
    kill.add_argument("--port", type=int, default=0, help="the port to use; any free one otherwise")
    nodes = kinds.add_parser("failover", help="two nodes on PostgreSQL, one killed while messages are followed")
    plan = FailoverPlan()
    nodes.add_argument("--database", default=os.environ.get("TEST_POSTGRES_URL", POSTGRESQL), help="a server's URL")
    nodes.add_argument("--seconds", type=float, default=plan.seconds)
    nodes.add_argument("--subscribers", type=int, default=plan.subscribers)
    nodes.add_argument("--rate", type=float, default=plan.rate, help="messages a second")
    nodes.add_argument("--every", type=float, default=plan.every, help="seconds between two kills")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
