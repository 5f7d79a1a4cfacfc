"""The admin as a plugin of the framework that ships it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headless import Config
from headless.admin_ui.application import Admin

if TYPE_CHECKING:
    from headless import Headless


def admin(config: Config) -> Config:
    """A copy of the config with the admin mounted at its declared path, unless it is switched off."""
    return config.with_mounts({config.admin.path: mounted}) if config.admin.enabled else config


def mounted(app: Headless) -> Admin:
    """The admin of an application."""
    return Admin(app)
