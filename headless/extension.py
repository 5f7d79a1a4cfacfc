"""Plugins: functions of the config that return a changed one, with optional start, stop and commands."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from headless.config import Config
from headless.errors import ConfigError
from headless.names import did_you_mean

GROUP = "headless.plugins"

Setup = Callable[..., Config]


@dataclasses.dataclass(frozen=True)
class Plugin:
    """A named extension. Calling it with options gives the same plugin with these options."""

    name: str
    setup: Setup
    order: int = 0
    start: Callable[[Any], Any] | None = None
    stop: Callable[[Any], Any] | None = None
    commands: Callable[[Any], None] | None = None

    def __call__(self, **options: Any) -> Plugin:
        """The plugin with options: `plugins=[messages(public=True)]`. Raises ConfigError for unknown ones."""
        known = list(inspect.signature(self.setup).parameters)[1:]
        for name in options:
            if name not in known:
                raise ConfigError(f"plugin {self.name!r}: unknown option {name!r}{did_you_mean(name, known)}")
        return dataclasses.replace(self, setup=functools.partial(self.setup, **options))


def plugin(
    name: str,
    *,
    order: int = 0,
    start: Callable[[Any], Any] | None = None,
    stop: Callable[[Any], Any] | None = None,
    commands: Callable[[Any], None] | None = None,
) -> Callable[[Setup], Plugin]:
    """Makes a function `(config, **options) -> config` a plugin.

    `start(app)` and `stop(app)`, sync or async, run with the application; `commands(cli)` adds to the command line.
    """

    def decorate(setup: Setup) -> Plugin:
        return Plugin(name, setup, order, start, stop, commands)

    return decorate


def find_plugin(name: str) -> Plugin:
    """The installed plugin of that name, by the entry points of the group `headless.plugins`. Raises ConfigError."""
    installed: dict[str, EntryPoint] = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in installed:
        known = ", ".join(sorted(installed)) or "none"
        raise ConfigError(f"there is no plugin {name!r}{did_you_mean(name, installed)} (installed: {known})")
    found = installed[name].load()
    if not isinstance(found, Plugin):
        raise ConfigError(f"plugin {name!r}: {installed[name].value} is not a plugin")
    return found
