"""`headless start`: what it needs before it serves, and that it serves and ends."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Headless
from tests.cli.running import running, write

APP = """
from headless import Collection, Headless, fields

notes = Collection("notes", fields=[fields.Text("title")], access={{"read": "anyone"}})
app = Headless(collections=[notes]{options})
"""
SECRET = "a secret that is long enough to sign with"


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, {"app.py": APP.format(options="")})


@pytest.mark.parametrize(("options", "name"), [("", "HEADLESS_SECRET"), (', secret_env="SHOP_SECRET"', "SHOP_SECRET")])
def test_a_secret_is_required(folder: Path, headless: Headless, options: str, name: str) -> None:
    """Without the variable nothing is served; the message names it and how to make one."""
    write(folder, {"app.py": APP.format(options=options)})
    done = headless("start", "--port", "0")
    assert done.code == 1
    assert f"{name} is not set" in done.err
    assert "secrets.token_urlsafe" in done.err


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGTERM)])
def test_it_serves_and_ends(project: Path, workers: int, number: signal.Signals) -> None:
    """With a secret it answers, in one process or several, and ends when it is told to, quietly."""
    options = ["--port", "0", "--workers", str(workers)]
    with running(project, "start", *options, HEADLESS_SECRET=SECRET) as server:
        server.until("Serving on")
        assert server.get("/api/notes").json()["totalDocs"] == 0
        server.end(number)
        assert "Traceback" not in server.rest()
        with pytest.raises(httpx2.ConnectError):
            server.get("/api/notes")


def test_settings_may_stand_in_a_file(project: Path) -> None:
    """`.env` in the current folder is read: the secret and the database, for instance."""
    write(project, {".env": f"HEADLESS_SECRET='{SECRET}'\nDATABASE_URL=sqlite:///{project}/named.db\n"})
    with running(project, "start", "--port", "0") as server:
        server.until("Serving on")
    assert (project / "named.db").is_file()
    assert not (project / "data").exists()


def test_the_data_lie_where_the_environment_says(
    project: Path, headless: Headless, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEADLESS_DATA_DIR holds the database, and nothing is made elsewhere."""
    monkeypatch.setenv("HEADLESS_DATA_DIR", str(project / "elsewhere"))
    assert headless("users", "create", "--email", "ada@example.org", given="correct horse\n").code == 0
    assert (project / "elsewhere" / "headless.db").is_file()
    assert not (project / "data").exists()


@pytest.mark.parametrize("command", ["start", "dev"])
def test_a_busy_port_is_said_with_the_way_out(
    project: Path, headless: Headless, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The message names the port, how to find who has it, and a free one."""
    monkeypatch.setenv("HEADLESS_SECRET", SECRET)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = headless(command, "--port", str(port))
    assert done.code == 1
    assert f"port {port} on 127.0.0.1 is in use" in done.err
    assert "ss -ltnp" in done.err
    assert "--port" in done.err


def test_a_yaml_file_is_served_with_functions_from_another_place(folder: Path) -> None:
    """`--config FILE --import FILE`: the functions that the YAML names are found."""
    write(
        folder,
        {
            "conf/site.yaml": "endpoints:\n  - {path: /hello, method: get, handler: hello}\n",
            "lib/named.py": "def hello(request):\n    return {'hello': 'world'}\n",
        },
    )
    options = ["--config", "conf/site.yaml", "--import", "lib/named.py", "--port", "0"]
    with running(folder, "start", *options, HEADLESS_SECRET=SECRET) as server:
        server.until("Serving on")
        assert server.get("/api/hello").json() == {"hello": "world"}
