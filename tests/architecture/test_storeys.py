"""The structure of the code, held by its imports: who may know whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORK = ROOT / "headless"
SHIPPED = ("collections", "endpoints", "admin_ui", "examples")
PUBLIC = ("headless", "headless.fields", "headless.events", "headless.testing", "headless.admin", "headless.richtext")

STOREYS: list[set[str]] = [
    {"errors", "names", "clock", "declaration", "environment", "checkout", "lexical", "py", "richtext", "zones"},
    {"geometry", "uuid7"},
    {"operators", "labels", "mail", "security", "changes.change"},
    {"access", "hooks", "database", "http", "changes"},
    {"streams", "events", "fields", "auth", "endpoint"},
    {"collection", "global_"},
    {"config", "extension"},
    {"compile", "loader", "migrations", "project"},
    {"query"},
    {"operations"},
    {"api", "request", "routing", "identification", "secret", "openapi", "typings"},
    {"admin"},
    {"shipped"},
    {"server"},
    {"app"},
    {"cli", "testing", "__main__"},
]
"""From the ground up: a module may import those of its own storey and of the ones below."""


def modules() -> Iterator[tuple[str, Path]]:
    """The framework's own modules by dotted name, without what ships with it."""
    for path in sorted(FRAMEWORK.rglob("*.py")):
        parts = path.relative_to(FRAMEWORK).with_suffix("").parts
        if parts[0] in SHIPPED or "templates" in parts:
            continue
        name = ".".join(part for part in parts if part != "__init__")
        yield name, path


def storey(name: str) -> int:
    """The storey of a module: of itself if it is named, else of its package."""
    package = name.split(".")[0]
    for level, names in enumerate(STOREYS):
        if name in names:
            return level
    for level, names in enumerate(STOREYS):
        if package in names:
            return level
    raise AssertionError(f"headless.{name} has no storey: say in the test where it stands")


def imports(tree: ast.AST, *, typing: bool = False) -> Iterator[tuple[str, ast.stmt]]:
    """The modules of the project that a tree imports, without those that only annotations need."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names if alias.name.split(".")[0] == "headless")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "headless":
            known = [f"{node.module}.{alias.name}" for alias in node.names]
            for alias, dotted in zip(node.names, known, strict=True):
                is_module = (ROOT / Path(*dotted.split("."))).with_suffix(".py").exists() or alias.name == "fields"
                yield dotted if is_module else str(node.module), node
        else:
            yield from imports(node, typing=typing)


OWN = list(modules())


@pytest.mark.parametrize(("name", "path"), OWN, ids=[name or "headless" for name, _ in OWN])
def test_a_module_knows_only_its_own_storey_and_those_below(name: str, path: Path) -> None:
    """Imports point one way, so that any part can be understood without those above it."""
    if name == "":
        return
    for imported, node in imports(ast.parse(path.read_text())):
        target = imported.removeprefix("headless").lstrip(".")
        assert target, f"headless.{name} line {node.lineno} imports from the package's root"
        if target.split(".")[0] in SHIPPED:
            assert name.split(".")[0] in ("shipped", "cli", "testing"), f"headless.{name} knows headless.{target}"
            continue
        assert storey(target) <= storey(name), (
            f"headless.{name} line {node.lineno} imports headless.{target} from above"
        )


def test_no_modules_import_each_other() -> None:
    """There is no cycle, whatever the storeys allow."""
    graph: dict[str, set[str]] = {}
    for name, path in OWN:
        graph[name] = {
            imported.removeprefix("headless").lstrip(".") for imported, _ in imports(ast.parse(path.read_text()))
        } - {name, ""}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join([*above[above.index(name) :], name])
        if name in done or name not in graph:
            return
        for other in sorted(graph[name]):
            visit(other, (*above, name))
        done.add(name)

    for name in graph:
        if name:
            visit(name, ())


@pytest.mark.parametrize("folder", SHIPPED)
def test_what_ships_with_the_framework_uses_its_public_names_only(folder: str) -> None:
    """The platform's own collections, endpoints, admin and examples are written as a user's would be."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for imported, node in imports(ast.parse(path.read_text())):
            own = f"headless.{folder}"
            allowed = imported in PUBLIC or imported == own or imported.startswith(f"{own}.")
            assert allowed, f"{path.relative_to(ROOT)} line {node.lineno} imports {imported}"


def test_no_import_hides_in_a_function_of_the_framework() -> None:
    """An import inside a function is either a cycle that is dodged, or a cost that comes late."""
    for name, path in OWN:
        if name.split(".")[0] in ("cli", "__main__", "testing"):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden = [ast.unparse(node) for _, node in imports(function)]
                assert not hidden, f"headless.{name}: {function.name} hides {hidden}"


def test_importing_a_leaf_does_not_import_the_application() -> None:
    """`headless.fields` or `headless.errors` cost what they are, not the whole framework."""
    code = (
        "import sys, headless, headless.errors, headless.fields;"
        "heavy = [m for m in sys.modules if m in ('headless.app', 'headless.server', 'uvicorn', 'jinja2')];"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_nothing_outside_the_field_types_asks_which_type_a_field_is() -> None:
    """A new type of field is one new file: no other module compares `.type` or tests for a field's class."""
    classes = {path.stem for path in (FRAMEWORK / "fields").glob("*.py")}
    for name, path in [*OWN, *((f, p) for f in SHIPPED for p in (ROOT / f).rglob("*.py"))]:
        if name.split(".")[0] in ("fields", "loader"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
                branches = any(side.endswith("field.type") for side in sides)
                assert not branches, f"{path.relative_to(ROOT)} line {node.lineno}: {ast.unparse(node)}"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance" and len(node.args) == 2:
                asked = ast.unparse(node.args[1]).removeprefix("fields.").lower()
                assert asked not in classes - {"base", "form", "widgets"} or asked in ("date", "json", "text"), (
                    ast.unparse(node)
                )
