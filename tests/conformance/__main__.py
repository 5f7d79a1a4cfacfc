"""`python -m tests.conformance` runs the check and prints what differs."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import yaml

from tests.conformance.report import describe, fallen, read_floor, write_floor
from tests.conformance.run import Run, reduced, run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "payload-compatibility.md"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def raise_floor(done: Run) -> int:
    """Makes what passes now the floor, unless something that it holds is lost. Returns 1 then."""
    lost = fallen(done, read_floor())
    for line in lost:
        say(f"The floor may only rise: {line}")
    if not lost:
        write_floor(done.passing)
        write_count(sum(done.passing.values()))
    return 1 if lost else 0


def write_count(answers: int) -> None:
    """Tells the number of answers that are met on the page about compatibility."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(r"\*\*\d+ of (\d+) recorded", rf"**{answers} of \1 recorded", text), encoding="utf-8")


def main() -> int:
    """Returns 1 when a case fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("case", nargs="?", default="", help="only cases whose area/name contains this")
    parser.add_argument("--base-url", help="a running server with an empty database instead")
    parser.add_argument("--trace", action="store_true", help="print every request and answer")
    parser.add_argument("-v", "--verbose", action="store_true", help="list what was dropped and left out")
    parser.add_argument("--config", type=Path, help="only write the reduced configuration to this file")
    parser.add_argument("--update", action="store_true", help="make what passes now the floor")
    options = parser.parse_args()
    if options.config:
        options.config.write_text(yaml.safe_dump(reduced()[0].config, sort_keys=False), encoding="utf-8")
        return 0
    done = run(options.case, say if options.trace else None, options.base_url)
    for line in describe(done, verbose=options.verbose):
        say(line)
    if options.update:
        return raise_floor(done)
    return 1 if done.failing else 0


if __name__ == "__main__":
    sys.exit(main())
