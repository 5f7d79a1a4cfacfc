"""The mistakes found so far, each with its place, so that all of them can be told at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headless.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column of a file, both counted from 1; 0 where there is none to tell."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number]
        return ":".join([shown(self.file), *numbers])

    def seen_from(self, other: Place) -> str:
        """How a message at `other` refers to this place."""
        return f"in line {self.line}" if self.file == other.file else f"in {self}"


class Mistakes:
    """Collects mistakes. `raise_all` raises one ConfigError for them, by file and line."""

    def __init__(self) -> None:
        self._found: list[tuple[Place, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: Place, message: str) -> None:
        """Notes a mistake."""
        self._found.append((place, message))

    def add_all(self, mistakes: Iterable[tuple[Place, str]]) -> None:
        """Notes several mistakes."""
        self._found.extend(mistakes)

    def raise_all(self) -> None:
        """Raises ConfigError when there are mistakes."""
        if self._found:
            ordered = sorted(self._found, key=lambda found: (shown(found[0].file), found[0].line, found[0].column))
            raise ConfigError([f"{place}: {message}" for place, message in ordered])


def shown(file: Path) -> str:
    """A path as short as it can be said from the current folder."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)
