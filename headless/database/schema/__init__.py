"""Changes of the schema: what the declared tables differ in from the database's, and the additive part, done."""

from __future__ import annotations

from headless.database.schema.planner import DERIVED, FILL, LISTED, MADE_OF_IT, SchemaStep, compare
from headless.database.schema.runner import apply, perform, plan

__all__ = ["DERIVED", "FILL", "LISTED", "MADE_OF_IT", "SchemaStep", "apply", "compare", "perform", "plan"]
