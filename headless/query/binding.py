"""Binding a where mapping: paths are resolved with the asker's rights, values are read, shapes made.

A path through a field that the asker may not read, through a hidden one, or through a relation past its target's access
is refused with the very error that a path to nowhere gets.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import orjson

from headless import operators
from headless.access import NumberOfUser, TextOfUser
from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.declaration import declaration
from headless.errors import BadRequest, QueryError
from headless.fields.base import DataField
from headless.operators import Never, Operator
from headless.query.budget import Budget, TooMuch
from headless.query.combining import Found, all_of, either, in_rows, of_kinds, settled
from headless.query.conditions import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Not,
    ReferredBy,
    Related,
)
from headless.query.inside import LONGEST, inside
from headless.query.reading import AsGiven, Reading, known_operator, operator_of, plain_id

LONGEST_REMEMBERED = 200
MOST_REMEMBERED = 1024

_PATH = re.compile(r"\w+(?:\.\w+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One operator at the end of a path. `crossing` says that the path goes on behind a reference."""

    path: str
    operator: str
    raw: Any
    crossing: bool = False
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", self.path.split("."))


class Access(Protocol):
    """What binding asks about the one who asks. There is no binding without it."""

    async def reads(self, slug: str) -> bool | Mapping[str, Any]:
        """The answer of a collection's read rule."""

    async def opens(self, collection: CompiledCollection, node: Node) -> bool:
        """Whether a query may name the field."""

    def collection(self, slug: str) -> CompiledCollection:
        """The compiled collection."""


@declaration
class Identity(DataField):
    """The id of a document."""

    type: ClassVar[str] = "id"
    widget: ClassVar[str] = "id"
    example: ClassVar[Any] = 1

    @property
    def operators(self) -> Mapping[str, Operator]:
        return operators.IDENTITY


def identity(parent: Node | None = None) -> Node:
    """The node of a document's id, or of a row's."""
    path = (*parent.path, "id") if parent is not None else ("id",)
    return Node(Identity("id"), "id", path, (), parent, column="id", is_id=parent is None)


ID = identity()


def as_where(given: Any) -> Mapping[str, Any] | None:
    """A where given as a mapping or as JSON text. None and an empty one mean every document."""
    if given is None or given == "" or given == {}:
        return None
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = orjson.loads(given)
        except ValueError:
            raise BadRequest("'where' is not valid JSON.") from None
    if isinstance(given, list):
        raise QueryError("0")
    if not isinstance(given, Mapping):
        raise BadRequest("'where' maps paths to operators and values.")
    return given


async def bind_where(given: Any, collection: CompiledCollection, access: Access) -> Condition:
    """The bound tree of a where mapping. Raises QueryError and BadRequest."""
    where = as_where(given)
    if where is None:
        return ALWAYS
    text = _as_text(where)
    known: Condition | None = collection.wheres.get(text)
    if known is not None:
        return known
    binder = _Binder(collection, access, Budget())
    bound = await binder.tree(where, 0)
    if text and binder.is_plain:
        if len(collection.wheres) >= MOST_REMEMBERED:
            collection.wheres.clear()
        collection.wheres[text] = bound
    return bound


