"""`headless dev`: a change is served, a mistake is not, and the socket stays open all the while."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Headless
from tests.cli.running import Running, running, write

APP = """
from headless import Collection, Endpoint, Headless, fields

@Endpoint.get("/version")
def version(request):
    return {{"version": {version}}}

notes = Collection("notes", fields=[{fields}], access={{"read": "anyone"}})
app = Headless(collections=[notes], endpoints=[version])
"""


def app(version: int, fields: str = 'fields.Text("title")') -> str:
    return APP.format(version=version, fields=fields)


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, {"shop/app.py": app(1), "shop/__init__.py": ""})


def version(server: Running) -> int:
    return int(server.get("/api/version").json()["version"])


BROKEN = {
    "app = Headless(\n": "shop/app.py:1",
    "from headless import Collection\n\napp = Collection('notes', feilds=[])\n": "did you mean 'fields'",
    "app = 1 / 0\n": "ZeroDivisionError",
    "import os\nos._exit(3)\n": "changed",
}


def test_a_broken_declaration_leaves_the_old_one_serving(project: Path) -> None:
    """The error is printed with its place, the declarations before it go on, and mending it is enough."""
    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        for text, message in BROKEN.items():
            write(project, {"shop/app.py": text})
            server.until(message)
            assert "The declarations before this change are still served" in server.until("Not started")
            assert version(server) == 1
        write(project, {"shop/app.py": app(3)})
        server.until("Serving on")
        assert version(server) == 3


def test_a_declaration_that_never_ends_is_given_up_at_the_next_change(project: Path) -> None:
    """The old declarations go on beside it, and the next save is served."""
    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        write(project, {"shop/app.py": "app = None\nwhile True:\n    pass\n"})
        server.until("changed")
        assert version(server) == 1
        write(project, {"shop/app.py": app(2)})
        server.until("Serving on")
        assert version(server) == 2


def test_a_project_that_is_broken_at_first_is_served_when_it_is_mended(project: Path) -> None:
    """The command stays; a browser that asked meanwhile is answered when there is something to answer."""
    write(project, {"shop/app.py": "app = ("})
    with running(project, "dev", "--port", "0") as server:
        server.until("Not started")
        write(project, {"shop/app.py": app(4)})
        server.until("Serving on")
        assert version(server) == 4


def test_a_change_of_python_is_served_and_the_socket_never_closes(project: Path) -> None:
    """A saved module is named and answers from then on; no connection is refused meanwhile."""
    refused: list[Exception] = []
    over = threading.Event()

    def ask(server: Running) -> None:
        while not over.is_set():
            try:
                server.get("/api/version")
            except httpx2.ConnectError as error:
                refused.append(error)

    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        asking = threading.Thread(target=ask, args=(server,))
        asking.start()
        try:
            for number in (2, 3):
                write(project, {"shop/app.py": app(number)})
                assert "shop/app.py changed" in server.until("changed")
                server.until("Serving on")
                assert version(server) == number
        finally:
            over.set()
            asking.join()
    assert refused == []


def test_what_is_added_is_printed_and_applied(project: Path) -> None:
    """A new field is a new column, in the same database and with the documents that are there."""
    with running(project, "dev", "--port", "0") as server:
        server.until("schema:")
        server.until("Serving on")
        write(project, {"shop/app.py": app(2, 'fields.Text("title"), fields.Number("stars")')})
        assert "stars" in server.until("schema:")
        server.until("Serving on")
        assert server.get("/api/notes?where[stars][exists]=false").json()["totalDocs"] == 0


def test_what_would_destroy_is_refused_with_what_to_do(project: Path) -> None:
    """A field that is gone keeps its column and the old declarations their server, until someone decides."""
    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        write(project, {"shop/app.py": app(2, 'fields.Text("heading")')})
        assert "title" in server.until("error:")
        server.until("still served")
        assert version(server) == 1
        assert server.get("/api/notes?where[title][exists]=false").json()["totalDocs"] == 0


def test_yaml_is_served_and_followed(tmp_path: Path) -> None:
    """`headless new shop --yaml && cd shop && headless dev`: a change of YAML is a change like any other."""
    with running(tmp_path, "new", "shop", "--yaml") as making:
        making.rest()
        assert making.process.wait() == 0
    shop = tmp_path / "shop"
    with running(shop, "dev", "--port", "0") as server:
        server.until("Serving on")
        assert server.get("/api/posts").json()["totalDocs"] == 0
        posts = (shop / "collections" / "posts.yaml").read_text()
        write(shop, {"collections/posts.yaml": posts + "  - {name: stars, type: number}\n"})
        assert "collections/posts.yaml changed" in server.until("changed")
        server.until("Serving on")
        assert server.get("/api/posts?where[stars][exists]=false").status_code == 200


def test_a_new_project_is_served(tmp_path: Path) -> None:
    """`headless new shop && cd shop && headless dev` serves the collection and the admin."""
    with running(tmp_path, "new", "shop") as making:
        making.rest()
        assert making.process.wait() == 0
    with running(tmp_path / "shop", "dev", "--port", "0") as server:
        server.until("Serving on")
        assert server.get("/api/posts").json()["totalDocs"] == 0
        assert httpx2.get(f"{server.address}/admin", follow_redirects=True).status_code == 200


def test_a_package_that_hides_python_is_refused(project: Path, headless: Headless) -> None:
    """A root-level collections/__init__.py is named with where it can go; nothing is started."""
    write(project, {"collections/__init__.py": ""})
    done = headless("dev", "--port", "0")
    assert done.code == 1
    assert "hides Python's own module `collections`" in done.err
    assert "a root-level collections/ may hold YAML" in done.err


def test_it_ends_when_it_is_told_to(project: Path) -> None:
    """Ctrl-C ends both processes, and nothing is left on the port."""
    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        assert server.end(signal.SIGINT) == 0
        assert "Traceback" not in server.rest()
        with pytest.raises(httpx2.ConnectError):
            server.get("/api/version")


def test_the_server_ends_with_its_supervisor(project: Path) -> None:
    """Killed outright, the command leaves no process behind: what it printed to comes to its end."""
    with running(project, "dev", "--port", "0") as server:
        server.until("Serving on")
        server.end(signal.SIGKILL)
        server.rest()
        with pytest.raises(httpx2.ConnectError):
            server.get("/api/version")
