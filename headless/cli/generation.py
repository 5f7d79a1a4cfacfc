"""`headless generate`, and the generated files that `headless dev` keeps in step with the declarations."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from headless.app import Headless
from headless.cli.loading import load_app
from headless.cli.output import say, shown
from headless.environment import load_environment
from headless.errors import ConfigError
from headless.fields import registry
from headless.loader.schema import yaml_schema
from headless.project import Project
from headless.typings.python import python
from headless.typings.shapes import IN_PROCESS, ON_THE_WIRE, default_id, types_of
from headless.typings.typescript import typescript


def openapi_json(app: Headless) -> str:
    """The description of the whole API."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def typescript_types(app: Headless) -> str:
    """The types of what clients see."""
    return typescript(types_of(app.core.compiled.by_slug, ON_THE_WIRE), default_id(app.config.id_type))


def python_types(app: Headless) -> str:
    """The types of what the local API shows."""
    return python(types_of(app.core.compiled.by_slug, IN_PROCESS))


def schema_json() -> str:
    """The schema of YAML declarations, for editors. It is the same for every project."""
    return json.dumps(yaml_schema(registry), indent=2, ensure_ascii=False) + "\n"


MAKERS: Final[Mapping[str, Callable[[Headless], str]]] = {
    "openapi": openapi_json,
    "typescript": typescript_types,
    "python": python_types,
}
SCHEMA: Final = "yaml-schema"


def generate(kind: str, find: Callable[[], Project], out: Path | None) -> None:
    """Writes what is generated to a file, or prints it. Raises ConfigError for a file that cannot be written."""
    text = schema_json() if kind == SCHEMA else MAKERS[kind](_loaded(find()))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        written = write(out, text)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from None
    say(f"wrote {shown(out)}" if written else f"{shown(out)} is up to date")


def _loaded(project: Project) -> Headless:
    load_environment(project.root)
    return load_app(project)


def update(project: Project, app: Headless) -> Iterator[str]:
    """Writes the files that the config asks for where they differ, and tells what happened."""
    options = app.config.generate
    wanted = {kind: getattr(options, kind) for kind in MAKERS}
    texts: dict[str, Callable[[], str]] = {
        name: lambda kind=kind: MAKERS[kind](app)  # type: ignore[misc]
        for kind, name in wanted.items()
        if name
    }
    if options.yaml_schema and project.is_yaml:
        texts[options.yaml_schema] = schema_json
    for name, make in texts.items():
        try:
            if write(project.root / name, make()):
                yield f"wrote {name}"
        except OSError as error:
            yield f"{name} cannot be written: {error.strerror}"


def write(path: Path, text: str) -> bool:
    """Writes a file in one step, unless it says the same already. Returns whether it did. Raises OSError."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(draft, 0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return True
