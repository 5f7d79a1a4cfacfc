"""The command line as a whole: help, version, routes, users, and mistakes that are explained."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from headless.cli.commands import built_in_names
from tests.cli.conftest import Headless
from tests.cli.running import write

APP = """
from headless import Collection, Endpoint, Headless, authenticated, fields

@Endpoint.get("/unread", access=authenticated)
def unread(request):
    return {"unread": 0}

notes = Collection("notes", fields=[fields.Text("title")])
app = Headless(collections=[notes], endpoints=[unread], secret="a secret that is long enough to sign with")
"""


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, {"app.py": APP})


def test_help_names_every_command(headless: Headless) -> None:
    """`headless --help` and `headless` alone list the commands with a sentence each."""
    assert {"new", "dev", "start", "routes", "explain", "generate", "users"} <= built_in_names()
    for arguments in (["--help"], []):
        done = headless(*arguments)
        assert all(name in done.out + done.err for name in built_in_names())


@pytest.mark.parametrize("command", ["new", "dev", "start", "routes", "explain", "generate", "users", "users create"])
def test_every_command_and_option_is_explained(command: str, headless: Headless) -> None:
    """Help works without a project."""
    done = headless(*command.split(), "--help")
    assert done.code == 0
    assert "Usage: headless" in done.out


def test_help_is_quick(folder: Path) -> None:
    """Nothing heavy is imported to print help: neither the application nor the database, nor a server."""
    heavy = ("headless.app", "sqlalchemy", "starlette", "uvicorn", "pydantic", "watchfiles")
    code = (
        "import sys\nfrom headless.cli.commands import run\nrun(['--help'])\n"
        f"print('heavy:', *(name for name in {heavy!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("heavy:")


def test_the_version_is_the_distributions(headless: Headless) -> None:
    """One number, wherever it is asked for."""
    assert headless("--version").out == f"headless {version('headless-content')}\n"


def test_routes_lists_every_route_with_its_rule(project: Path, headless: Headless) -> None:
    """The generated ones and one's own, each with who may ask."""
    done = headless("routes")
    assert done.code == 0, done.err
    lines = {line.split()[1]: line for line in done.out.splitlines()[1:]}
    assert "GET" in lines["/api/unread"]
    assert "authenticated" in lines["/api/unread"]
    assert any(path.startswith("/api/notes/") for path in lines)


def test_a_user_is_created_from_the_command_line(project: Path, headless: Headless) -> None:
    """The password comes from standard input; the user stands in the database of the project."""
    done = headless("users", "create", "--email", "ada@example.org", given="correct horse\n")
    assert done.code == 0, done.err
    assert "ada@example.org" in done.out
    assert (project / "data").is_dir()
    again = headless("users", "create", "--email", "ada@example.org", given="correct horse\n")
    assert again.code == 1
    assert "email" in again.err.lower()


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (["--email", "ada@example.org"], "", "standard input"),
        (["--email", "ada@example.org"], "short\n", "password"),
        ([], "correct horse\n", "--email is missing"),
        (["--email", "ada@example.org", "--collection", "notess"], "correct horse\n", "did you mean 'notes'"),
        (["--email", "ada@example.org", "--collection", "notes"], "correct horse\n", "are not users"),
        (["--email", "ada@example.org", "--set", "name"], "correct horse\n", "NAME=VALUE"),
    ],
)
def test_a_user_that_cannot_be_created_is_explained(
    project: Path, headless: Headless, arguments: list[str], given: str, message: str
) -> None:
    """The exit code is 1, and the message says what is missing."""
    done = headless("users", "create", *arguments, given=given)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err


def test_an_unknown_command_is_refused(headless: Headless) -> None:
    """The exit code is 2, as for every wrong command line."""
    done = headless("strat")
    assert done.code == 2
    assert "strat" in done.err


def test_a_folder_without_a_project_is_explained(headless: Headless) -> None:
    """The message names the ways to have one."""
    done = headless("routes")
    assert done.code == 1
    assert "headless new" in done.err


def test_an_enabled_plugin_adds_its_commands(folder: Path, headless: Headless) -> None:
    """A plugin's `commands(cli)` gives the project further commands."""
    plugin = '''
from headless import Headless, plugin

def commands(cli):
    @cli.command()
    def greet(name: str) -> None:
        """Greet someone."""
        print(f"Hello {name}")

@plugin("greeting", commands=commands)
def greeting(config):
    return config

app = Headless(plugins=[greeting])
'''
    write(folder, {"app.py": plugin})
    assert headless("greet", "Ada") == (0, "Hello Ada\n", "")


def test_a_mistake_in_the_projects_own_code_is_shown_with_its_place(folder: Path, headless: Headless) -> None:
    """A traceback from the project's first line on; the platform's own errors come without one."""
    write(folder, {"app.py": "def make():\n    return 1 / 0\n\napp = make()\n"})
    done = headless("routes")
    assert done.code == 1
    assert "ZeroDivisionError" in done.err
    assert [line.split(",")[0] for line in done.err.splitlines() if "File " in line] == [
        f'  File "{folder}/app.py"',
        f'  File "{folder}/app.py"',
    ]
