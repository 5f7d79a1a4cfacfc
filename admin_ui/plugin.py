"""The admin as a plugin of the framework that ships it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from headless import Config, ConfigError
from headless.admin import extensions
from headless.admin_ui.application import Admin
from headless.admin_ui.site import TEMPLATES
from headless.fields import Field

if TYPE_CHECKING:
    from headless import Headless


def admin(config: Config) -> Config:
    """A copy of the config with the admin mounted at its declared path, unless it is switched off.

    Raises ConfigError for fields that are to be drawn by templates that nobody has.
    """
    if not config.admin.enabled:
        return config
    check_components(config)
    return config.with_mounts({config.admin.path: mounted})


def mounted(app: Headless) -> Admin:
    """The admin of an application."""
    return Admin(app)


def check_components(config: Config) -> None:
    """Raises ConfigError for every `component` of a field that is no template of the project, a plugin or the admin."""
    added = (extension.templates for extension in extensions(config))
    folders = [*config.templates, *(folder for folder in added if folder is not None), TEMPLATES]
    problems = [
        f"collection {collection.slug!r}: there is no template {name!r}; it is looked for in the folders of `templates`"
        for collection in config.collections
        for name in components(collection.fields)
        if not any((folder / name).is_file() for folder in folders)
    ]
    if problems:
        raise ConfigError(problems)


def components(fields: Iterable[Field]) -> Iterator[str]:
    """The templates that fields, and those inside them, are drawn by in place of their widgets' own."""
    for field in fields:
        if field.admin.component:
            yield field.admin.component
        for inner in field.levels.values():
            yield from components(inner)
