"""Putting bound conditions together: negations, kinds of rows, and what has to hold on one and the same row."""

from __future__ import annotations

from collections.abc import Mapping

from headless.compile.plan import Node
from headless.query.conditions import ALWAYS, NEVER, AllOf, AnyOf, Condition, InRows, Not, OfKinds

Found = tuple[Condition, bool]
"""What is asked, and whether it has to hold of none: of no row, no value of a list, no document referred to."""


def settled(found: Found) -> Condition:
    """The condition, negated if that was asked."""
    condition, negated = found
    if not negated:
        return condition
    return ALWAYS if condition is NEVER else Not(condition)


def either(wanted: Condition | None, unwanted: Condition | None) -> Found:
    """What was asked of some kinds of rows, and of others to hold of none, as where only one of them knows null."""
    if unwanted is None:
        return wanted or NEVER, False
    return (unwanted, True) if wanted is None else (AnyOf([wanted, settled((unwanted, True))]), False)


def in_rows(array: Node, found: Condition) -> Condition:
    """What is asked of one row of an array; NEVER where none can fulfil it."""
    return NEVER if found is NEVER else InRows(array, found)


def of_kinds(array: Node, parts: Mapping[str, Condition]) -> Condition:
    """What is asked of each kind of row; NEVER where none can fulfil it."""
    possible = {kind: part for kind, part in parts.items() if part is not NEVER}
    if not possible or array.field.level_key is None:
        return NEVER if not possible else possible[""]
    return OfKinds(array.plans[next(iter(possible))].by_key[array.field.level_key], possible)


def all_of(parts: list[Condition]) -> Condition:
    """AllOf of them; conditions on the rows of one array must hold on the same row."""
    if len(parts) == 1:
        return parts[0]
    merged: list[Condition] = []
    by_array: dict[tuple[str, ...], list[InRows]] = {}
    kinds: list[OfKinds] = []
    for part in parts:
        if isinstance(part, InRows):
            by_array.setdefault(part.array.path, []).append(part)
        elif isinstance(part, OfKinds):
            kinds.append(part)
        elif part is not ALWAYS:
            merged.append(part)
    for same in by_array.values():
        merged.append(same[0] if len(same) == 1 else in_rows(same[0].array, all_of([part.part for part in same])))
    if kinds:
        merged.append(_same_kind(kinds))
    if not merged:
        return ALWAYS
    return merged[0] if len(merged) == 1 else AllOf(merged)


def _same_kind(asked: list[OfKinds]) -> Condition:
    """Conditions that one row must fulfil, which is of one kind only."""
    first, *others = asked
    shared = [kind for kind in first.parts if all(kind in other.parts for other in others)]
    parts = {kind: all_of([each.parts[kind] for each in asked]) for kind in shared}
    return OfKinds(first.kind, parts) if parts else NEVER
