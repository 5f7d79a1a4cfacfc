"""What it takes to come from what a database has to what is declared, as steps."""

from __future__ import annotations

from headless.database.schema.finishing import Finish
from headless.database.schema.runner import compare
from headless.database.schema.step import Step

__all__ = ["SchemaStep", "compare"]

SchemaStep = Step | Finish
"""One difference between a database and what is declared."""
