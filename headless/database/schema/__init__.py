"""Changes of the schema: what it takes to come to the declared tables, and the way there in one transaction."""

from __future__ import annotations

from headless.database.schema.finishing import Finish
from headless.database.schema.planner import SchemaStep
from headless.database.schema.runner import apply, bring, compare, plan
from headless.database.schema.state import DERIVED, FILL, HOLDS, MADE_OF_IT, RENAMED_FROM, SLUGS
from headless.database.schema.step import Step

__all__ = [
    "DERIVED", "FILL", "HOLDS", "MADE_OF_IT", "RENAMED_FROM", "SLUGS",
    "Finish", "SchemaStep", "Step", "apply", "bring", "compare", "plan",
]  # fmt: skip