def _as_text(where: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths, operators and values of a where that is nothing but short texts, as a query string gives it; else nothing.

    The same again means the same, if nothing in it depends on who asks.
    """
    texts: list[str] = []
    for path, conditions in where.items():
        if type(conditions) is not dict:
            return ()
        for operator, value in conditions.items():
            if type(value) is not str or len(value) > LONGEST_REMEMBERED:
                return ()
            texts += (path, operator, value)
    return tuple(texts)


async def bind_rule(decision: bool | Mapping[str, Any], collection: CompiledCollection, access: Access) -> Condition:
    """The bound tree of a rule's answer. The rule itself may name any field."""
    if isinstance(decision, bool):
        return ALWAYS if decision else NEVER
    return await _Binder(collection, access, Budget(), trusted=True).tree(decision, 0)


class _Binder:
    def __init__(
        self, collection: CompiledCollection, access: Access, budget: Budget, *, trusted: bool = False
    ) -> None:
        self.collection = collection
        self.access = access
        self.budget = budget
        self.trusted = trusted
        self.is_plain = True
        """Whether only plain fields were named so far, which everybody may name."""

    async def tree(self, where: Mapping[str, Any], depth: int) -> Condition:
        return all_of(await self._parts(where, depth))

    async def _parts(self, where: Mapping[str, Any], depth: int) -> list[Condition]:
        """The conditions of a mapping, all of which must hold; nested `and`s are laid flat, to see the same row."""
        parts: list[Condition] = []
        for key, value in where.items():
            self.budget.spend(depth)
            word = str(key).lower()
            if word in ("and", "or"):
                branches = _branches(value, key)
                trees = [await self._parts(branch, depth + 1) for branch in branches]
                if word == "and":
                    parts += [part for tree in trees for part in tree]
                elif trees:
                    parts.append(AnyOf([all_of(tree) for tree in trees]))
            else:
                parts += await self._field(str(key), value)
        return parts

    async def _field(self, path: str, conditions: Any) -> list[Condition]:
        if not isinstance(conditions, Mapping):
            raise QueryError(f"{path}.0" if path else "0")
        node = self.collection.plan.by_key.get(path)
        if node is not None and node.plain:
            return [self._plain(node, str(name), raw) for name, raw in conditions.items()]
        self.is_plain = False
        path = path.replace("__", ".") if "__" in path and path not in self.collection.plan.by_key else path
        parts = []
        for name, raw in conditions.items():
            self.budget.spend(0)
            parts.append(await self._condition(path or "0", str(name), raw))
        return parts

    def _plain(self, node: Node, name: str, raw: Any) -> Condition:
        """A condition on a plain field: what most queries are made of."""
        self.budget.spend(0)
        operator = node.field.operators.get(name)
        if operator is None:
            raise QueryError(f"{node.key}.{name}")
        try:
            values = operator.read(node.field, raw)
        except Never:
            return ALWAYS if operator.positive == "equals" else NEVER
        if name == "exists":
            return _existence(node, (), bool(values[0]), False, None)[0]
        if values == (None,):
            return _null(node, (), operator, False, None)[0]
        return Comparison(node, operator, values)

    async def _condition(self, path: str, name: str, raw: Any) -> Condition:
        return settled(await self._found(_Asked(path, name, raw)))

    async def _found(self, asked: _Asked) -> Found:
        if _PATH.fullmatch(asked.path) is None:
            raise QueryError(asked.path)
        return await self._at(self.collection.plan, None, asked, 0)

    async def _at(self, plan: Plan, parent: Node | None, asked: _Asked, place: int) -> Found:
        """What is asked, from the name at a place of the path on."""
        node = await self._node(plan, parent, asked.names[place])
        if node is None:
            raise QueryError(asked.path)
        if not node.stored:
            return await self._elsewhere(node, asked, place + 1)
        if place + 1 == len(asked.names):
            whole = node.field.is_open or not node.plans
            return self._leaf(node, (), asked) if whole else self._parts_exist(node, asked)
        if node.flat:
            return await self._at(node.plans[""], node, asked, place + 1)
        if node.field.is_open and not _names_part(node, asked.names[place + 1]):
            await self._may_look_inside(node, asked)
            return self._inside(node, asked, place + 1)
        if node.plans:
            return await self._in_rows(node, asked, place + 1)
        if node.refers is not None:
            return await self._through(node, asked, place + 1)
        raise QueryError(asked.path)

    async def _node(self, plan: Plan, parent: Node | None, name: str) -> Node | None:
        """The node of a name, where a query of the asker may name it."""
        node = plan.by_key.get(name)
        if node is None and name == "id" and (parent is None or not parent.flat):
            node = identity(parent)
        if node is None:
            return None
        return node if self.trusted or await self.access.opens(self.collection, node) else None

    async def _in_rows(self, array: Node, asked: _Asked, place: int) -> Found:
        """What is asked of the rows: of every kind that has the field, where there are several."""
        if "" in array.plans:
            found, negated = await self._at(array.plans[""], array, asked, place)
            return in_rows(array, found), negated
        name = asked.names[place]
        having = {kind: plan for kind, plan in array.plans.items() if await self._node(plan, array, name) is not None}
        if not having:
            raise QueryError(".".join(asked.names[: place + 1]))
        found_of: dict[bool, dict[str, Condition]] = {False: {}, True: {}}
        refused: list[QueryError | BadRequest] = []
        for kind, plan in having.items():
            try:
                found, negated = await self._at(plan, array, asked, place)
            except TooMuch:
                raise
            except (QueryError, BadRequest) as error:
                refused.append(error)
            else:
                found_of[negated][kind] = found
        if len(refused) == len(having):
            raise refused[0]
        wanted, unwanted = (
            in_rows(array, of_kinds(array, parts)) if parts else None for parts in (found_of[False], found_of[True])
        )
        return either(wanted, unwanted)

    def _parts_exist(self, array: Node, asked: _Asked) -> Found:
        """Whether there are rows of a declared kind."""
        operator = array.field.operators.get(asked.operator)
        if operator is None:
            raise QueryError(f"{asked.path}.{asked.operator}" if array.field.operators else asked.path)
        (wanted,) = operator.read(array.field, asked.raw)
        return in_rows(array, of_kinds(array, dict.fromkeys(array.plans, ALWAYS))), not wanted

    async def _may_look_inside(self, node: Node, asked: _Asked) -> None:
        """Refuses a path through JSON in which a value may be that the asker may not read."""
        for plan in node.plans.values():
            for each in plan.walk():
                if not self.trusted and not await self.access.opens(self.collection, each):
                    raise QueryError(asked.path)

    def _inside(self, node: Node, asked: _Asked, place: int) -> Found:
        """What is asked of what lies inside a JSON value."""
        rest = asked.names[place:]
        found = inside(node, rest, asked.operator, asked.raw) if len(rest) <= LONGEST else None
        if found is None:
            raise QueryError(asked.path if len(rest) > LONGEST else f"{asked.path}.{asked.operator}")
        return (found.part, True) if isinstance(found, Not) else (found, False)

    async def _through(self, node: Node, asked: _Asked, place: int) -> Found:
        """What is asked behind a reference: of the reference's own parts, or of the document it points to."""
        field: Any = node.field
        rest = asked.names[place:]
        if field.polymorphic:
            if rest in (["value"], ["relationTo"]):
                return self._leaf(node, (rest[0],), asked)
            raise QueryError(f"{asked.path}.{rest[0]}")
        slug = node.slugs[0]
        found, negated = await self._behind(slug, rest, asked)
        return Related(node, slug, found), negated

    async def _behind(self, slug: str, rest: list[str], asked: _Asked) -> Found:
        """A condition on the documents of another collection that the asker may read; and whether none may meet it."""
        target = self.access.collection(slug)
        inner = ".".join(rest)
        decision = True if self.trusted else await self.access.reads(slug)
        if decision is False:
            raise QueryError(inner)
        binder = _Binder(target, self.access, self.budget, trusted=self.trusted)
        found, negated = await binder._found(_Asked(inner, asked.operator, asked.raw, crossing=True))
        allowed = await bind_rule(decision, target, self.access)
        return found if allowed is ALWAYS else AllOf([found, allowed]), negated

    async def _elsewhere(self, node: Node, asked: _Asked, place: int) -> Found:
        """What is asked of a value that is not in the row: where a virtual field leads, or behind a join."""
        rest = asked.names[place:]
        if node.lead is not None and not rest:
            led = _Asked(str(node.field.leads), asked.operator, asked.raw, crossing=asked.crossing)
            try:
                return await self._found(led)
            except QueryError as error:
                ended = error.paths[0].endswith(f".{asked.operator}")
                raise QueryError(f"{asked.path}.{asked.operator}" if ended else asked.path) from None
        if node.joins is not None and rest:
            return await self._joined(node, rest, asked)
        raise QueryError(asked.path)

    async def _joined(self, node: Node, rest: list[str], asked: _Asked) -> Found:
        """What is asked of a document that a join brings; of several collections, of those that have the path."""
        found: list[Condition] = []
        negated = False
        refused: QueryError | None = None
        for slug, on in node.sources:
            try:
                part, negated = await self._behind(slug, rest, asked)
            except QueryError as error:
                refused = error
                continue
            if await self._follows(slug, on):
                found.append(ReferredBy(self.collection.slug, slug, on, await self._meant(node, slug, part)))
        if not found:
            raise refused or QueryError(asked.path)
        return found[0] if len(found) == 1 else AnyOf(found), negated

    async def _follows(self, slug: str, on: Node) -> bool:
        """Whether the asker may know what a field refers to."""
        return self.trusted or await follows(self.access, self.access.collection(slug), on)

    async def _meant(self, node: Node, slug: str, part: Condition) -> Condition:
        """The condition among the documents that the join's own where leaves."""
        if not node.joins.where:
            return part
        meant = await _Binder(self.access.collection(slug), self.access, self.budget, trusted=True).tree(
            node.joins.where, 0
        )
        return AllOf([part, meant])

    def _leaf(self, node: Node, keys: tuple[str, ...], asked: _Asked) -> Found:
        self.budget.spend_leaf()
        operator = operator_of(node, asked.operator, keys)
        if operator is None:
            raise QueryError(f"{asked.path}.{asked.operator}")
        crossing = asked.crossing or node.field.has_list or node.rows is not None
        if node.refers is not None and node.refers.polymorphic:
            found = self._polymorphic(node, keys, asked, crossing)
            if found is not None:
                return found
        elif asked.operator == "equals" and isinstance(asked.raw, Mapping) and node.refers is not None:
            raise BadRequest(f"A query on {asked.path!r} takes an id.")
        negated = operator.positive
        chosen = operator if negated is None or not crossing else known_operator(node, negated, keys)
        try:
            values = chosen.read(Reading(self.collection, self.access.collection, node, keys), asked.raw)
        except Never:
            return NEVER, negated == "equals"
        target = self._target(node, keys)
        if chosen.name == "exists":
            return _existence(node, keys, bool(values[0]), crossing, target)
        if values == (None,):
            return _null(node, keys, operator, crossing, target)
        if node.refers is not None and node.refers.polymorphic and not keys:
            # An id by itself is no value of a field that says where it leads.
            return NEVER, False
        if chosen.every:
            return self._each(node, keys, chosen, values), False
        return Comparison(node, chosen, values, keys, target), crossing and negated is not None

    def _each(self, node: Node, keys: tuple[str, ...], operator: Operator, values: tuple[Any, ...]) -> Condition:
        """Every value is met by some element of one list."""
        parts = []
        for value in values:
            self.budget.spend(0)
            parts.append(Comparison(node, operator, (value,), keys, self._target(node, keys)))
        return AllOf(parts)

    def _polymorphic(self, node: Node, keys: tuple[str, ...], asked: _Asked, crossing: bool) -> Found | None:
        """What is asked of a reference that says where it leads, where it is more than one on a key of its value."""
        name, raw = asked.operator, asked.raw
        if name == "equals" and isinstance(raw, Mapping) and not keys:
            if set(raw) != {"relationTo", "value"}:
                raise BadRequest(f"A query on {asked.path!r} takes an id.")
            return self._pointing(node, raw["relationTo"], raw["value"]), False
        if keys != ("value",) or name == "exists":
            return None
        if isinstance(raw, NumberOfUser | TextOfUser) and name in ("equals", "not_equals"):
            return self._pointing(node, raw.collection, plain_id(raw)), name == "not_equals"
        kinds = {self.access.collection(slug).ids.kind for slug in node.slugs}
        return self._of_any_kind(node, asked, crossing) if len(kinds) > 1 else None

    def _pointing(self, node: Node, slug: Any, raw: Any) -> Condition:
        """Whether a reference leads to one document: its collection and its id, of one and the same value."""
        if slug not in node.slugs:
            return NEVER
        try:
            id = self.access.collection(slug).ids.query_value(node.field.query_value(raw))
        except Never:
            return NEVER
        return Comparison(node, operators.points_to, (slug, id))

    def _of_any_kind(self, node: Node, asked: _Asked, crossing: bool) -> Found:
        """What is asked of ids that collections write differently: what it means in any of them. They have no order."""
        name, raw = asked.operator, asked.raw
        operator = operators.ANY_ID.get(name)
        if operator is None:
            raise QueryError(f"{asked.path}.{name}")
        if raw is None or raw == "null":
            return self._leaf(node, ("value",), replace(asked, operator="exists", raw=operator.positive is not None))
        items = operators.many(AsGiven(), raw) if name in ("in", "not_in") else (raw,)
        values = tuple(dict.fromkeys(value for item in items for value in self._readings(node, item)))
        if crossing and operator.positive is not None:
            return Comparison(node, operators.in_, values, ("value",)), True
        return Comparison(node, operator, values, ("value",)), False

    def _readings(self, node: Node, raw: Any) -> Iterator[Any]:
        """The ids that a value spells, each as one of the collections writes it."""
        for slug in node.slugs:
            with contextlib.suppress(Never):
                yield self.access.collection(slug).ids.query_value(node.field.query_value(raw))

    def _target(self, node: Node, keys: tuple[str, ...]) -> str | None:
        """The collection whose column of the table of references answers for this node, if one does."""
        field: Any = node.field
        if keys or not node.refers is not None or not field.has_list or field.polymorphic:
            return None
        return None if node.rows is not None or node.localized else node.slugs[0]


def _names_part(node: Node, name: str) -> bool:
    """Whether a name in a path is that of a field of the node's parts, not a key of its JSON."""
    return bool(node.plans) and (name == "id" or any(name in plan.by_key for plan in node.plans.values()))


async def follows(access: Access, collection: CompiledCollection, on: Node) -> bool:
    """Whether a join may come by a field: not by one that the asker may not read. A hidden one is joined on purpose."""
    return all([each.field.hidden or await access.opens(collection, each) for each in on.chain])


def _existence(node: Node, keys: tuple[str, ...], wanted: bool, crossing: bool, target: str | None) -> Found:
    if crossing:
        return Comparison(node, operators.exists, (), keys, target), not wanted
    return Comparison(node, operators.exists if wanted else operators.missing, (), keys, target), False


def _null(node: Node, keys: tuple[str, ...], operator: Operator, crossing: bool, target: str | None) -> Found:
    """A comparison with null: only equality has a meaning there."""
    if operator.name in ("equals", "not_equals"):
        return _existence(node, keys, operator.name == "not_equals", crossing, target)
    return NEVER, False


def _branches(value: Any, key: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        raise QueryError(f"{key}.{next(iter(value), '0')}")
    if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
        raise BadRequest(f"{key!r} in a query takes a list of conditions.")
    return list(value)
