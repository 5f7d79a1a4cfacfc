"""What was not run is said: skipped tests are named with the reason, and required ones cannot be skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MISSING = {"CHROMIUM": "/nowhere/chromium"}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest on the guards of the services, on a machine as the variables describe it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TEST_REQUIRE"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("parallel", [[], ["-n1"]])
def test_a_missing_service_is_named_in_the_summary(parallel: list[str]) -> None:
    """Without Chromium the browser tests are skipped, loudly: how many, why, and what to do. In parallel too."""
    done = run("tests/test_services.py", "-m", "browser", "--color=yes", *parallel, **MISSING)
    assert done.returncode == 0
    line = next(line for line in done.stdout.splitlines() if "NOT RUN" in line)
    assert "\x1b[1m" in line
    assert "NOT RUN: 1 test – Chromium not found: apt-get install -y chromium" in line


def test_a_required_service_that_is_missing_is_an_error() -> None:
    """TEST_REQUIRE makes absence an error, before anything is run."""
    done = run("tests/test_services.py", "-m", "browser", TEST_REQUIRE="browser", **MISSING)
    assert done.returncode == 1
    assert "Chromium not found" in done.stdout + done.stderr


def test_a_required_service_that_does_not_exist_is_an_error() -> None:
    """A slip in TEST_REQUIRE does not require nothing."""
    done = run("tests/test_services.py", "-m", "browser", TEST_REQUIRE="browser,postgress")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "TEST_REQUIRE names postgress" in done.stderr


def test_a_test_of_a_required_service_cannot_skip_itself(tmp_path: Path) -> None:
    """A skip from inside the test fails when its service is required."""
    path = tmp_path / "test_loophole.py"
    path.write_text(
        "import pytest\n\n@pytest.mark.redis\ndef test_it():\n    pytest.skip('not today')\n", encoding="utf-8"
    )
    options = ["-c", str(ROOT / "pyproject.toml"), "--confcutdir", str(ROOT), "-p", "tests.conftest"]
    assert run(str(path), *options).returncode == 0
    done = run(str(path), *options, TEST_REQUIRE="redis")
    assert done.returncode == 1
    assert "this was skipped: not today" in done.stdout
