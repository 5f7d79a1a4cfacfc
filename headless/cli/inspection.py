"""`headless routes`: what the application answers, and who may ask."""

from __future__ import annotations

from headless.cli.loading import load_app
from headless.cli.output import results
from headless.environment import load_environment
from headless.project import Project

HEADINGS = ("Method", "Path", "Rule", "From")


def print_routes(project: Project) -> None:
    """Prints a line for every route: method, path, rule, and where it comes from."""
    load_environment(project.root)
    rows = load_app(project).routes()
    widths = [max(len(row[column]) for row in (HEADINGS, *rows)) for column in range(len(HEADINGS))]
    for row in (HEADINGS, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        results.print(line.rstrip(), markup=False, style="bold" if row is HEADINGS else None)
