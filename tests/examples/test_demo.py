"""The demo: what it prints, what it serves, and how it says that a port is taken."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headless.examples.messages import demo as demo_module
from tests.examples.running import command, demo, environment


def test_it_prints_links_a_login_and_last_a_command(tmp_path: Path) -> None:
    """Every link that is printed answers, the login works, and the last line is the command for a project."""
    with demo(tmp_path, "--port", "0") as running:
        links = [word.strip("'") for word in running.printed.split() if "http://" in word]
        pages = [link for link in links if not link.endswith("/sse")]
        assert len(pages) == 5
        for link in pages:
            assert httpx2.get(link, follow_redirects=True).status_code == 200, link
        login = {"email": "ada@example.com", "password": demo_module.PASSWORD}
        assert login["password"] in running.printed
        assert httpx2.post(f"{running.address}/api/users/login", json=login).status_code == 200
        assert running.printed.splitlines()[-1] == demo_module.own_project()


def test_the_last_line_starts_a_project(tmp_path: Path) -> None:
    """Its first half, run in a shell in an empty folder, makes the project."""
    make = demo_module.own_project().partition(" && ")[0]
    subprocess.run(make, shell=True, cwd=tmp_path, env=environment(), check=True, capture_output=True)  # noqa: S602
    assert (tmp_path / "shop" / "shop" / "app.py").is_file()


def test_people_and_messages_are_made_once(tmp_path: Path) -> None:
    """A second start finds what the first one made, in a folder of its own."""
    for _ in range(2):
        with demo(tmp_path, "--port", "0") as running:
            found: dict[str, Any] = httpx2.get(f"{running.address}/api/messages?limit=100&depth=1").json()
            running.end()
    assert found["totalDocs"] == 12
    assert found["docs"][0]["sender"]["email"] == "grace@example.com"
    assert found["docs"][0]["timestamp"] > found["docs"][-1]["timestamp"]
    assert (tmp_path / "demo-data" / "demo.db").is_file()


def test_the_folder_can_be_another(tmp_path: Path) -> None:
    """HEADLESS_DATA_DIR says where."""
    with demo(tmp_path, "--port", "0", HEADLESS_DATA_DIR="elsewhere") as running:
        assert str(tmp_path / "elsewhere") in running.printed
    assert (tmp_path / "elsewhere" / "demo.db").is_file()
    assert not (tmp_path / "demo-data").exists()


def test_a_busy_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    """One line names the port and one that is free; nothing else is printed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = command("--port", str(port))
        done = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Port {port} is in use by another program.")
    assert "--port 30" in done.stderr or "--port " in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_start_page_shows_where_everything_is(tmp_path: Path) -> None:
    """The chat as either, the admin, the API, and lines for a terminal; any other path is not found."""
    with demo(tmp_path, "--port", "0") as running:
        page = httpx2.get(running.address)
        assert "script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for link in ('href="/chat?as=1"', 'href="/chat?as=2"', 'href="/admin"', 'href="/api/messages?limit=3"'):
            assert link in page.text
        assert f"curl -N {running.address}/api/messages/sse" in page.text
        for nowhere in ("/nowhere", "/chat/nowhere", "/chat/../demo.py"):
            assert httpx2.get(running.address + nowhere).status_code == 404


def test_a_command_line_that_means_nothing_is_refused(tmp_path: Path) -> None:
    """With the options that there are."""
    done = subprocess.run(command("--prot", "1"), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--port" in done.stderr


@pytest.mark.parametrize("on_path", [True, False])
def test_the_command_is_one_that_can_be_typed(monkeypatch: pytest.MonkeyPatch, on_path: bool) -> None:
    """Plain `headless` where the shell finds this very installation, else its whole path."""
    installed = Path(sys.executable).with_name("headless")
    monkeypatch.setattr(shutil, "which", lambda name: str(installed) if on_path else "/usr/bin/headless")
    typed = "headless" if on_path else str(installed)
    assert demo_module.own_project() == f"{typed} new shop && cd shop && {typed} dev"
