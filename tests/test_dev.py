"""`dev.py`: it works on a bare machine, does not repeat itself, and says what is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import dev


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, whose links are whole."""
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "require_links", lambda: None)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been run: nothing is."""
    ran: list[list[str]] = []

    def note(*command: object) -> int:
        ran.append([str(part) for part in command])
        return 0

    monkeypatch.setattr(dev, "run", note)
    monkeypatch.setattr(dev, "become", note)
    return ran


@pytest.fixture
def made(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose environment exists, with a pip of its own."""
    monkeypatch.setattr(dev, "answers", lambda *command: True)
    (root / ".venv").mkdir()
    return root


def test_an_environment_is_made_without_ensurepip(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian without python3-venv: the environment has no pip, and the pip outside installs into it."""
    monkeypatch.setattr(dev, "has_ensurepip", lambda: False)
    dev.make_venv()
    assert dev.answers(dev.venv_python(), "-c", "import json")
    assert not dev.answers(dev.venv_python(), "-m", "pip", "--version")
    assert dev.pip_command(dev.venv_python())[1:] == ["-m", "pip", "--python", str(dev.venv_python())]


def test_no_pip_at_all_is_said_with_the_remedy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names Debian's package."""
    monkeypatch.setattr(dev, "answers", lambda *command: False)
    with pytest.raises(dev.Stop, match="apt-get install -y python3-venv"):
        dev.pip_command(dev.venv_python())


def test_an_environment_that_does_not_run_is_made_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the Python it was made with is gone, or is too old, it is replaced."""
    python = dev.venv_python()
    python.parent.mkdir(parents=True)
    python.symlink_to("/nowhere/python3")
    monkeypatch.setattr(dev, "has_ensurepip", lambda: False)
    dev.make_venv()
    assert dev.answers(python, "-c", "import json")


def test_packages_are_installed_once_for_each_declaration(made: Path, commands: list[list[str]]) -> None:
    """A second run installs nothing; a changed pyproject.toml, or another extra, does."""
    dev.install()
    dev.install()
    assert [command[-1] for command in commands] == ["."]
    dev.install("test")
    (made / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    dev.install()
    assert [command[-1] for command in commands] == [".", ".[test]", "."]


def test_a_failed_installation_is_tried_again(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marker is written after the installation, not before."""

    def fail(*command: object) -> None:
        raise dev.Stop("no network")

    monkeypatch.setattr(dev, "run", fail)
    with pytest.raises(dev.Stop):
        dev.install()
    assert not list((made / ".venv").glob(".headless-*"))


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["demo"], ["-m", "headless.examples.messages.demo"]),
        (["demo", "--port", "3001"], ["-m", "headless.examples.messages.demo", "--port", "3001"]),
        (["test"], ["-m", "pytest", "--numprocesses=auto", "--dist=worksteal"]),
        (["test", "-k", "new"], ["-m", "pytest", "--numprocesses=auto", "--dist=worksteal", "-k", "new"]),
        (["bench", "--quick"], ["-m", "benchmarks", "--quick"]),
    ],
)
def test_a_command_runs_in_the_environment(
    made: Path, commands: list[list[str]], arguments: list[str], command: list[str]
) -> None:
    """Further arguments are passed on."""
    assert dev.main(arguments) == 0
    assert commands[-1] == [str(made / ".venv" / "bin" / "python"), *command]


def test_chromium_is_installed_when_asked(
    made: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`test --install` asks apt, as root, and does not pass the option on."""
    monkeypatch.setattr(dev, "find_chromium", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/usr/bin/{name}")
    assert dev.main(["test", "--install", "-x"]) == 0
    assert ["apt-get", "install", "-y", "--no-install-recommends", "chromium"] in commands
    assert commands[-1][-1] == "-x"
    assert "--install" not in commands[-1]


def test_installing_without_root_is_refused(
    made: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how else to provide a browser."""
    monkeypatch.setattr(dev, "find_chromium", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert dev.main(["test", "--install"]) == 1
    assert "set CHROMIUM" in capsys.readouterr().err
    assert commands == []


def test_chromium_is_the_named_one_or_the_first_on_the_path(tmp_path: Path) -> None:
    """$CHROMIUM goes before Debian's names; a named one that is missing is not replaced by another."""
    for name in ("chromium", "special"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    path = str(tmp_path)
    assert dev.find_chromium({"PATH": path}) == f"{path}/chromium"
    assert dev.find_chromium({"PATH": path, "CHROMIUM": f"{path}/special"}) == f"{path}/special"
    assert dev.find_chromium({"PATH": path, "CHROMIUM": f"{path}/missing"}) is None
    assert dev.find_chromium({"PATH": ""}) is None


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 7, 0), (2, 7, 18)])
def test_an_old_python_is_refused_by_name(version: tuple[int, ...]) -> None:
    """The message says which version is needed and how to choose one."""
    with pytest.raises(dev.Stop, match=r"needs Python 3\.11 or newer; this is \d\.\d+ .*\n.*python3\.11 dev\.py"):
        dev.require_python(version)


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--help"], 0), (["destroy"], 2)])
def test_the_commands_are_listed(arguments: Sequence[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command, and with an unknown one, every command is named."""
    assert dev.main(arguments) == code
    printed = capsys.readouterr()
    assert all(f"  {name} " in printed.out + printed.err for name in dev.COMMANDS)


def test_nothing_but_the_standard_library_is_imported() -> None:
    """It runs before anything is installed."""
    code = "import sys; sys.path.insert(0, '.'); import dev"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=dev.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
