"""The documentation as data: its pages, the code blocks in them, their headings, links and tables.

The first words of a block's fence say what becomes of it: `python` and `yaml` are read, `python run` is executed,
`python functions` is a project's functions.py, `yaml project` its headless.yaml, `yaml fields` a list of fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
AT_THE_ROOT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

_FENCE = re.compile(r"^(```+)(.*)$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: what its fence says, its text, and the line its text begins in."""

    page: Path
    info: str
    text: str
    line: int

    @property
    def place(self) -> str:
        """`docs/guide/access.md:12`."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page of the documentation, those at the root included."""
    return [*(ROOT / name for name in AT_THE_ROOT), *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    """A page's path as it is written in messages and links."""
    return str(page.relative_to(ROOT))


@cache
def read(page: Path) -> str:
    """A page's text."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    fence, info, first, lines = "", "", 0, list[str]()
    for number, line in enumerate(read(page).splitlines(), start=1):
        found = _FENCE.match(line)
        if found and not fence:
            fence, info, first, lines = found[1], found[2].strip(), number + 1, []
        elif fence and line.strip() == fence:
            yield Block(page, info, "\n".join(lines) + "\n", first)
            fence = ""
        elif fence:
            lines.append(line)


def prose(page: Path) -> str:
    """A page's text without its blocks."""
    kept, fence = [], ""
    for line in read(page).splitlines():
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif fence and line.strip() == fence:
            fence = ""
        elif not fence:
            kept.append(line)
    return "\n".join(kept)


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for line in prose(page).splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def codes(page: Path) -> set[str]:
    """What stands between backticks in a page's prose."""
    return set(_CODE.findall(prose(page)))


def first_cells(page: Path) -> set[str]:
    """What stands between backticks in the first cells of a page's tables: the names that the tables explain."""
    rows = [line for line in prose(page).splitlines() if line.startswith("|")]
    return {code for row in rows for code in _CODE.findall(row.strip("|").split(" | ")[0])}
