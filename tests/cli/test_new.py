"""`headless new`: the files of a project, and the names that cannot be one."""

from __future__ import annotations

import ast
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from headless.cli.commands import run
from headless.environment import read_environment

PYTHON = {
    ".env",
    ".gitignore",
    "README.md",
    "my_shop/__init__.py",
    "my_shop/app.py",
    "my_shop/collections/__init__.py",
    "my_shop/collections/posts.py",
    "pyproject.toml",
    "tests/test_posts.py",
}
YAML = {
    ".headless/schema.json",
    ".env",
    ".gitignore",
    "README.md",
    "collections/posts.yaml",
    "functions.py",
    "headless.yaml",
    "tests/test_posts.py",
}


pytestmark = pytest.mark.usefixtures("folder")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("options", "expected"), [([], PYTHON), (["--yaml"], YAML)])
def test_a_project_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: set[str]
) -> None:
    """Both forms have everything they need, every file is named, and the next command is printed."""
    assert run(["new", "my-shop", *options]) == 0
    assert files(folder / "my-shop") == expected
    printed = capsys.readouterr().out
    assert all(f"my-shop/{name}" in printed for name in expected)
    assert "cd my-shop && headless dev" in printed


@pytest.mark.parametrize("options", [[], ["--yaml"]])
def test_no_placeholder_is_left(folder: Path, options: list[str]) -> None:
    """What is written is plain Python, YAML and Markdown."""
    run(["new", "my-shop", *options])
    texts = {name: (folder / "my-shop" / name).read_text() for name in files(folder / "my-shop")}
    assert not [name for name, text in texts.items() if "{{" in text or "{%" in text]
    for name, text in texts.items():
        if name.endswith(".py"):
            ast.parse(text, name)


def test_every_project_has_a_secret_of_its_own(folder: Path) -> None:
    """The secret is random, only its owner may read it, and git ignores it."""
    run(["new", "one"])
    run(["new", "two", "--yaml"])
    paths = [folder / name / ".env" for name in ("one", "two")]
    first, second = (read_environment(path)["HEADLESS_SECRET"] for path in paths)
    assert len(first) >= 32
    assert first != second
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    assert all(".env" in (path.parent / ".gitignore").read_text().splitlines() for path in paths)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Shop", "lower-case"),
        ("my shop", "lower-case"),
        ("1shop", "lower-case"),
        ("shop-", "lower-case"),
        ("../shop", "lower-case"),
        ("", "lower-case"),
        ("größe", "lower-case"),
        ("class", "a word of the Python language"),
        ("match", "a word of the Python language"),
        ("collections", "hide Python's own"),
        ("email", "hide Python's own"),
        ("test", "hide Python's own"),
        ("tests", "is taken"),
        ("headless", "is taken"),
        ("jinja2", "is installed already"),
    ],
)
def test_a_name_that_cannot_be_a_package_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    """The reason is said, and nothing is written."""
    assert run(["new", name]) == 1
    assert reason in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_an_existing_folder_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of that name is refused, even an empty one."""
    (folder / "shop").mkdir()
    assert run(["new", "shop"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert files(folder) == set()


@pytest.mark.parametrize("options", [[], ["--yaml"]])
def test_the_tests_of_a_new_project_pass(folder: Path, options: list[str]) -> None:
    """What is written works as it is, and its tests say so."""
    run(["new", "my-shop", *options])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error"],
        cwd=folder / "my-shop",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
