"""The public module `headless.testing`: its names, and what it does not need."""

from __future__ import annotations

import subprocess
import sys

import headless.testing


def test_the_public_names() -> None:
    """These are promised; a change is one that users notice."""
    assert sorted(headless.testing.__all__) == [
        "SYSTEM", "Scenario", "StillClock", "Stream", "StreamEvent", "TestClient", "User", "run_scenarios",
    ]  # fmt: skip


def test_it_does_not_import_pytest() -> None:
    """Any test runner will do."""
    code = "import sys, headless.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_its_extra_it_says_which() -> None:
    """A project that lacks httpx2 is told what to install."""
    code = "import sys; sys.modules['httpx2'] = None; import headless.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'headless-content[testing]'" in done.stderr
