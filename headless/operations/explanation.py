"""Explaining an operation: its steps, what runs in each, what rules answer one asker, the SQL. None of it is run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headless.access import Rule, decide, describe_rule
from headless.compile.collection import CompiledCollection
from headless.compile.global_ import ID, CompiledGlobal
from headless.compile.plan import Node
from headless.database import Statement
from headless.declaration import thaw
from headless.errors import BadRequest, HeadlessError, NotFound, QueryError
from headless.loader.kinds import defined_at
from headless.names import did_you_mean
from headless.operations.asking import Asking
from headless.operations.core import Asker, Core
from headless.operations.find import Query, stored
from headless.operations.recipes import OF_GLOBALS, OF_USERS, RECIPES, Step
from headless.operations.rules import wheres
from headless.query.binding import bind_rule
from headless.query.conditions import ALWAYS, AnyOf, Condition
from headless.query.indexes import lacking_indexes
from headless.query.sorting import bind_sort

HIDDEN = "•••"
"""What stands for a value that a field keeps from its readers."""


@dataclass(slots=True)
class Answer:
    """One rule, and what it answers: `yes`, `no`, `where`, or `fails` when it raises. A list has its items' answers."""

    rule: str
    place: str | None
    answer: str
    where: Any = None
    items: list[Answer] = field(default_factory=list)

    @property
    def deciding(self) -> list[Answer]:
        """The rules that decided: those of a list that let in, or every one that refused."""
        if not self.items:
            return [self]
        return [found for item in self.items if item.answer == self.answer for found in item.deciding]

    @property
    def denial(self) -> str:
        """Which rules refused."""
        return "denied by rule " + ", ".join(rule.rule for rule in self.deciding)


@dataclass(slots=True)
class Run:
    """A function that runs in a step, where it stands in the code, and of which field it is."""

    name: str
    place: str | None
    field: str | None = None


@dataclass(slots=True)
class Sql:
    """A statement that is made for a step: its text, how many values it is given, how SQLite goes about it."""

    text: str
    parameters: int
    plan: list[str] = field(default_factory=list)
    statement: Statement | None = None

    @property
    def scans(self) -> bool:
        """Whether row after row is looked at for those that fulfil the where, or all that is found is sorted."""
        return any(self._is_scan(line) or "TEMP B-TREE" in line for line in self.plan)

    def _is_scan(self, line: str) -> bool:
        """Whether a line of the plan goes through a table, were it in the order of an index."""
        return line.startswith("SCAN") and "VIRTUAL" not in line and ("INDEX" not in line or " WHERE " in self.text)


@dataclass(slots=True)
class Explained:
    """One step with all that happens in it for this asker."""

    step: Step
    runs: list[Run] = field(default_factory=list)
    rule: Answer | None = None
    fields: dict[str, Answer] = field(default_factory=dict)
    statements: list[Sql] = field(default_factory=list)
    where: dict[str, Any] | None = None
    refused: str | None = None
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    reached: bool = True


async def explain(
    asker: Asker,
    collection: CompiledCollection,
    operation: str,
    query: Query,
    id: Any = None,
    field: str | None = None,
) -> list[Explained]:
    """The steps of an operation as they would run; `field` is that of a distinct.

    Raises BadRequest for an unknown one, NotFound for the id.
    """
    recipes = recipes_of(collection)
    if operation not in recipes:
        raise BadRequest(f"{operation!r} cannot be explained{did_you_mean(operation, recipes)}: {', '.join(recipes)}")
    if operation in OF_USERS:
        id = None if asker.user is None else asker.user["id"]
    is_global = isinstance(collection, CompiledGlobal)
    id = ID if is_global else id
    document = None if id is None else await stored(asker.core, collection, id)
    if id is not None and document is None and not is_global:
        raise NotFound(f"There is no document {id!r} in {collection.slug}.")
    explaining = _Explaining(asker, collection, operation, query, id, field, document)
    return [await explaining.step(step) for step in recipes[operation]]


def recipes_of(collection: CompiledCollection) -> Mapping[str, Sequence[Step]]:
    """The operations there are on a collection, on one whose documents log in, or on a global."""
    if isinstance(collection, CompiledGlobal):
        return OF_GLOBALS
    logs_in = collection.declaration.auth is not None
    return {name: steps for name, steps in RECIPES.items() if logs_in or name not in OF_USERS}


