"""Reads a project declared in YAML: `load_project` makes the Config that the same declarations in Python make."""

from __future__ import annotations

from headless.loader.project import load_project

__all__ = ["load_project"]
