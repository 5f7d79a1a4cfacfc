"""Finds where a project declares its application: in a YAML file, or as `app` in a module."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headless.errors import ConfigError
from headless.names import did_you_mean

YAML_SUFFIXES = (".yaml", ".yml")

_APP = re.compile(r"^app\b\s*(?::[^=\n]+)?=", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """A declaration's place: `target` is a YAML file, with functions in `imports`, or `module:attribute`."""

    target: str
    root: Path
    imports: tuple[str, ...] = ()

    @property
    def is_yaml(self) -> bool:
        """Whether the target is a YAML file."""
        return self.target.endswith(YAML_SUFFIXES)

    @property
    def folders(self) -> list[Path]:
        """The folders whose files can change what is declared."""
        named = [self.target, *self.imports] if self.is_yaml else []
        return list(dict.fromkeys([self.root.resolve(), *((self.root / name).resolve().parent for name in named)]))


def find_project(config: str | None = None, imports: Sequence[str | Path] = (), folder: Path | None = None) -> Project:
    """The project that `config` names, else HEADLESS_CONFIG, else the one in the folder.

    In a folder these are looked for, in this order: `app` under `[tool.headless]` in pyproject.toml,
    headless.yaml, an app.py with `app` in it, and the one package with such an app.py. Raises ConfigError
    when there is none, or several.
    """
    root = (folder or Path.cwd()).resolve()
    target = config or os.environ.get("HEADLESS_CONFIG") or declared_target(root) or found_target(root)
    project = Project(target, root, tuple(str(item) for item in imports))
    if project.is_yaml and not (root / target).is_file():
        raise ConfigError(f"there is no file {target} in {root}")
    if not project.is_yaml:
        refuse_other_files(target)
        refuse_imports(project)
    return project


def refuse_other_files(target: str) -> None:
    if target.endswith(".py") or "/" in target:
        module = target.removesuffix(".py").strip("./").replace("/", ".")
        raise ConfigError(f"{target!r} is neither a YAML file nor a module: give it as {module}:app")


def refuse_imports(project: Project) -> None:
    if project.imports:
        raise ConfigError("--import names functions for a YAML file; a Python module imports what it needs itself")


def declared_target(root: Path) -> str | None:
    """What pyproject.toml says. Raises ConfigError when it says something else than a text."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return None
    try:
        options = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("headless", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    unknown = [name for name in options if name != "app"]
    if unknown:
        raise ConfigError(f"{path}: [tool.headless] has no option {unknown[0]!r}{did_you_mean(unknown[0], ['app'])}")
    target = options.get("app")
    if target is not None and not isinstance(target, str):
        raise ConfigError(f'{path}: [tool.headless] app is a text such as "shop.app:app"')
    return target


def found_target(root: Path) -> str:
    """What lies in the folder. Raises ConfigError, with the ways out, for nothing and for several things."""
    for name in ("headless.yaml", "headless.yml"):
        if (root / name).is_file():
            return name
    if holds_app(root / "app.py"):
        return "app:app"
    modules = [path for path in root.glob("*/app.py") if path.parent.name.isidentifier()]
    packages = sorted(path.parent.name for path in modules if holds_app(path))
    if len(packages) == 1:
        return f"{packages[0]}.app:app"
    if packages:
        several = ", ".join(f"{name}.app:app" for name in packages)
        raise ConfigError(f"several applications in {root}: {several}. Say which: --config {packages[0]}.app:app")
    raise ConfigError(
        f"no application in {root}: there is no headless.yaml, no app.py and no package with an app.py that "
        "says app = Headless(...). Start one with: headless new NAME. "
        "Or name it: --config FILE.yaml, --config MODULE:app"
    )


def holds_app(path: Path) -> bool:
    """Whether a module says `app = …`, by its text: it may be broken just now."""
    return path.is_file() and _APP.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def refuse_shadowing(root: Path) -> None:
    """Refuses a package or module at the root that would hide one of Python's own. Raises ConfigError."""
    for path in sorted(root.glob("*")):
        is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
        if is_module and path.stem in sys.stdlib_module_names:
            raise ConfigError(shadowing(path))


def shadowing(path: Path) -> str:
    name = path.stem
    file = path if path.suffix == ".py" else path / "__init__.py"
    return (
        f"{file} hides Python's own module `{name}` from everything that starts in this folder: "
        f"python -m pytest, pip, venv and headless itself. Move it into a package, as in shop/{path.name} "
        f"imported by `from .{name} import …`"
        + ("." if path.suffix == ".py" else f"; a root-level {name}/ may hold YAML, but no __init__.py.")
    )
