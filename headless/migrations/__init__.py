"""Migrations: changes of the schema as files of the project, which every database takes once and in order."""

from __future__ import annotations
