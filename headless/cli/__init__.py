"""The command line: `headless new`, `dev`, `start`, `routes`, `generate`, `users create`, and what plugins add."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from headless.cli.commands import run


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its code: 1 for what the user can mend, 2 for a wrong command line."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
