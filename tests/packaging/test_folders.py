"""The folders at the root that ship in the package: they hide nothing of Python's, and their links hold."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dev
from headless.checkout import LINKED, require_links

ROOT = Path(dev.__file__).resolve().parent


@pytest.mark.parametrize("name", LINKED)
def test_no_folder_is_a_package_at_the_root(name: str) -> None:
    """`collections/__init__.py` would hide the standard library's from `python -m pytest`."""
    assert (ROOT / name).is_dir()
    assert not (ROOT / name / "__init__.py").exists()


@pytest.mark.parametrize("name", LINKED)
def test_the_links_are_relative(name: str) -> None:
    """A checkout can be moved."""
    link = ROOT / "headless" / name
    assert link.is_symlink()
    assert str(link.readlink()) == f"../{name}"


@pytest.mark.parametrize(
    "module", [["pytest", "--version"], ["venv", "--without-pip", "{folder}/x"], ["json.tool", "--help"]]
)
def test_modules_of_python_run_from_the_root(module: list[str], tmp_path: Path) -> None:
    """`python -m pytest` and `python -m venv x` work where the folders lie."""
    command = [sys.executable, "-m", *(part.format(folder=tmp_path) for part in module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def drop(link: Path) -> None:
    link.unlink()


def write_as_text(link: Path) -> None:
    target = link.readlink()
    link.unlink()
    link.write_text(str(target))


def point_nowhere(link: Path) -> None:
    link.unlink()
    link.symlink_to("../elsewhere")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout as far as the links and the first import need it."""
    (tmp_path / "headless").mkdir()
    for path in (ROOT / "headless").glob("*.py"):
        shutil.copy(path, tmp_path / "headless")
    for name in LINKED:
        (tmp_path / name).mkdir()
        (tmp_path / "headless" / name).symlink_to(f"../{name}")
    return tmp_path


def assert_remedy(text: str) -> None:
    assert "headless/collections" in text
    assert "headless/endpoints" not in text
    assert "git config core.symlinks true" in text
    assert "git checkout -- headless/collections" in text


BREAKAGES = pytest.mark.parametrize("breakage", [drop, write_as_text, point_nowhere])


@BREAKAGES
def test_a_broken_link_is_named_by_dev_with_the_remedy(
    breakage: Callable[[Path], None], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout without symlink rights holds text files instead: `python3 dev.py demo` says what to do."""
    shutil.copy(ROOT / "dev.py", checkout)
    breakage(checkout / "headless" / "collections")
    done = subprocess.run([sys.executable, "dev.py", "demo"], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert_remedy(done.stderr)
    assert not (checkout / ".venv").exists()


@BREAKAGES
def test_a_broken_link_is_named_by_the_import_with_the_remedy(breakage: Callable[[Path], None], checkout: Path) -> None:
    """`import headless` says it too, before some inner import fails for a reason nobody understands."""
    breakage(checkout / "headless" / "collections")
    done = subprocess.run(
        [sys.executable, "-c", "import headless"], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert_remedy(done.stderr)


def test_whole_links_are_accepted(checkout: Path) -> None:
    """Links, and the folders themselves as an installed package has them, both do."""
    require_links(str(checkout / "headless"))
    link = checkout / "headless" / "examples"
    link.unlink()
    link.mkdir()
    require_links(str(checkout / "headless"))
