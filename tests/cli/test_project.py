"""Where the command line finds the application, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from headless.errors import ConfigError
from headless.project import find_project, refuse_shadowing


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADLESS_CONFIG", raising=False)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


APP = "from headless import Headless\n\napp = Headless()\n"


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"pyproject.toml": '[tool.headless]\napp = "a.b:site"', "headless.yaml": ""}, "a.b:site"),
        ({"pyproject.toml": '[project]\nname = "x"', "headless.yaml": ""}, "headless.yaml"),
        ({"headless.yml": "", "app.py": APP}, "headless.yml"),
        ({"app.py": APP, "shop/app.py": APP}, "app:app"),
        ({"app.py": "site = 1\n", "shop/app.py": APP}, "shop.app:app"),
        ({"shop/app.py": "app: Headless = Headless()\n", "tests/app.py": "import shop\n"}, "shop.app:app"),
        ({"shop/app.py": APP, "not-a-package/app.py": APP}, "shop.app:app"),
        ({"shop/app.py": "app = Headless(\n"}, "shop.app:app"),
    ],
)
def test_the_application_is_found(tmp_path: Path, files: dict[str, str], target: str) -> None:
    """pyproject.toml comes first, then YAML, then app.py, then the one package with an app, broken or not."""
    assert find_project(folder=write(tmp_path, files)).target == target


def test_an_option_goes_before_a_variable_before_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--config`, then HEADLESS_CONFIG, then the folder."""
    write(tmp_path, {"shop/app.py": APP})
    monkeypatch.setenv("HEADLESS_CONFIG", "from.variable:app")
    assert find_project("from.option:app", folder=tmp_path).target == "from.option:app"
    assert find_project(folder=tmp_path).target == "from.variable:app"


@pytest.mark.parametrize(
    ("config", "imports", "files", "message"),
    [
        (None, [], {}, "headless new NAME"),
        (None, [], {"a/app.py": APP, "b/app.py": APP}, "a.app:app, b.app:app"),
        (None, [], {"pyproject.toml": "[tool.headless]\napp = 1"}, 'a text such as "shop.app:app"'),
        (None, [], {"pyproject.toml": '[tool.headless]\napps = "x"'}, "did you mean 'app'"),
        (None, [], {"pyproject.toml": "[tool"}, "pyproject.toml"),
        ("missing.yaml", [], {}, "there is no file missing.yaml"),
        ("shop/app.py", [], {"shop/app.py": APP}, "give it as shop.app:app"),
        ("shop.app:app", ["functions.py"], {}, "--import names functions for a YAML file"),
    ],
)
def test_what_cannot_be_found_is_said_with_the_way_out(
    tmp_path: Path, config: str | None, imports: list[str], files: dict[str, str], message: str
) -> None:
    """Every refusal names what to do."""
    write(tmp_path, files)
    with pytest.raises(ConfigError) as caught:
        find_project(config, imports, tmp_path)
    assert message in caught.value.message


def test_the_folders_of_a_yaml_project_are_those_of_its_files(tmp_path: Path) -> None:
    """Functions and YAML outside the current folder are watched too."""
    write(tmp_path, {"conf/site.yaml": "", "lib/functions.py": "", "work/.keep": ""})
    project = find_project("../conf/site.yaml", ["../lib/functions.py"], tmp_path / "work")
    assert project.folders == [tmp_path / "work", tmp_path / "conf", tmp_path / "lib"]


@pytest.mark.parametrize("name", ["collections/__init__.py", "types.py", "email/__init__.py"])
def test_what_would_hide_python_itself_is_refused(tmp_path: Path, name: str) -> None:
    """A root-level module with the name of one of Python's own is named, with where it can go instead."""
    write(tmp_path, {name: ""})
    with pytest.raises(ConfigError, match="hides Python's own module") as caught:
        refuse_shadowing(tmp_path)
    assert name in caught.value.message
    assert "Move it into a package" in caught.value.message


def test_a_folder_of_yaml_called_collections_is_welcome(tmp_path: Path) -> None:
    """Only Python hides Python."""
    refuse_shadowing(write(tmp_path, {"collections/posts.yaml": "", "shop/collections/__init__.py": ""}))
