"""The application's secret: declared, from the environment, or made once and kept beside the data."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from headless.config import Config
from headless.errors import ConfigError

logger = logging.getLogger("headless")


def require_secret(config: Config) -> None:
    """Raises ConfigError, saying how to make one, when no secret is configured."""
    if config.secret or os.environ.get(config.secret_env):
        return
    command = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
    raise ConfigError(f"no secret is set: put a long random text into {config.secret_env}; {command} makes one")


def application_secret(config: Config, data_dir: Path) -> str:
    """The secret that tokens are signed with.

    Without one in the config or the variable that `secret_env` names, one is made and kept in the data folder, readable
    by its owner only: enough for development. `headless start` insists on a real one.
    """
    declared = config.secret or os.environ.get(config.secret_env)
    if declared:
        return declared
    path = data_dir / "secret"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    draft = path.with_name(f"secret-{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(made + "\n")
    try:
        # Of several processes that start together one wins; a link appears with its content or not at all.
        os.link(draft, path)
    except FileExistsError:
        return path.read_text().strip()
    finally:
        draft.unlink()
    logger.warning("no secret is set: made one and kept it in %s", path)
    return made
