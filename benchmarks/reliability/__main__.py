"""`python -m benchmarks.reliability kill`: kill the server while it stores, then look for what it lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reliability.kill import KillPlan, kill_rounds


def main(words: Sequence[str]) -> int:
    """Run the command line; the status is 1 when anything was lost or half written."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    parser.add_argument("what", choices=["kill"])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--port", type=int, default=0, help="the port to use; any free one otherwise")
    arguments = parser.parse_args(words)
    plan = KillPlan(arguments.rounds, arguments.clients, port=arguments.port)
    with tempfile.TemporaryDirectory(prefix="reliability-") as directory:
        outcome = kill_rounds(Path(directory), plan, print)
    print(outcome.sentence())
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
