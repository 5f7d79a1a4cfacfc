"""Projects in a folder of their own, which is the current one, so that messages name files as they are written here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headless import Config, ConfigError
from headless.loader import load_project


class Folder:
    """A folder with a project in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **files: str) -> None:
        """Writes files; `posts__yaml` is `posts.yaml`, `collections___posts__yaml` is `collections/posts.yaml`."""
        for name, text in files.items():
            path = self.path / name.replace("___", "/").replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def load(self, text: str, *imports: str | Path, **options: Any) -> Config:
        """The config of this `headless.yaml`."""
        self.write(headless__yaml=text)
        return load_project("headless.yaml", imports, **options)

    def problems(self, text: str, *imports: str | Path) -> list[str]:
        """The mistakes of this `headless.yaml` and the files beside it."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, *imports)
        return caught.value.problems


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)
