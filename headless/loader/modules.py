"""The Python that a YAML file takes its functions from: files by their path, modules by their name."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path, PurePath
from types import CodeType, ModuleType
from typing import Any

from headless.errors import ConfigError
from headless.loader.mistakes import Place, shown


class _Source(SourceFileLoader):
    """Reads the file each time: the compiled copy that Python keeps is blind to a change within the same second."""

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


class Broken(Exception):
    """A module that cannot be loaded, with the place in its own text where that shows."""

    def __init__(self, place: Place | None, message: str) -> None:
        self.place = place
        self.message = message
        super().__init__(message)


def is_file_name(name: str | PurePath) -> bool:
    """Whether an import is a file's path, and not a module's dotted name."""
    text = str(name)
    return text.endswith(".py") or (isinstance(name, str) and "/" in text)


def load_file(file: Path) -> ModuleType:
    """The module of a file, under a name that no other file's has. Raises Broken."""
    file = file.resolve()
    if not file.is_file():
        raise Broken(None, f"there is no file {shown(file)}")
    name = f"{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file, loader=_Source(name, str(file)))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise broken(error, name, file) from error
    return module


def load_module(name: str) -> ModuleType:
    """The module of a dotted name, wherever Python finds modules but for the current folder. Raises Broken."""
    try:
        with _outside_current_folder():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise Broken(None, f"there is no module {error.name!r}") from None
        raise broken(error, name) from error
    except Exception as error:
        raise broken(error, name) from error


@contextlib.contextmanager
def _outside_current_folder() -> Iterator[None]:
    """Leaves out the search path's empty entry, which means whatever folder the process happens to be in."""
    before = list(sys.path)
    sys.path[:] = [entry for entry in before if entry]
    try:
        yield
    finally:
        added = [entry for entry in sys.path if entry not in before]
        sys.path[:] = [*added, *before]


def broken(error: Exception, module: str, file: Path | None = None) -> Broken:
    """What went wrong while a module ran, at the last of its own lines that took part."""
    if isinstance(error, SyntaxError) and error.filename:
        return Broken(Place(Path(error.filename), error.lineno or 1, error.offset or 0), f"SyntaxError: {error.msg}")
    frames = [
        (frame.f_globals.get("__name__"), Place(Path(frame.f_code.co_filename), number))
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    own = [place for name, place in frames if name == module]
    if not own:
        return Broken(Place(file) if file is not None else None, said_by(error))
    last = frames[-1][1]
    elsewhere = last != own[-1] and not isinstance(error, ConfigError)
    return Broken(own[-1], f"{said_by(error)} (raised in {last})" if elsewhere else said_by(error))


def said_by(error: Exception) -> str:
    """An error in one line: a mistake in a declaration by its words, another with its type."""
    if isinstance(error, ConfigError):
        return "; ".join(error.problems)
    return f"{type(error).__name__}: {error}".rstrip(": ")


def attribute(module: ModuleType, path: str) -> Any:
    """What a dotted path names in a module. Raises AttributeError."""
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name)
    return found
