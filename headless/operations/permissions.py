"""What the asker may do, said in advance: for every collection, for one, or for one document, down to its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from headless.access import Decision, Rule, decide_ahead
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Plan
from headless.operations.core import Asker
from headless.operations.find import both, by_id, stored
from headless.operations.page import Document
from headless.query.binding import bind_rule

Tree = dict[str, Any]


async def permissions(asker: Asker) -> Tree:
    """The permissions of every collection and global, as `GET /api/access` answers them."""
    users = asker.core.collection(asker.core.config.admin.user)
    return {
        "canAccessAdmin": await may_enter_admin(asker, users),
        "collections": await _of_all(asker, asker.core.collections),
        "globals": await _of_all(asker, asker.core.globals),
    }


async def _of_all(asker: Asker, compiled: Mapping[str, CompiledCollection]) -> Tree:
    """The permissions by slug, of those that grant something or have fields to tell of."""
    told = {slug: await collection_permissions(asker, collection) for slug, collection in compiled.items()}
    return {slug: found for slug, found in told.items() if found.get("fields") or len(found) > 1}


async def may_enter_admin(asker: Asker, users: CompiledCollection) -> bool:
    """Whether the asker may use the admin: a user of its collection whom the rule lets in."""
    if asker.system:
        return True
    own = asker.user is not None and asker.user.get("collection") == users.slug
    return own and await asker.decide(users, "admin") is True


async def collection_permissions(
    asker: Asker, collection: CompiledCollection, id: Any = None, data: Mapping[str, Any] | None = None
) -> Tree:
    """The permissions of a collection or a global, or with an id of that document. Only what is granted is there.

    A rule that answers with a where is `{"permission": true, "where": …}`; of a document it is asked at once.
    """
    granted: dict[str, Decision] = {}
    for operation in (*collection.operations, *(("unlock",) if collection.counts_attempts else ())):
        decision = await _foreseen(asker, collection.rules[operation], collection, operation, id=id, data=data)
        if await _grants(asker, collection, decision, id):
            granted[operation] = decision
    document = None if id is None else await stored(asker.core, collection, id)
    fields = await _fields(asker, collection, collection.plan, granted, data, document)
    answer: Tree = {"fields": fields}
    for operation, decision in granted.items():
        answer[operation] = True if decision is True else {"permission": True, "where": decision}
    return answer


async def _foreseen(asker: Asker, rule: Rule, collection: CompiledCollection, operation: str, **more: Any) -> Decision:
    """What a rule would answer, as far as it can be asked without doing anything."""
    return True if asker.system else await decide_ahead(rule, asker.context(operation, collection.slug, **more))


async def _grants(asker: Asker, collection: CompiledCollection, decision: Decision, id: Any) -> bool:
    if isinstance(decision, bool) or id is None:
        return decision is not False
    known = collection.read_id(id)
    if known is None:
        return False
    where = both(by_id(known), await bind_rule(decision, collection, asker))
    statement = asker.core.statements.count(collection, where)
    rows = await asker.core.database.read(statement, tuple(where.values()))
    return bool(rows[0][0])


async def _fields(
    asker: Asker,
    collection: CompiledCollection,
    plan: Plan,
    granted: Mapping[str, Decision],
    data: Mapping[str, Any] | None,
    document: Document | None,
) -> Tree | Literal[True]:
    tree: Tree = {}
    everything = True
    asked = [operation for operation in collection.operations if operation != "delete"]
    for node in plan.nodes:
        if node.unlogged or node.field.identifies:
            continue
        own = {}
        for operation in asked:
            rule = node.field.access.get(operation)
            more = {"data": data, "doc": document, "sibling_data": data}
            if operation in granted and (
                rule is None or await _foreseen(asker, rule, collection, operation, **more) is True
            ):
                own[operation] = True
        inner_granted = {operation: granted[operation] for operation in own}
        inner = {
            level: await _fields(asker, collection, plan, inner_granted, data, document)
            for level, plan in node.plans.items()
        }
        for answer in inner.values():
            if answer is not True and not node.flat:
                answer["id"] = True if len(own) == len(asked) else dict(own)
        whole = len(own) == len(asked) and all(answer is True for answer in inner.values())
        everything = everything and whole
        if whole:
            tree[node.key] = True
        elif own:
            tree[node.key] = {**own, **_inside(inner, own)}
    return True if everything and tree else tree


def _inside(answers: Mapping[str, Tree | bool], own: Tree) -> Tree:
    """The answers for the fields inside one, by kind of part where its parts differ."""
    if "" in answers:
        return {"fields": answers[""]}
    kinds = {kind: answer is True or {**own, "fields": answer} for kind, answer in answers.items()}
    return {"blocks": kinds} if kinds else {}
