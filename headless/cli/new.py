"""`headless new`: writes the files of a new project from the templates beside this module."""

from __future__ import annotations

import keyword
import re
import secrets
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import jinja2

from headless.cli.generation import schema_json
from headless.errors import ConfigError
from headless.names import words

TEMPLATES = Path(__file__).parent / "templates"
SHARED = ("env.jinja", "gitignore.jinja")
HIDDEN = {"env": ".env", "gitignore": ".gitignore"}
SUFFIX = ".jinja"
SCHEMA = ".headless/schema.json"
"""Where the first lines of the YAML files say that editors find what they may hold."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)


def create_project(name: str, folder: Path, *, yaml: bool) -> list[Path]:
    """Makes the folder `name` inside `folder` and fills it. Returns what was written, relative to it.

    Raises ConfigError, before anything is written, for a name that cannot be a package and for a folder that
    exists.
    """
    refuse_name(name)
    target = folder / name
    if target.exists() or target.is_symlink():
        raise ConfigError(f"{target} exists already: choose another name, or remove it")
    values = {
        "name": name,
        "package": package_name(name),
        "title": words(name),
        "secret": secrets.token_urlsafe(32),
    }
    files = render(TEMPLATES / ("yaml" if yaml else "python"), values)
    if yaml:
        files[Path(SCHEMA)] = schema_json()
    for path, text in files.items():
        write(target / path, text)
    (target / ".env").chmod(0o600)
    return sorted(files)


def package_name(name: str) -> str:
    """The import name of a project: `my-shop` → `my_shop`."""
    return name.replace("-", "_")


def refuse_name(name: str) -> None:
    """Raises ConfigError, with the reason, when the package cannot be imported or would hide another."""
    package = package_name(name)
    if _NAME.fullmatch(name) is None:
        raise ConfigError(
            f"{name!r} cannot name a project: use lower-case letters and digits, begin with a letter, "
            "and join words by '-' or '_', as in my-shop"
        )
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise ConfigError(f"{name!r} is a word of the Python language: choose another name")
    if package in sys.stdlib_module_names or package == "test":
        raise ConfigError(f"a package called {package!r} would hide Python's own module: choose another name")
    if package in ("tests", "headless"):
        raise ConfigError(f"{name!r} is taken: choose another name")
    if find_spec(package) is not None:
        raise ConfigError(f"a package called {package!r} is installed already: choose another name")


def render(template: Path, values: Mapping[str, str]) -> dict[Path, str]:
    """Every file of a template, its path and text filled in. Raises UndefinedError for a missing value."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the files are Python, YAML and Markdown
    )
    sources = {path.relative_to(template): path for path in template.rglob(f"*{SUFFIX}")}
    sources |= {Path(name): template.parent / name for name in SHARED}
    return {
        destination(path, values): environment.from_string(source.read_text(encoding="utf-8")).render(values)
        for path, source in sources.items()
    }


def destination(path: Path, values: Mapping[str, str]) -> Path:
    """Where a template's file goes: `NAME/app.py.jinja` → `shop/app.py`."""
    parts = [values["package"] if part == "NAME" else part for part in path.parts]
    last = parts[-1].removesuffix(SUFFIX)
    return Path(*parts[:-1], HIDDEN.get(last, last))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
