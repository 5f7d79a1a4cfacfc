"""The files of a project's migrations: data in YAML, or a module in Python where data does not do."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import pprint
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import sqlalchemy as sa
import yaml

from headless.database.schema.change import Change
from headless.database.schema.runner import take
from headless.database.schema.state import State
from headless.database.schema.step import Step, Tables
from headless.database.schema.steps import read_step, step_data
from headless.errors import ConfigError

FOLDER: Final = "migrations"

_NAME: Final = re.compile(r"\d{4}_[a-z0-9_]+")
_YAML_HEAD: Final = """\
# Written by headless migrate create: read it, change it where it is not what you mean, and commit it.
# headless migrate up takes the steps in this order, headless migrate down takes them back.
"""
_PYTHON: Final = '''\
"""{title}"""

STEPS = {steps}


def up(migration):
    # migration.connection is SQLAlchemy's, migration.op are Alembic's operations, both inside the one transaction.
    migration.take(STEPS)


def down(migration):
    migration.take_back(STEPS)
'''


@dataclass(frozen=True)
class Running:
    """What the functions of a migration in Python are given.

    `connection` is SQLAlchemy's, `op` are Alembic's operations. Both are inside the transaction that ends when every
    migration was taken; neither commits.
    """

    change: Change

    @property
    def connection(self) -> sa.Connection:
        """The connection."""
        return self.change.connection

    @property
    def op(self) -> Any:
        """`op.execute`, `op.batch_alter_table` and so on."""
        return self.change.op

    def take(self, steps: Sequence[Any]) -> None:
        """Takes steps given as data."""
        take(self.change, [read_step(item) for item in steps])

    def take_back(self, steps: Sequence[Any]) -> None:
        """Takes steps back, the last one first."""
        take(self.change, taken_back([read_step(item) for item in steps]))


@dataclass(frozen=True)
class Migration:
    """A file. `checksum` tells whether it was changed since a database took it."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """`0002_headlines`."""
        return self.path.stem

    @property
    def checksum(self) -> str:
        """Of the file's bytes, whatever its lines end in."""
        return hashlib.sha256(self.content.replace(b"\r\n", b"\n")).hexdigest()

    @cached_property
    def steps(self) -> list[Step]:
        """What it does, as far as it is data. Raises ConfigError, naming the file."""
        given = getattr(self._module, "STEPS", []) if self._module else _loaded(self.path, self.content)
        if not isinstance(given, list):
            raise ConfigError(f"{self.path}: steps are a list")
        try:
            return [read_step(item) for item in given]
        except ConfigError as error:
            raise ConfigError(f"{self.path}: {error.message}") from None

    def up(self, change: Change) -> None:
        """Takes the steps. Raises ConfigError for one that is not allowed, or that the rows do not allow."""
        if self._module is None:
            take(change, self.steps)
        else:
            self._call("up", change)

    def down(self, change: Change) -> None:
        """Takes the steps back, the last one first."""
        if self._module is None:
            take(change, taken_back(self.steps))
        else:
            self._call("down", change)

    def fold(self, state: Tables) -> None:
        """Puts into a state what the migration changes. Raises ConfigError for steps that do not fit it."""
        for step in self.steps:
            try:
                step.fold(state)
            except (ConfigError, KeyError) as error:
                raise ConfigError(f"{self.path}: {step.description}: {error}") from None

    def _call(self, name: str, change: Change) -> None:
        function = getattr(self._module, name, None)
        if function is None:
            raise ConfigError(f"{self.path} has no function {name}(migration)")
        function(Running(change))

    @cached_property
    def _module(self) -> ModuleType | None:
        if self.path.suffix != ".py":
            return None
        spec = importlib.util.spec_from_file_location(f"headless_migration_{self.name}", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def read_migrations(root: Path) -> list[Migration]:
    """The migrations of a project, in order. Raises ConfigError for a name that says no order."""
    paths = sorted((root / FOLDER).glob("*"), key=lambda path: path.name)
    wanted = [path for path in paths if path.suffix in (".yaml", ".yml", ".py") and path.stem != "__init__"]
    wrong = [f"{path}: a migration is called 0001_what_it_does" for path in wanted if not _NAME.fullmatch(path.stem)]
    names = [path.stem for path in wanted]
    wrong += [f"two migrations are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    if wrong:
        raise ConfigError(wrong)
    return [Migration(path, path.read_bytes()) for path in wanted]


def write_migration(root: Path, title: str, steps: Sequence[Step], *, python: bool = False) -> Path:
    """Writes the next migration and answers its path. Raises ConfigError for a title that makes no name."""
    words = "_".join(re.findall("[a-z0-9]+", title.lower()))
    if not words:
        raise ConfigError(f"{title!r} makes no name: say in a word or two what changes")
    numbers = [int(migration.name[:4]) for migration in read_migrations(root)]
    path = root / FOLDER / f"{max(numbers, default=0) + 1:04}_{words}{'.py' if python else '.yaml'}"
    path.parent.mkdir(exist_ok=True)
    # Names that come from declared tables are texts of SQLAlchemy's own.
    data = json.loads(json.dumps([step_data(step) for step in steps]))
    path.write_text(_python(title, data) if python else _YAML_HEAD + _dumped({"steps": data}), encoding="utf-8")
    return path


def state_after(migrations: Sequence[Migration]) -> State:
    """The schema that migrations lead to, from nothing."""
    state: Tables = {}
    for migration in migrations:
        migration.fold(state)
    return state


def taken_back(steps: Sequence[Step]) -> list[Step]:
    """The steps that take steps back."""
    return [step.back() for step in reversed(steps)]


def _loaded(path: Path, content: bytes) -> Any:
    try:
        given = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(given, dict) or set(given) != {"steps"}:
        raise ConfigError(f"{path}: a migration is a mapping with the key 'steps'")
    return given["steps"] or []


def _dumped(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


def _python(title: str, data: Any) -> str:
    return _PYTHON.format(title=title, steps=pprint.pformat(data, width=110, sort_dicts=False))
