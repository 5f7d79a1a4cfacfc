"""Loads the application that a project declares."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from headless.app import Headless
from headless.errors import ConfigError
from headless.loader import load_project
from headless.names import did_you_mean
from headless.project import Project


def load_app(project: Project) -> Headless:
    """Imports or reads the declaration. Raises ConfigError, or whatever the project's own code raises."""
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    if project.is_yaml:
        imports = [project.root / name for name in project.imports]
        return Headless(load_project(project.root / project.target, imports=imports))
    return load_attribute(project.target)


def load_attribute(target: str) -> Headless:
    """The application that `module:attribute` names; the attribute is `app` when it is left out."""
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigError(f"there is no module {error.name!r} (looked for {target})") from None
    found: Any = module
    for name in (attribute or "app").split("."):
        if not hasattr(found, name):
            raise ConfigError(f"module {module_name} has no {name!r}{did_you_mean(name, vars(module))}")
        found = getattr(found, name)
    if not isinstance(found, Headless):
        raise ConfigError(f"{target} is of type {type(found).__name__}, not a Headless application")
    return found