class _Explaining:
    """One operation on its way through its recipe: after a refusal no step is reached."""

    def __init__(
        self,
        asker: Asker,
        collection: CompiledCollection,
        operation: str,
        query: Query,
        id: Any,
        field: str | None,
        document: Any,
    ) -> None:
        self.asker = asker
        self.collection = collection
        self.operation = operation
        self.query = query
        self.id = id
        self.field = field
        self.document = document
        self.rule: Condition = ALWAYS
        self.answer: Answer | None = None
        self.stopped = False
        self.nobody = operation in OF_USERS[1:] and asker.user is None
        self.secrets = _secrets(asker)

    async def step(self, step: Step) -> Explained:
        explained = Explained(step, reached=not self.stopped)
        explained.runs = self._runs(step)
        if self.nobody and not self.stopped:
            explained.refused, self.stopped = "nobody is logged in", True
        if step.kind == "field rules":
            explained.fields = await self._fields(step.of)
        if not self.stopped and step.kind == "rule":
            await self._ask(step, explained)
        elif not self.stopped and step.kind in ("read", "store", "wait"):
            await self._statements(step, explained)
        return explained

    def _runs(self, step: Step) -> list[Run]:
        nodes = list(self.collection.plan.walk())
        if step.kind == "hooks":
            return [Run(_name(hook), place_of(hook)) for hook in self.collection.hooks.get(step.of, ())]
        if step.kind == "field hooks":
            found = [(node, hook) for node in nodes for hook in node.field.hooks.get(step.of, ())]
        elif step.kind == "check":
            found = [(node, validate) for node in nodes for validate in node.validators]
        else:
            found = []
        return [Run(_name(hook), place_of(hook), node.dotted) for node, hook in found]

    async def _ask(self, step: Step, explained: Explained) -> None:
        rule, more = self.collection.rules[step.of], self._more(step.of)
        explained.rule = answer = await self._answer(rule, step.of, more)
        self.answer = answer
        if step.of == "read" and self.operation == "duplicate" and not self.collection.declaration.can_duplicate:
            explained.refused = "the collection has disabled duplicating"
        elif answer.answer in ("no", "fails"):
            explained.refused = answer.denial
        elif step.of == "create" and answer.answer != "yes":
            explained.refused = answer.denial + ": a where lets nobody create"
        else:
            await self._bind(step, explained, more)
        self.stopped = explained.refused is not None

    async def _bind(self, step: Step, explained: Explained, more: Mapping[str, Any]) -> None:
        decision = await self.asker.decide(self.collection, step.of, **more)
        try:
            self.rule = await bind_rule(decision, self.collection, self.asker)
        except HeadlessError as error:
            explained.refused = f"the rule's where cannot be asked: {error.message}"

    def _more(self, operation: str) -> dict[str, Any]:
        """What the rule is asked with, as the operation itself does."""
        if operation == "read":
            return {} if self.operation != "read" else {"id": self.id, "data": None}
        data: dict[str, Any] | None = None if operation == "delete" else {}
        return {"data": data} if operation == "create" else {"id": self.id, "data": data}

    async def _answer(self, rule: Rule, operation: str, more: Mapping[str, Any]) -> Answer:
        if isinstance(rule, tuple):
            return await self._first(rule, operation, more)
        context = self.asker.context(operation, self.collection.slug, **more)
        name, place = describe_rule(rule), place_of(rule)
        try:
            decision = await decide(rule, context)
        except Exception as error:
            return Answer(f"{name}, which raises {type(error).__name__}", place, "fails")
        answer = "where" if not isinstance(decision, bool) else "yes" if decision else "no"
        shown = thaw(rule) if isinstance(rule, Mapping) else decision
        where = None if isinstance(shown, bool) else self._shown(shown)
        return Answer(name, place, answer, where)

    async def _first(self, rules: Sequence[Rule], operation: str, more: Mapping[str, Any]) -> Answer:
        """Asks the rules of a list in order until one lets in, as the operation does."""
        items: list[Answer] = []
        for rule in rules:
            items.append(await self._answer(rule, operation, more))
            if items[-1].answer in ("yes", "fails"):
                break
        last = items[-1].answer
        wheres = [item.where for item in items if item.answer == "where"]
        answer = last if last in ("yes", "fails") else "where" if wheres else "no"
        where = {"or": wheres} if len(wheres) > 1 else wheres[0] if wheres else None
        return Answer(describe_rule(tuple(rules)), None, answer, where if answer == "where" else None, items)

    def _shown(self, where: Any) -> Any:
        """A where without the values that hidden or guarded fields are compared with, or that the asker keeps there."""
        if isinstance(where, list | tuple):
            return [self._shown(item) for item in where]
        if not isinstance(where, Mapping):
            return HIDDEN
        return {
            key: self._shown(value) if str(key).lower() in ("and", "or") else self._compared(str(key), value)
            for key, value in where.items()
        }

    def _compared(self, path: str, conditions: Any) -> Any:
        if not isinstance(conditions, Mapping):
            return HIDDEN
        open_paths = {"id", *(node.dotted for node in self.collection.plan.walk() if _is_open(node))}
        is_open = path.replace("__", ".") in open_paths
        return {name: self._value(value, is_open) for name, value in conditions.items()}

    def _value(self, value: Any, is_open: bool) -> Any:
        if isinstance(value, list | tuple):
            return [self._value(item, is_open) for item in value]
        if isinstance(value, str) and value.startswith("$user."):
            return value
        return thaw(value) if is_open and not (isinstance(value, str | int) and value in self.secrets) else HIDDEN

    async def _fields(self, operation: str) -> dict[str, Answer]:
        """The fields whose rule does not let the asker through, or that are hidden; each with who said so."""
        refused: dict[str, Answer] = {}
        more = {"id": self.id, "doc": self.document, "sibling_data": self.document}
        for node in self.collection.plan.walk():
            if operation == "read" and node.field.hidden:
                refused[node.dotted] = Answer("hidden", None, "no")
            elif operation in node.field.access and not node.unlogged:
                answer = await self._answer(node.field.access[operation], operation, more)
                if answer.answer != "yes":
                    refused[node.dotted] = answer
        return refused

    async def _statements(self, step: Step, explained: Explained) -> None:
        try:
            asked = Asking(self.asker, self.collection, self.query, self.id, self.rule, self.field, self.document)
            found = await asked.found(step.of)
        except HeadlessError as error:
            explained.refused, self.stopped = f"{error.status}: {error.message}", True
            return
        where, sort, statements = found
        if where is not None:
            explained.indexes = lacking_indexes(self.collection, where, sort)
            explained.where = {"request": self._asked(step), "rule": None if self.answer is None else self.answer.where}
        explained.statements = [_sql(statement) for statement in statements]

    def _asked(self, step: Step) -> Any:
        by_id = ("get", "original", "locate", "global")
        return {"id": {"equals": self.id or "ID"}} if step.of in by_id else self.query.where


