"""Projects that are declared in a test, with what is wrong in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from headless import Config, ConfigError
from headless.loader import load_project


class Folder:
    """A folder with a project in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files, by their paths in the folder."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def load(self, text: str, *imports: str | Path, **options: Any) -> Config:
        """The config of this `headless.yaml`."""
        self.write({"headless.yaml": text})
        return load_project("headless.yaml", imports, **options)

    def problems(self, text: str, *imports: str | Path) -> list[str]:
        """The mistakes of this `headless.yaml` and the files beside it."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, *imports)
        return caught.value.problems
