"""`headless generate`, and the files that `headless dev` keeps in step with the declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headless.cli.generation import update
from headless.cli.loading import load_app
from headless.project import find_project
from tests.cli.conftest import Headless
from tests.cli.running import running, write

APP = """
from headless import Collection, Headless, fields

notes = Collection("notes", fields=[fields.Text("title", required=True)])
app = Headless(collections=[notes], secret="a secret that is long enough to sign with"{options})
"""
YAML = """
collections:
  - {slug: notes, fields: [{name: title, type: text}]}
"""


@pytest.fixture
def project(folder: Path) -> Path:
    return write(folder, {"app.py": APP.format(options="")})


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("openapi", '"/api/notes/{id}"'),
        ("typescript", "export interface Note {"),
        ("python", "class Note(TypedDict):"),
        ("yaml-schema", '"Field.text"'),
    ],
)
def test_it_prints_or_writes(project: Path, headless: Headless, what: str, part: str) -> None:
    """Printed to standard output alone, or with --out into a file, whose folder is made."""
    printed = headless("generate", what)
    assert printed.code == 0
    assert part in printed.out
    assert "wrote made/it" in headless("generate", what, "--out", "made/it").err
    assert (project / "made" / "it").read_text() == printed.out
    assert "up to date" in headless("generate", what, "--out", "made/it").err


def test_the_schema_of_yaml_needs_no_project(folder: Path, headless: Headless) -> None:
    """It is the same for all."""
    assert json.loads(headless("generate", "yaml-schema").out)["$defs"]


def test_what_cannot_be_written_is_said(project: Path, headless: Headless) -> None:
    """With the reason."""
    done = headless("generate", "openapi", "--out", "app.py/types")
    assert done.code == 1
    assert "app.py/types cannot be written" in done.err


def generated(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_files_are_written_once_and_again_when_the_declaration_changes(project: Path) -> None:
    """Those that are the same are left as they are."""
    found = find_project()
    first = [*update(found, load_app(found))]
    assert first == ["wrote .headless/openapi.json", "wrote .headless/types.ts"]
    assert [*update(found, load_app(found))] == []
    (project / ".headless" / "types.ts").write_text("old")
    assert [*update(found, load_app(found))] == ["wrote .headless/types.ts"]
    assert {".headless/openapi.json", ".headless/types.ts"} < generated(project)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (", generate=False", set()),
        (', generate={"typescript": False, "openapi": False, "python": "shop/shapes.py"}', {"shop/shapes.py"}),
        (', generate={"openapi": "api.json", "typescript": "web/api.ts"}', {"api.json", "web/api.ts"}),
    ],
)
def test_which_and_where_is_declared(folder: Path, options: str, expected: set[str]) -> None:
    """None, others, or in other places."""
    write(folder, {"app.py": APP.format(options=options)})
    found = find_project()
    told = [*update(found, load_app(found))]
    assert generated(folder) - {"app.py"} == expected
    assert len(told) == len(expected)


def test_a_yaml_project_has_the_schema_for_editors(folder: Path) -> None:
    """Where the first line of its files says."""
    write(folder, {"headless.yaml": YAML})
    found = find_project()
    assert "wrote .headless/schema.json" in [*update(found, load_app(found))]
    assert json.loads((folder / ".headless" / "schema.json").read_text())["$defs"]["Config"]


def test_what_cannot_be_written_does_not_keep_the_server_from_starting(project: Path) -> None:
    """It is told, and the others are written."""
    write(project, {".headless/types.ts/in-the-way": ""})
    found = find_project()
    told = [*update(found, load_app(found))]
    assert told[0] == "wrote .headless/openapi.json"
    assert told[1].startswith(".headless/types.ts cannot be written")


def test_the_dev_server_keeps_them_in_step(project: Path) -> None:
    """They are there when it serves, and follow a change of the declaration."""
    with running(project, "dev", "--port", "0") as dev:
        dev.until("Serving on")
        types = project / ".headless" / "types.ts"
        assert "title: string" in types.read_text()
        write(
            project, {"app.py": APP.format(options="").replace("required=True)", "required=True), fields.Text('body')")}
        )
        dev.until("Serving on")
        assert "body?: string | null" in types.read_text()
