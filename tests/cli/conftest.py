"""A folder of its own for each test, in which commands are run as the command line does."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from headless.cli.commands import cli, run

SETTINGS = ("DATABASE_URL", "HEADLESS_CONFIG", "HEADLESS_DATA_DIR", "HEADLESS_SECRET")


class Done(NamedTuple):
    """A command that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


Headless = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder. What a command imports or reads into the environment is gone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in SETTINGS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    commands = list(cli.registered_commands)
    yield tmp_path
    cli.registered_commands[:] = commands
    forget(tmp_path)


def forget(folder: Path) -> None:
    """Drops the modules that were imported from a folder."""
    for name, module in list(sys.modules.items()):
        if str(folder) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def headless(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Headless:
    """Runs a command line in the folder, with text on its standard input, as if in a process of its own."""

    def call(*arguments: str, given: str = "") -> Done:
        forget(folder)
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        capsys.readouterr()
        return Done(run(list(arguments)), *capsys.readouterr())

    return call
