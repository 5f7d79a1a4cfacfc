"""Reading and changing globals. One that was never saved is read as the defaults of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headless.compile.global_ import ID, CompiledGlobal
from headless.compile.plan import Plan
from headless.compile.selection import Selection
from headless.database import current_transaction
from headless.errors import Conflict, Forbidden
from headless.operations.change import Shown, before, selected
from headless.operations.core import Asker
from headless.operations.find import ONLY_ID, Query, both, by_id, depth_of, run_before
from headless.operations.page import Document
from headless.operations.present import parse_populate, present
from headless.operations.update import UNSAVED, Located, change, contended
from headless.operations.write import defaults
from headless.query.binding import bind_rule
from headless.query.conditions import ALWAYS, Condition


async def find_global(asker: Asker, found: CompiledGlobal, query: Query) -> Document:
    """The document as the asker sees it. One that was never saved has no id, and no key without a value.

    Raises Forbidden, also when the rule answers with a where that the stored document does not fulfil, or could not.
    """
    if "before_operation" in found.hooks:
        query = await run_before(asker, found, query, "read")
    selection = found.selection(query.select)
    row = await _row(asker, found, await _rule(asker, found, "read"), selection)
    document = await _unsaved(asker, found, selection) if row is None else row[0]
    depth = depth_of(asker, query.depth)
    [shown] = await present(asker, found, [document], depth=depth, populate=parse_populate(query.populate))
    return shown if row is not None else _with_values(found.plan, shown)


async def _unsaved(asker: Asker, found: CompiledGlobal, selection: Selection | None) -> Document:
    return selected(found, await defaults(asker, found, ID), selection)


def _with_values(plan: Plan, part: Document) -> Document:
    """A document that is not stored, or a group of it, without an id and the keys that have no value."""
    shown = {key: value for key, value in part.items() if value is not None and key != "id"}
    for node in plan.nodes:
        if node.flat and isinstance(shown.get(node.key), dict):
            shown[node.key] = _with_values(node.plans[""], shown[node.key])
    return shown


async def global_revision(asker: Asker, found: CompiledGlobal) -> int:
    """The revision of the document, 0 until it is saved. Raises Forbidden."""
    row = await _row(asker, found, await _rule(asker, found, "read"), ONLY_ID)
    return UNSAVED if row is None else row[1]


async def update_global(
    asker: Asker, found: CompiledGlobal, data: Mapping[str, Any], shown: Shown, *, revision: int | None = None
) -> Document:
    """The changed document. With `revision`, raises Conflict when the document has another one by now.

    Raises Forbidden, ValidationError and whatever a hook raises; then nothing was stored.
    """
    shown = Shown(shown.depth, found.selection(shown.select), parse_populate(shown.populate))

    async def once() -> Document:
        given = await before(asker, found, "update", data, ID)
        located = await _locate(asker, found, given, revision)
        return await change(asker, found, given, located, shown)

    return await contended(asker, found, once)


async def _locate(asker: Asker, found: CompiledGlobal, data: Any, expected: int | None) -> Located:
    rule = await _rule(asker, found, "update", data)
    transaction = current_transaction(asker.core.database)
    row = await _row(asker, found, rule, None, held=transaction is not None)
    if row is None and transaction is not None:
        # There is no row to hold: whoever saves it first is waited for.
        await transaction.lock(f"first change of {found.slug}")
        row = await _row(asker, found, rule, None, held=True)
    document, revision = (await defaults(asker, found, ID), UNSAVED) if row is None else row
    if expected is not None and expected != revision:
        raise Conflict
    return document, revision, rule


async def _rule(asker: Asker, found: CompiledGlobal, operation: str, data: Any = None) -> Condition:
    decision = await asker.decide(found, operation, id=ID, data=data)
    if decision is False:
        raise Forbidden
    return await bind_rule(decision, found, asker)


async def _row(
    asker: Asker, found: CompiledGlobal, rule: Condition, selection: Selection | None, *, held: bool = False
) -> tuple[Document, int] | None:
    """The stored document and its revision; None when it was never saved. Raises Forbidden for one beyond the rule.

    A rule that asks something of the document lets nobody in before it is saved.
    """
    reader = found.reader(selection, asker.locale)
    where = both(by_id(ID), rule)
    statement = asker.core.statements.find(found, reader, where, None, limited=False, revision=True, held=held)
    rows = await asker.core.database.read(statement, tuple(where.values()))
    if rows:
        return reader.read_one(rows[0]), rows[0][-1]
    if rule is not ALWAYS:
        raise Forbidden
    return None
