"""A folder for each test, which is the current one, so that messages name files as they are written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loader.declared import Folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)
