"""What the values of a column are, as data that changes of the schema are planned by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headless.compile.plan import Node

FORMATS = frozenset({"date-time"})
"""The formats that a stored value must have; others are asked for only when it is given."""


def holds_of(node: Node, locale: str | None) -> dict[str, Any]:
    """The node's values in the words of `headless.database.schema.conversion`.

    `locale` is the one that values belong to which say none.
    """
    return {**_holds(node, locale), **({"localized": locale} if node.localized else {})}


def earlier_name(node: Node) -> str | None:
    """The name of the node's column before it, or a group around it, was renamed; None when none was."""
    names = [part.field.renamed_from or part.key for part in node.chain]
    return "__".join(names) if names != [part.key for part in node.chain] else None


def _holds(node: Node, locale: str | None) -> dict[str, Any]:
    if node.plans:
        rows = {
            kind: {inner.key: _with_earlier(inner, locale) for inner in plan.nodes if inner.stored}
            for kind, plan in node.plans.items()
        }
        return {"rows": rows, **({"by": node.field.level_key} if node.field.level_key else {})}
    field = node.field
    if node.refers is not None and (node.refers.bare or node.refers.polymorphic or field.has_list):
        holds: dict[str, Any] = {"type": "id", "to": list(node.slugs)}
        if node.refers.polymorphic:
            holds["polymorphic"] = True
    else:
        schema = field.stored_schema()
        holds = _scalar(schema.get("items", {}) if field.has_list else schema)
        if node.refers is not None:
            holds["to"] = list(node.slugs)
    return {**holds, **({"many": True} if field.has_list else {})}


def _with_earlier(node: Node, locale: str | None) -> dict[str, Any]:
    was = node.field.renamed_from
    return {**holds_of(node, locale), **({"was": was} if was is not None else {})}


def _scalar(schema: Mapping[str, Any]) -> dict[str, Any]:
    holds: dict[str, Any] = {"type": schema.get("type", "any")}
    if schema.get("format") in FORMATS:
        holds["format"] = schema["format"]
    if "enum" in schema:
        holds["options"] = list(schema["enum"])
    return holds
