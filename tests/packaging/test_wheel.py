"""The archives: a wheel made from the source archive holds everything, and works on its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import httpx2
import pytest

import dev
from headless.checkout import LINKED

ROOT = Path(dev.__file__).resolve().parent

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command: object, cwd: Path) -> str:
    """Runs a command far from the checkout and returns what it printed."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [str(part) for part in command]
    done = subprocess.run(line, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by way of the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a clean environment with the wheel; its dependencies are those this test runs with."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    run(*dev.pip_command(python), "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_wheel_holds_every_file_of_the_shipped_folders(wheel: Path) -> None:
    """What lies in collections/, endpoints/, admin_ui/ and examples/ ships under headless/, no more."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    ignored = {"__pycache__", ".mypy_cache", ".ruff_cache", "node_modules", "data"}
    for name in LINKED:
        paths = [path.relative_to(ROOT) for path in (ROOT / name).rglob("*") if path.is_file()]
        expected = {f"headless/{path.as_posix()}" for path in paths if not ignored & set(path.parts)}
        assert expected == {path for path in packed if path.startswith(f"headless/{name}/")}
    assert {path.split("/")[0] for path in packed} == {
        "headless",
        f"headless_content-{version('headless-content')}.dist-info",
    }
    assert "headless/py.typed" in packed


def test_the_wheel_imports_what_ships(python: Path, tmp_path: Path) -> None:
    """The shipped folders are imported as headless.collections and so on, from the wheel and nowhere else."""
    names = ", ".join(f"headless.{name}" for name in LINKED)
    code = f"import {names}; print(*[list(module.__path__)[0] for module in ({names})], sep='\\n')"
    places = run(python, "-c", code, cwd=tmp_path).split()
    assert places == [str(python.parent.parent / path) for path in packed_paths()]


def packed_paths() -> list[str]:
    folder = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/headless"
    return [f"{folder}/{name}" for name in LINKED]


def test_the_command_and_the_plugin_are_registered(python: Path, tmp_path: Path) -> None:
    """An installation has the command `headless` and the plugin `messages`."""
    assert run(python.parent / "headless", "--version", cwd=tmp_path) == f"headless {version('headless-content')}\n"
    code = "from importlib.metadata import entry_points as e; print(*e(group='headless.plugins').names)"
    assert "messages" in run(python, "-c", code, cwd=tmp_path).split()


def test_a_project_of_ones_own_starts_from_the_wheel(python: Path, tmp_path: Path) -> None:
    """The templates are in the wheel: a new project is written and its routes are served by it."""
    run(python.parent / "headless", "new", "shop", cwd=tmp_path)
    assert "/api/posts" in run(python.parent / "headless", "routes", cwd=tmp_path / "shop")


def test_the_demo_is_served_from_the_wheel(python: Path, tmp_path: Path) -> None:
    """Pages, templates and modules are in the wheel: the chat, the admin and the API answer."""
    command = [str(python), "-m", "headless.examples.messages.demo", "--port", "0"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HEADLESS_", "PYTHONPATH"))}
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            line = next(line for line in demo.stdout if "Start here" in line)
            address = line.split()[-1]
            assert httpx2.get(f"{address}/api/messages?limit=3").json()["totalDocs"] > 3
            for path in ("/", "/chat?as=1", "/admin/login"):
                page = httpx2.get(address + path, follow_redirects=True)
                assert page.status_code == 200
                assets = re.findall(r'(?:href|src)="(/[^"?]+\.(?:css|js|mjs|svg))', page.text)
                assert {httpx2.get(address + asset).status_code for asset in assets} <= {200}
                assert assets
        finally:
            demo.terminate()
