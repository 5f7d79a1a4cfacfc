"""The examples of the documentation work: every one is read, and those that are marked as runnable are run."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from headless import Config, Headless
from headless.loader import load_project
from tests.docs.markdown import ROOT, Block, blocks, name_of, pages

KINDS = {"python", "python run", "python functions", "yaml", "yaml project", "yaml fields"}
BLOCKS = [block for page in pages() for block in blocks(page) if block.info.split(" ")[0] in ("python", "yaml")]
RUNNABLE = [page for page in pages() if any(block.info == "python run" for block in blocks(page))]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_every_example_can_be_read(block: Block) -> None:
    """No example has a mistake in its syntax, and its fence says a kind that is known."""
    assert block.info in KINDS
    if block.info.startswith("python"):
        ast.parse(block.text, filename=block.place)
    else:
        list(yaml.safe_load_all(block.text))


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runnable examples of a page work one after the other; the tests in them pass."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    names: dict[str, Any] = {"__name__": "example"}
    for block in blocks(page):
        if block.info == "python run":
            run(block, names)


def run(block: Block, names: dict[str, Any]) -> None:
    """Runs a block with the names of those before it, and calls the tests that it defines."""
    tree = compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
    known = dict(names)
    exec(tree, names)  # noqa: S102 - our own documentation
    for name, value in list(names.items()):
        if name.startswith("test_") and inspect.isfunction(value) and known.get(name) is not value:
            value()


def projects() -> list[Block]:
    """The blocks that are whole projects."""
    return [block for block in BLOCKS if block.info == "yaml project"]


@pytest.mark.parametrize("block", projects(), ids=lambda block: block.place)
def test_every_project_loads(block: Block, tmp_path: Path) -> None:
    """A headless.yaml of the documentation is one, with the functions that its page gives before it."""
    Headless(load(block, tmp_path))


def load(block: Block, folder: Path) -> Config:
    """The config of a project's block."""
    before = [
        other.text for other in blocks(block.page) if other.info == "python functions" and other.line < block.line
    ]
    if before:
        (folder / "functions.py").write_text("\n\n".join(before), encoding="utf-8")
    (folder / "headless.yaml").write_text(block.text, encoding="utf-8")
    return load_project(folder / "headless.yaml")


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.info == "yaml fields"], ids=lambda block: block.place
)
def test_every_list_of_fields_loads(block: Block, tmp_path: Path) -> None:
    """A list of fields of the documentation makes a collection."""
    inside = "".join(f"      {line}\n" for line in block.text.splitlines())
    text = f"collections:\n  - {{slug: media, fields: []}}\n  - slug: posts\n    fields:\n{inside}"
    (tmp_path / "headless.yaml").write_text(text, encoding="utf-8")
    Headless(load_project(tmp_path / "headless.yaml"))


def test_the_two_declarations_of_the_readme_are_equal(tmp_path: Path) -> None:
    """The fifteen lines of Python and the YAML beside them declare the same collection."""
    shown = list(blocks(ROOT / "README.md"))
    python = next(block for block in shown if block.info == "python run")
    names: dict[str, Any] = {"__name__": "example"}
    exec(python.text, names)  # noqa: S102 - our own documentation
    config = load(next(block for block in shown if block.info == "yaml project"), tmp_path)
    assert plain(config.collections[0]) == plain(names["messages"])
    assert len(python.text.strip().splitlines()) <= 18


def plain(value: Any) -> Any:
    """A declaration as mappings and lists, so that a difference can be read."""
    if hasattr(value, "__dataclass_fields__") and not callable(value):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping | MappingProxyType):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value
