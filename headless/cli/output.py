"""What the command line prints for people: messages on standard error, results on standard output."""

from __future__ import annotations

import traceback
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from headless.errors import ConfigError, HeadlessError

PACKAGE = Path(__file__).resolve().parent.parent

messages = Console(stderr=True, highlight=False, soft_wrap=True)
results = Console(highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """One line of what is going on. `text` may hold Rich's markup; escape what is not yours."""
    messages.print(text, style=style or None)


def warn(text: str) -> None:
    """One line someone should read."""
    messages.print(f"[bold yellow]{escape(text)}[/]")


def fail(error: BaseException) -> None:
    """Prints an error as its kind deserves: the platform's by its message, another with where it happened."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            messages.print(f"[bold red]error:[/] {escape(problem)}")
    elif isinstance(error, HeadlessError):
        messages.print(f"[bold red]error:[/] {escape(error.message)}")
    elif isinstance(error, SyntaxError) and error.filename:
        messages.print(f"[bold red]error:[/] {escape(f'{error.filename}:{error.lineno}: {error.msg}')}")
    else:
        messages.print(escape("".join(own_traceback(error).format()).rstrip()))


def own_traceback(error: BaseException) -> traceback.TracebackException:
    """The traceback from the project's first line on: how the command line got there is nobody's business."""
    found = traceback.TracebackException.from_exception(error)
    own = [is_own(Path(frame.filename)) for frame in found.stack]
    if any(own):
        found.stack = traceback.StackSummary.from_list(found.stack[own.index(True) :])
    return found


def is_own(path: Path) -> bool:
    """Whether a file belongs to the project in the current folder."""
    installed = "site-packages" in path.parts or path.is_relative_to(PACKAGE)
    return path.is_relative_to(Path.cwd()) and not installed


def shown(path: str | Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