def _sql(statement: Statement) -> Sql:
    return Sql(" ".join(statement.sql.split()), statement.sql.count("?"), statement=statement)


def _is_open(node: Node) -> bool:
    return all(not (part.field.hidden or "read" in part.field.access or part.unlogged) for part in node.chain)


def _secrets(asker: Asker) -> set[Any]:
    """The values of the asker's own hidden and guarded fields, which a rule may compare with."""
    user = asker.user
    collection = None if user is None else asker.core.collections.get(str(user.get("collection")))
    if user is None or collection is None:
        return set()
    guarded = [node for node in collection.plan.walk() if not _is_open(node)]
    values = [part.get(node.key) for node in guarded for _, part in node.places(dict(user))]
    return {value for value in values if isinstance(value, str | int) and not isinstance(value, bool)}


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


def place_of(value: Any) -> str | None:
    """The file and line of a function of the project's, as `file:line`; None for what has none."""
    if isinstance(value, Mapping | tuple) or not callable(value):
        return None
    found = defined_at(value)
    return f"{found[0]}:{found[1]}" if found is not None else None


async def proposals(core: Core) -> list[tuple[str, tuple[str, ...]]]:
    """The collections whose default sort, or a where of whose read rule, has no index; each with the fields of one."""
    return [(slug, names) for slug, found in core.collections.items() for names in await _proposed(core, found)]


async def _proposed(core: Core, collection: CompiledCollection) -> list[tuple[str, ...]]:
    system = Asker(core, system=True)
    sort = await bind_sort(None, collection, system)
    parts = []
    for rule in () if collection.is_open else wheres(collection.rules["read"]):
        # A value such as `$user.joined` takes the form of its field only when somebody asks.
        with contextlib.suppress(BadRequest, QueryError):
            parts.append(await bind_rule(rule, collection, system))
    where: Condition = ALWAYS if not parts else parts[0] if len(parts) == 1 else AnyOf(parts)
    return lacking_indexes(collection, where, sort)


def all_lacking(steps: Iterable[Explained]) -> list[tuple[str, ...]]:
    """Every index that a step proposes, once."""
    return list(dict.fromkeys(names for step in steps for names in step.indexes))
